"""A stand-in for what only macOS has beneath coremltools: its compiled library, `devicectl`, `sw_vers` and `sysctl`.

coremltools itself is the real one, so that a call which it does not know, or awaits otherwise, fails here too. Times
are made up and the same in every run; nothing here says anything of a real device.

Environment, for processes that `run` starts: STANDIN_OUTPUTS, an .npz file of what every prediction answers (noughts
without it); STANDIN_REFUSES, the name of the output of packages that do not load; STANDIN_ABORTS, of those that end the
process; STANDIN_MACOS, the version of macOS; and what `standin_core_ai` knows.
"""

from __future__ import annotations

import itertools
import os
import signal
import stat
import subprocess
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

import numpy as np

LOAD_MS = 40.0
PREDICT_MS = (1.00, 1.02, 1.01, 1.05, 1.03, 1.04, 1.50)  # over and over
SYSTEM = {
    "sw_vers": "case $1 in -productVersion) echo ${STANDIN_MACOS:-15.1};; -buildVersion) echo 24B83;; *) exit 1;; esac",
    "sysctl": 'case "$2" in hw.model) echo StandIn1,1;; machdep.cpu.*) echo "Apple M2 Pro";; *) exit 1;; esac',
}
CPU_KINDS = ("cast", "classify")  # the rest prefers the engine

_MODEL = Path("Data/com.apple.CoreML/model.mlmodel")


class CPUComputeDeviceProxy:
    pass


class GPUComputeDeviceProxy:
    pass


class NeuralEngineComputeDeviceProxy:
    def get_total_core_count(self) -> int:
        return 16


class ModelProxy:
    """A loaded model."""

    def __init__(self, path: str, units: str, function: str, hints: dict[str, str], asset: object = None) -> None:
        if (refused := os.environ.get("STANDIN_REFUSES")) and _name(path) == refused:
            raise RuntimeError("the stand-in refuses this model")
        if (aborting := os.environ.get("STANDIN_ABORTS")) and _name(path) == aborting:
            os.kill(os.getpid(), signal.SIGABRT)
        self._path = path
        self._times = itertools.cycle(PREDICT_MS)
        self._last_ms = 0.0

    @staticmethod
    def maximum_supported_specification_version() -> int:
        return 9

    def predict(self, inputs: dict[str, Any], state: object) -> dict[str, np.ndarray]:
        self._last_ms = next(self._times)
        return _predict(self._path, inputs)

    def get_compiled_model_path(self) -> str:
        return self._path

    def get_load_duration_in_nano_seconds(self) -> int:
        return int(LOAD_MS * 1e6)

    def get_last_predict_duration_in_nano_seconds(self) -> int:
        return int(self._last_ms * 1e6)

    @staticmethod
    def compileModel(path: str) -> str:  # noqa: N802 (as the library names it)
        compiled = Path(tempfile.mkdtemp()) / "model.mlmodelc"
        compiled.symlink_to(path)
        return str(compiled)

    @staticmethod
    def get_model_structure(path: str) -> Any:
        from coremltools.models import compute_plan as plan

        function = _spec(path).mlProgram.functions["main"]
        operations = [
            plan.MLModelStructureProgramOperation(
                inputs={},
                operator_name=op.type if op.type == "const" else f"ios16.{op.type}",
                outputs=[plan.MLModelStructureProgramNamedValueType(out.name, None) for out in op.outputs],
                blocks=[],
                __proxy__=None,
            )
            for op in function.block_specializations[function.opset].operations
        ]
        block = plan.MLModelStructureProgramBlock([], operations, [])
        program = plan.MLModelStructureProgram({"main": plan.MLModelStructureProgramFunction([], block)})
        return plan.MLModelStructure(None, program, None)

    @staticmethod
    def get_compute_plan(path: str, units: str) -> Any:
        from coremltools.models.compute_plan import MLComputePlan

        assert path.endswith(".mlmodelc") or (Path(path) / _MODEL).exists()
        return MLComputePlan(ComputePlanProxy(path))


class ComputePlanProxy:
    """Casts and labels on the processor, everything else on the engine, at equal costs; constants nowhere."""

    def __init__(self, path: str = "") -> None:
        if path:
            self.structure = ModelProxy.get_model_structure(path)

    @property
    def model_structure(self) -> Any:
        return self.structure

    def get_compute_device_usage_for_mlprogram_operation(self, operation: Any) -> Any:
        from coremltools.models import compute_device as devices
        from coremltools.models.compute_plan import MLComputePlanDeviceUsage

        kind = operation.operator_name.rpartition(".")[2]
        if kind == "const":
            return None
        cpu = devices.MLCPUComputeDevice(CPUComputeDeviceProxy())
        engine = devices.MLNeuralEngineComputeDevice(NeuralEngineComputeDeviceProxy())
        return (
            MLComputePlanDeviceUsage(cpu, [cpu])
            if kind in CPU_KINDS
            else MLComputePlanDeviceUsage(engine, [cpu, engine])
        )

    def get_estimated_cost_for_mlprogram_operation(self, operation: Any) -> Any:
        from coremltools.models.compute_plan import MLComputePlanCost

        return MLComputePlanCost(0.125)


def _spec(path: str) -> Any:
    from coremltools.proto import Model_pb2

    spec = Model_pb2.Model()
    spec.ParseFromString((Path(path) / _MODEL).read_bytes())
    return spec


def _name(path: str) -> str:
    """Of the program's first output: temporary copies of a package share it."""
    return str(_spec(path).description.output[0].name)


def _predict(path: str, inputs: dict[str, Any]) -> dict[str, np.ndarray]:
    description = _spec(path).description
    for given in description.input:
        assert tuple(inputs[given.name].shape) == tuple(given.type.multiArrayType.shape)
    known: dict[str, np.ndarray] = {}
    if file := os.environ.get("STANDIN_OUTPUTS"):
        with np.load(file) as arrays:
            known = dict(arrays)
    return {
        out.name: known.get(out.name, np.zeros(tuple(out.type.multiArrayType.shape), np.float32))
        for out in description.output
    }


PROXIES = {
    "_MLModelProxy": ModelProxy,
    "_MLComputePlanProxy": ComputePlanProxy,
    "_MLCPUComputeDeviceProxy": CPUComputeDeviceProxy,
    "_MLGPUComputeDeviceProxy": GPUComputeDeviceProxy,
    "_MLNeuralEngineComputeDeviceProxy": NeuralEngineComputeDeviceProxy,
}


def library() -> types.ModuleType:
    """In place of `coremltools.libcoremlpython`."""
    module = types.ModuleType("coremltools.libcoremlpython")
    vars(module).update(PROXIES, _MLModelAssetProxy=type("ModelAsset", (), {}), _State=type("State", (), {}))
    return module


def write_commands(folder: Path) -> None:
    """Stand-ins for the commands of macOS that tell what it runs on."""
    for name, body in SYSTEM.items():
        file = folder / name
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)


def write_start(folder: Path) -> None:
    """What makes a process with this folder in its PYTHONPATH, and those that it starts, a Mac."""
    start = f"import sys; sys.path.append({str(Path(__file__).parent)!r}); import standin_macos; standin_macos.start()"
    (folder / "sitecustomize.py").write_text(start)  # Python imports it as it starts


def install(monkeypatch: Any, folder: Path) -> None:
    """Make this process and those it starts believe, until the test ends, that coremltools came with Core ML on a Mac.

    Args:
        monkeypatch: pytest's.
        folder: For the stand-ins of commands.
    """
    from coremltools.models import compute_device, compute_plan, model, utils

    monkeypatch.setitem(sys.modules, "coremltools.libcoremlpython", library())
    for module in (compute_device, compute_plan, model):
        for name, proxy in PROXIES.items():
            if hasattr(module, name):
                monkeypatch.setattr(module, name, proxy)
    monkeypatch.setattr(utils, "_macos_version", lambda: (15, 1))
    write_commands(folder)
    write_start(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder))  # as in `run`
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def attach_iphone() -> None:
    """An iPhone at the other end of `devicectl`, with coremltools' app built and running."""
    from coremltools.models import utils
    from coremltools.models.ml_program.experimental import remote_device as remote

    phone = remote.Device(
        "StandIn",
        remote.DeviceType.IPHONE,
        "id",
        "udid",
        "18.1",
        "22B83",
        "enabled",
        remote.DeviceState.CONNECTED,
        None,
    )
    loaded: dict[str, ModelProxy] = {}

    class Session:
        is_alive = True
        working_directory = Path(tempfile.mkdtemp())

    def build(device: object, *arguments: Any) -> Session:
        assert arguments[2].development_team
        return Session()

    async def call(service: object, name: str, params: dict[str, Any], resource: Any = None) -> tuple[Any, Any]:
        model = params["modelID"]
        answer: dict[str, Any] = {"modelID": model}
        if name == "MLModelService.Load":
            loaded[model] = ModelProxy(str(resource), params["computeUnits"], "", {})
            answer["duration"] = int(LOAD_MS * 1e6)
        elif name == "MLModelService.Prediction":
            with Path(resource).open("rb") as file:
                inputs = {
                    key: remote._TensorDescriptor.from_dict(value).to_array(file)
                    for key, value in params["inputs"].items()
                }
            outputs = loaded[model].predict(inputs, None)
            answer["duration"] = loaded[model].get_last_predict_duration_in_nano_seconds()
            answer["outputs"], resource = remote._RemoteMLModelService._prepare_data_for_transfer(outputs)
        elif name == "MLModelService.ComputePlan":
            answer["infos"] = list(_infos(loaded[model]))
        return answer, resource

    remote._DeviceCtl.get_devices = staticmethod(lambda: [phone])
    remote.Device._build_and_launch_model_runner_app = build
    remote._DeviceCtlRemoteService.call_method = call
    remote._DeviceCtlRemoteService.fire_and_forget = lambda service, name, params, resource=None: None
    utils._macos_version = lambda: (15, 1)


def _infos(model: ModelProxy) -> Any:
    from coremltools.models.ml_program.experimental.model_structure_path import map_model_structure_to_path

    plan = ComputePlanProxy(model.get_compiled_model_path())
    for operation, path in map_model_structure_to_path(plan.model_structure, []):
        usage = plan.get_compute_device_usage_for_mlprogram_operation(operation)
        if usage is not None:
            on_cpu = operation.operator_name.rpartition(".")[2] in CPU_KINDS
            engine = {"neuralEngine": {"totalCoreCount": 16}}
            preferred, supported = ({"cpu": {}}, [{"cpu": {}}]) if on_cpu else (engine, [{"cpu": {}}, engine])
            yield {
                "path": path.to_dict(),
                "deviceUsage": {"preferred": preferred, "supported": supported},
                "estimatedCost": 0.125,
            }


def run(script: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script as if on a Mac, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        write_start(Path(folder))
        write_commands(Path(folder))
        variables = os.environ | environment
        variables |= {"PYTHONPATH": folder, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
        command = [sys.executable, str(script), *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=variables, check=False, timeout=120)


def start() -> None:
    """Make this process, which has just started, believe that it runs on a Mac; with an iPhone if it asks for one."""
    sys.modules["coremltools.libcoremlpython"] = library()
    missing = ["torch", "sklearn"]  # which coremltools imports where they are, and a Mac with a kit need not have
    if version := os.environ.get("STANDIN_CORE_AI"):
        import standin_core_ai

        standin_core_ai.install(version)
        missing.remove("torch")
    for name in missing:
        sys.modules[name] = None  # type: ignore[assignment]
    if "iphone" in getattr(sys, "orig_argv", ()):
        import logging

        logging.getLogger("coremltools").setLevel(logging.ERROR)
        attach_iphone()

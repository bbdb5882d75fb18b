"""Measure Core ML packages on this Mac, or on an iPhone attached to it, and compare what they compute.

In a kit of `anenas kit` this file is `validate.py`: it needs coremltools and numpy, and nothing of anenas.

    pip install coremltools
    python3 validate.py                                            # this Mac
    python3 validate.py --device iphone --chip A15 --team TEAM     # an iPhone, unlocked and in developer mode

An iPhone needs Xcode on the Mac and a team of Apple's developer programme: coremltools builds an app, signs it with
TEAM and runs the packages in it. Results are in results.json and, as a table, in measurements.csv.

`anenas measure` runs the same script. This is the only code of anenas that needs macOS, all of it through
coremltools. It is UNPROVEN ON HARDWARE: written from coremltools 9.0's source and documentation, and tested against a
stand-in for the compiled library beneath coremltools.

What is timed: coremltools times Core ML's own prediction call, and its loading of an already compiled model, by the
device's clock; converting inputs and reaching an iPhone do not count. On an iPhone a file is sent back and forth
between two predictions, during which the engine may slow its clock. Samples are kept in their order.

On macOS 27 and later, with coreai-torch 0.4.3 or later and a kit of `anenas kit --core-ai`, the results also hold where
Core AI would run each operation, and why the Neural Engine refuses it; as UNPROVEN, see `core_ai_plan`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import csv
import gc
import importlib
import importlib.metadata
import io
import json
import logging
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

FORMAT, VERSION = "anenas-recordings", 1
RESULTS, MEASUREMENTS, KIT = "results.json", "measurements.csv", "kit.json"
UNITS = {"all": "ALL", "cpu-and-ne": "CPU_AND_NE", "cpu-only": "CPU_ONLY", "cpu-and-gpu": "CPU_AND_GPU"}
# ALL and the GPU can end the process on macOS 26 and later (ultralytics/ultralytics#24885), and may run what is meant
# for the engine elsewhere.
DEFAULT_UNITS = "CPU_AND_NE"
DEVICES = ("local", "iphone")
ROUNDS, PREDICTIONS = 10, 20  # a round reloads the model and warms it up with one more prediction

_EXPERIMENTAL = "coremltools.models.ml_program.experimental."
_DEVICE_NAMES = {
    "MLCPUComputeDevice": "CPU",
    "MLGPUComputeDevice": "GPU",
    "MLNeuralEngineComputeDevice": "NeuralEngine",
}
_CORE_AI_NAMES = {"NEURAL_ENGINE": "NeuralEngine"}
_CORE_AI, _CORE_AI_VERSION, _CORE_AI_MACOS = "coreai-torch", (0, 4, 3), 27  # the oldest that tell reasons
_LONGEST_REASON = 2000
_COLUMNS = (
    "model", "timm_name", "input_res", "batch", "device", "soc", "compute_unit", "precision", "latency_ms", "source",
    "notes", "set", "digitised", "off_ane_suspected", "model_spec", "package",
)  # fmt: skip


class ValidationError(Exception):
    """What the user can fix, in one line."""


class Target(NamedTuple):
    """Where to measure.

    Attributes:
        device: coremltools' `Device`, None for this Mac.
        model: Apple's identifier, such as "Mac14,9"; coremltools gives none of an iPhone.
        chip: Such as "M2".
        os: With its build, such as "macOS 15.1 (24B83)".
    """

    device: Any
    model: str
    chip: str
    os: str


def has_core_ml() -> bool:
    """Whether coremltools comes with the library that only its macOS packages hold."""
    try:
        importlib.import_module("coremltools.libcoremlpython")
    except ImportError:
        return False
    return True


async def attach(device: str = "local", chip: str = "", team: str = "") -> Target:
    """This Mac, or the first iPhone that is connected, with coremltools' app built, installed and launched on it.

    Args:
        device: "local" or "iphone".
        chip: Of the iPhone, which coremltools cannot tell.
        team: Identifier of the developer team that the app is signed with.

    Raises:
        ValidationError: If there is no iPhone, it cannot be prepared, or chip or team are missing.
    """
    if device == "local":
        os_name = f"macOS {_ask('sw_vers', '-productVersion')} ({_ask('sw_vers', '-buildVersion')})"
        return Target(None, _ask("sysctl", "-n", "hw.model"), mac_chip(_ask("sysctl", "-n", _BRAND)), os_name)
    if not (chip and team):
        raise ValidationError("for an iPhone, give its chip, such as A15, and the developer team that signs the app")
    remote = _tool("remote_device")
    if remote is None:
        raise ValidationError("an iPhone needs coremltools 8.3 or later: pip install --upgrade coremltools")
    try:
        found = remote.Device.get_connected_devices(device_type=remote.DeviceType.IPHONE)
        if not found:
            raise ValidationError("no iPhone is connected; connect one, unlock it and turn on developer mode")
        ready = await found[0].prepare_for_model_debugging(remote.AppSigningCredentials(development_team=team))
    except ValidationError:
        raise
    except Exception as error:  # Xcode missing, no signature, an app that does not start
        raise ValidationError(f"the iPhone cannot be prepared: {error}") from error
    return Target(ready, "iPhone", chip, f"iOS {ready.os_version} ({ready.os_build_number})")


_BRAND = "machdep.cpu.brand_string"


def mac_chip(brand: str) -> str:
    """The chip by its engine: M2 for "Apple M2", M2 Pro and M2 Max, which differ elsewhere."""
    words = brand.removeprefix("Apple ").split()
    return words[0] if len(words) == 2 and words[1] in ("Pro", "Max") else " ".join(words)


def _ask(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _tool(name: str) -> Any:
    """One of coremltools' experimental modules; None in versions that lack it."""
    try:
        return importlib.import_module(_EXPERIMENTAL + name)
    except ImportError:
        return None


async def measure(
    package: Path,
    inputs: dict[str, np.ndarray],
    target: Target,
    units: str = DEFAULT_UNITS,
    rounds: int = ROUNDS,
    predictions: int = PREDICTIONS,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Time a package, and ask where Core ML plans to run each of its operations.

    Args:
        package: A `.mlpackage` whose inputs and outputs are arrays.
        inputs: A value for each input.
        target: From `attach`, in the same event loop.
        units: A value of `UNITS`.
        rounds: How often it is loaded.
        predictions: Timed predictions after each loading; one more comes before them.

    Returns:
        The device's part of a recording: tool, load_ms, predict_ms (a list for each round) and plan; and the outputs
        of one prediction.
    """
    ct = importlib.import_module("coremltools")
    compute_units = ct.ComputeUnit[units]
    perf, wrappers = _tool("perf_utils"), _tool("async_wrapper")
    if perf is None or wrappers is None:
        return _measure_plainly(ct, package, inputs, compute_units, rounds, predictions)
    model = ct.models.MLModel(str(package), compute_units=compute_units, skip_model_load=True)
    load_ms, predict_ms = [], []
    for _ in range(rounds):
        benchmarker = perf.MLModelBenchmarker(model, device=target.device)
        load_ms += (await benchmarker.benchmark_load(iterations=1)).samples
        timed = await benchmarker.benchmark_predict(inputs=dict(inputs), iterations=predictions, warmup=True)
        predict_ms.append([float(sample) for sample in timed.samples])
        del benchmarker
        gc.collect()  # so that no model is left loaded beside the next
    wrapper = wrappers.MLModelAsyncWrapper.from_spec_or_path(
        model.get_spec(), weights_dir=model.weights_dir, compute_units=compute_units, device=target.device
    )
    await wrapper.load()
    outputs = await wrapper.predict(dict(inputs))
    try:
        plan = _plan(await wrapper.retrieve_compute_plan())
    except Exception as error:  # needs macOS 14.4 or iOS 17.4, and the figures are worth having without it
        plan = []
        print(f"no compute plan: {error}", file=sys.stderr)
    return _measured(f"coremltools {ct.__version__}, MLModelBenchmarker", load_ms, predict_ms, plan), _arrays(outputs)


def _measure_plainly(
    ct: Any, package: Path, inputs: dict[str, np.ndarray], compute_units: Any, rounds: int, predictions: int
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """By Python's clock, for coremltools before 8.3: this Mac only, compiling and converting included."""
    load_ms, predict_ms, outputs = [], [], {}
    for _ in range(rounds):
        started = time.perf_counter()
        model = ct.models.MLModel(str(package), compute_units=compute_units)
        load_ms.append((time.perf_counter() - started) * 1000)
        outputs = model.predict(dict(inputs))
        samples = []
        for _ in range(predictions):
            started = time.perf_counter()
            model.predict(dict(inputs))
            samples.append((time.perf_counter() - started) * 1000)
        predict_ms.append(samples)
    return _measured(f"coremltools {ct.__version__}, timed predict", load_ms, predict_ms, []), _arrays(outputs)


def _measured(tool: str, load_ms: list[float], predict_ms: list[list[float]], plan: list[Any]) -> dict[str, Any]:
    return {"tool": tool, "load_ms": [float(ms) for ms in load_ms], "predict_ms": predict_ms, "plan": plan}


def _arrays(outputs: dict[str, Any]) -> dict[str, np.ndarray]:
    """Outputs as arrays; a classifier's label and dictionary of probabilities are left out."""
    return {name: value for name, value in outputs.items() if isinstance(value, np.ndarray)}


def _plan(plan: Any) -> list[dict[str, Any]]:
    """Each operation of the main function with its devices; constants, which have none, are left out."""
    rows = []
    for operation in plan.model_structure.program.functions["main"].block.operations:
        usage = plan.get_compute_device_usage_for_mlprogram_operation(operation)
        if usage is None:
            continue
        cost = plan.get_estimated_cost_for_mlprogram_operation(operation)
        rows.append(
            {
                "name": operation.outputs[0].name,
                "kind": operation.operator_name.rpartition(".")[2],  # "ios16.conv"
                "preferred": _device_name(usage.preferred_compute_device),
                "supported": [_device_name(device) for device in usage.supported_compute_devices],
                "cost": None if cost is None else float(cost.weight),
            }
        )
    return rows


def _device_name(device: Any) -> str:
    name = type(device).__name__
    return _DEVICE_NAMES.get(name, name)


def lacks_core_ai(entries: list[dict[str, Any]], device: str) -> str:
    """Why there can be no plan of Core AI here; empty if there can."""
    if not any(entry.get("program") for entry in entries):
        return "the kit was written without --core-ai, or of packages alone"
    if device != "local":
        return "it plans for this Mac, not for the iPhone"
    if _numbers(_ask("sw_vers", "-productVersion")) < (_CORE_AI_MACOS,):
        return f"needs macOS {_CORE_AI_MACOS} or later"
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        if _numbers(importlib.metadata.version(_CORE_AI)) >= _CORE_AI_VERSION:
            return ""
    return f"needs {_CORE_AI} {'.'.join(map(str, _CORE_AI_VERSION))} or later: pip install --upgrade {_CORE_AI}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


async def core_ai_plan(program: Path) -> list[dict[str, str]]:
    """Where Core AI would run each operation if it prefers the Neural Engine, and why the engine refuses it.

    Written from the source of coreai-torch 0.4.3 and coreai-core 1.0.0b3, a beta, and never run on macOS 27. Assumed:
    a program of `torch.export.save` in fp16 becomes Core AI's as below; `ComputePlan.from_program` is awaited, loads it
    in this process, and takes the unit to prefer; `to_dict` then holds "entries", each with "operation_id", "devices"
    (of CPU, GPU, NEURAL_ENGINE, UNKNOWN) and "validation" (messages, the engine's `ane_validation_message`), and
    "operation_names" by identifier, in the program's order. Operations without an entry, which may be part of another,
    are left out.

    Args:
        program: A `.pt2` file.

    Returns:
        For each operation in the program's order: "operation", "unit" and "reason", which is empty if there is none.
    """
    export, core_ai, runtime = map(importlib.import_module, ("torch.export", "coreai_torch", "coreai.runtime"))
    debugging = importlib.import_module("coreai_torch.debugging.compute_plan")
    exported = export.load(program).run_decompositions(core_ai.get_decomp_table())
    converted = core_ai.TorchConverter().add_exported_program(exported).to_coreai()
    options = runtime.SpecializationOptions.from_preferred_compute_unit_kind(runtime.ComputeUnitKind.neural_engine())
    plan = (await debugging.ComputePlan.from_program(converted, options)).to_dict(converted)
    planned = {entry["operation_id"]: entry for entry in plan["entries"]}
    return [
        {
            "operation": name,
            "unit": " and ".join(_CORE_AI_NAMES.get(device, device) for device in planned[number]["devices"]),
            "reason": "; ".join(planned[number]["validation"])[:_LONGEST_REASON],
        }
        for number, name in plan["operation_names"].items()
        if number in planned and name not in ("coreai.constant", "coreai.graph")  # as in Core AI's own summary
    ]


def output_errors(expected: dict[str, np.ndarray], outputs: dict[str, np.ndarray]) -> dict[str, float]:
    """Of each output, the root mean square of its error over the standard deviation of what was expected.

    0 is a perfect copy, 1 is no better than a constant. A missing output, or one of another size, counts as 1.
    """
    errors = {}
    for name, wanted in expected.items():
        got = outputs.get(name)
        if got is None or got.size != wanted.size:
            errors[name] = 1.0
            continue
        difference = got.astype(np.float64).ravel() - wanted.astype(np.float64).ravel()
        error = float(np.sqrt(np.mean(difference**2)))
        spread = float(np.std(wanted.astype(np.float64)))
        errors[name] = error / spread if spread > 0 else error
    return errors


def recording(
    entry: dict[str, Any], target: Target, units: str, measured: dict[str, Any], errors: dict[str, float]
) -> dict[str, Any]:
    """One recording, as `anenas recording` reads it. `entry` gives model, fingerprint and package_sha256."""
    return {
        "model": entry["model"],
        "fingerprint": entry["fingerprint"],
        "package_sha256": entry["package_sha256"],
        "chip": target.chip,
        "device": target.model,
        "os": target.os,
        "compute_units": units,
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        **measured,
        "output_errors": errors,
    }


def median_ms(predict_ms: list[list[float]]) -> float:
    """The median of the medians of the rounds."""
    return statistics.median(statistics.median(samples) for samples in predict_ms)


def off_engine(plan: list[dict[str, Any]]) -> bool:
    """Whether less than half of the estimated cost, or of the operations where none is estimated, is on the engine."""
    costs = [1.0 if row["cost"] is None else row["cost"] for row in plan]
    inside = [cost for cost, row in zip(costs, plan) if row["preferred"] == "NeuralEngine"]  # noqa: B905 (Python 3.9)
    return bool(plan) and sum(inside) < sum(costs) / 2


def _table(entries: dict[str, dict[str, Any]], recordings: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for one in recordings:
        entry = entries[one["model"]]
        row = {
            "model": one["model"],
            "timm_name": entry["timm_name"],
            "input_res": entry["input_res"],
            "batch": entry["batch"],
            "device": one["device"],
            "soc": one["chip"],
            "compute_unit": one["compute_units"],
            "precision": "fp16",
            "latency_ms": f"{median_ms(one['predict_ms']):.6g}",
            "source": f"{one['tool']}, {one['os']}, {one['date']}",
            "set": "kit",
            "digitised": "False",
            "off_ane_suspected": str(off_engine(one["plan"])),
            "model_spec": entry["model"],
            "package": entry["package"],
        }
        writer.writerow(row)
    return text.getvalue()


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def _load(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _beside(out: Path, kit: Path, entry: dict[str, Any]) -> dict[str, Any]:
    """A kit's entry with its package as a path from the results; a package is its own name."""
    package = Path(os.path.relpath(kit / entry["package"], out)).as_posix()
    is_named_by_path = entry["model"] == entry["package"]
    return {**entry, "package": package, "model": package if is_named_by_path else entry["model"]}


async def _measure_entries(
    kit: Path, out: Path, entries: list[dict[str, Any]], chosen: list[dict[str, Any]], options: argparse.Namespace
) -> int:
    """Measure some entries of a kit, and write the results after each; returns how many failed."""
    target = await attach(options.device, options.chip, options.team)
    units = UNITS[options.compute_units]
    failed = 0
    for entry in chosen:
        try:
            measured, outputs = await measure(
                out / entry["package"], _load(kit / entry["inputs"]), target, units, options.rounds, options.predictions
            )
            errors = output_errors(_load(kit / entry["expected"]), outputs) if entry["expected"] else {}
        except Exception as error:  # one model that Core ML refuses must not cost the others
            failed += 1
            print(f"FAILED {entry['model']}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            continue
        _add(out, entries, recording(entry, target, units, measured, errors))
        plan = measured["plan"]
        inside = sum(row["preferred"] == "NeuralEngine" for row in plan)
        placed = f"{inside} of {len(plan)} operations on the Neural Engine" if plan else "no plan"
        worst = f", output error {max(errors.values()):.2g}" if errors else ""
        print(f"{median_ms(measured['predict_ms']):9.3f} ms  {entry['model']}  ({placed}{worst})", flush=True)
    return failed


def ended_by(number: int, units: str) -> str:
    """Which signal ended the process that measured a model with some compute units, and what to try."""
    advice = {
        "CPU_AND_NE": "--compute-units cpu-only tells whether the engine is to blame",
        "CPU_ONLY": "the model is likely to blame",
    }.get(units, "try --compute-units cpu-and-ne")
    return f"Core ML ended the process with signal {number} ({signal.Signals(number).name}) on {units}; {advice}"


def _measure_apart(entries: list[dict[str, Any]], units: str, with_core_ai: bool) -> int:
    """Measure each entry in a process of its own, which Core ML may end; returns how many failed.

    Core AI plans in another one, so that what it does costs no measurement.
    """
    command = [sys.executable, __file__, *sys.argv[1:]]
    failed = 0
    for number, entry in enumerate(entries):
        code = subprocess.run([*command, "--only", str(number)], check=False).returncode
        if code < 0:
            print(f"FAILED {entry['model']}: {ended_by(-code, units)}", file=sys.stderr, flush=True)
        failed += code != 0
        if code == 0 and with_core_ai and not entry.get("program"):
            print("              no plan of Core AI, which reads no packages", flush=True)
        elif code == 0 and with_core_ai:
            code = subprocess.run([*command, "--core-ai", str(number)], check=False).returncode
            if code < 0:
                ended = f"Core AI ended the process with signal {-code} ({signal.Signals(-code).name})"
                print(f"no plan of Core AI for {entry['model']}: {ended}", file=sys.stderr, flush=True)
    return failed


def _plan_of_core_ai(kit: Path, out: Path, entry: dict[str, Any]) -> int:
    """Put Core AI's plan beside an entry's recording, which stays as it was if there is none; 0 if there is."""
    try:
        plan = asyncio.run(core_ai_plan(kit / entry["program"]))
    except Exception as error:  # a beta, and the figures are worth having without it
        print(f"no plan of Core AI for {entry['model']}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return 1
    content = json.loads((out / RESULTS).read_text(encoding="utf-8"))
    for one in content["recordings"]:
        if one["model"] == entry["model"]:
            one["core_ai_plan"] = plan
    write_whole(out / RESULTS, json.dumps(content) + "\n")
    inside = sum(row["unit"] == "NeuralEngine" for row in plan)
    print(f"              Core AI: {inside} of {len(plan)} operations on the Neural Engine", flush=True)
    return 0


def _add(out: Path, entries: list[dict[str, Any]], one: dict[str, Any]) -> None:
    """Append a recording to the results, and write the table of all."""
    content: dict[str, Any] = {"format": FORMAT, "version": VERSION, "recordings": []}
    if (out / RESULTS).exists():
        content = json.loads((out / RESULTS).read_text(encoding="utf-8"))
    content["recordings"].append(one)
    write_whole(out / RESULTS, json.dumps(content) + "\n")
    write_whole(out / MEASUREMENTS, _table({entry["model"]: entry for entry in entries}, content["recordings"]))


def main() -> int:
    """Measure every package of the kit that this script lies in."""
    parser = argparse.ArgumentParser(description="Measure the Core ML packages of this kit.")
    parser.add_argument("--device", choices=DEVICES, default="local", help="this Mac, or an iPhone attached to it")
    parser.add_argument("--chip", default="", help="of the iPhone, such as A15")
    parser.add_argument("--team", default="", help="developer team to sign coremltools' app for the iPhone with")
    parser.add_argument(
        "--compute-units",
        choices=list(UNITS),
        default=next(name for name, units in UNITS.items() if units == DEFAULT_UNITS),
        help="what Core ML may use (%(default)s); all can end the process on macOS 26 and later",
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"times to load each package ({ROUNDS})")
    parser.add_argument("--predictions", type=int, default=PREDICTIONS, help=f"timed in each round ({PREDICTIONS})")
    parser.add_argument("--out", type=Path, help="folder of the results, by default this kit")
    parser.add_argument("--only", type=int, help=argparse.SUPPRESS)  # a process for one entry
    parser.add_argument("--core-ai", type=int, help=argparse.SUPPRESS)  # a process for one entry's plan
    options = parser.parse_args()
    if options.rounds < 1 or options.predictions < 1:
        parser.error("--rounds and --predictions must be 1 or more")
    kit = Path(__file__).resolve().parent
    out = (options.out or kit).resolve()
    entries = [_beside(out, kit, entry) for entry in json.loads((kit / KIT).read_text(encoding="utf-8"))["models"]]
    if options.core_ai is not None:  # before coremltools, so that the two do not meet in a process
        return _plan_of_core_ai(kit, out, entries[options.core_ai])
    logging.getLogger("coremltools").setLevel(logging.ERROR)  # it warns of every newer package beside it
    with contextlib.suppress(ImportError):
        importlib.import_module("coremltools")
    if "coremltools" not in sys.modules:
        print("coremltools is not installed: pip install coremltools", file=sys.stderr)
        return 2
    if not has_core_ml():
        print("Core ML exists only on macOS: run this script on a Mac", file=sys.stderr)
        return 2
    out.mkdir(parents=True, exist_ok=True)
    try:
        if options.only is not None:
            return min(1, asyncio.run(_measure_entries(kit, out, entries, [entries[options.only]], options)))
        for earlier in (out / RESULTS, out / MEASUREMENTS):
            earlier.unlink(missing_ok=True)
        if options.device == "local":
            here = asyncio.run(attach())
            print(f"{here.model} ({here.chip}), {here.os}, compute units {UNITS[options.compute_units]}", flush=True)
        if lacking := lacks_core_ai(entries, options.device):
            print(f"no plan of Core AI: {lacking}", flush=True)
        if options.device == "local":
            failed = _measure_apart(entries, UNITS[options.compute_units], with_core_ai=not lacking)
        else:  # its app is launched once
            failed = asyncio.run(_measure_entries(kit, out, entries, entries, options))
    except ValidationError as error:
        print(error, file=sys.stderr)
        return 2
    if failed < len(entries):
        print(f"written: {out / RESULTS}, {out / MEASUREMENTS}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""The only access to macOS for measuring: `kit_script`, with its failures as `AnenasError`."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from anenas._errors import AnenasError, first_line
from anenas.coreml import Package, as_arrays
from anenas.measure import kit_script
from anenas.mil import coremltools, write_arrays

_log = logging.getLogger(__name__)

_MODEL = "package"  # what the only model of a kit is called
_NEEDS_MACOS = (
    "measuring needs macOS with coremltools; a kit measures on any Mac (`anenas kit`, `anenas.measure.write_kit`)"
)


def compile_package(package: Path, destination: Path) -> None:
    """Compile a package on this Mac, as Xcode does for an app; unproven on hardware.

    Args:
        package: A `.mlpackage`.
        destination: Ends in ".mlmodelc"; not there yet.

    Raises:
        AnenasError: Where there is no Core ML, or it refuses the package.
    """
    require_core_ml()
    try:
        coremltools().models.utils.compile_model(str(package), str(destination))
    except Exception as error:  # Core ML's failures come as whatever coremltools makes of them
        raise AnenasError(f"Core ML could not compile {package.name}: {first_line(error)}") from error


def has_core_ml() -> bool:
    """Whether this machine has Core ML."""
    coremltools()
    return kit_script.has_core_ml()


def require_core_ml() -> None:
    """Raise an AnenasError where there is no Core ML."""
    if not has_core_ml():
        raise AnenasError(_NEEDS_MACOS)


def measure_package(
    package: Package,
    *,
    device: str = "local",
    chip: str = "",
    team: str = "",
    compute_units: str = kit_script.DEFAULT_UNITS,
    rounds: int = kit_script.ROUNDS,
) -> dict[str, Any]:
    """Measure a package on this Mac or on an attached iPhone; unproven on hardware.

    Its images and labels are replaced by arrays first, see `as_arrays`. A kit of the package is measured in a process
    of its own, so that one which Core ML ends is an error here.

    Returns:
        A recording without "model" and "fingerprint".

    Raises:
        AnenasError: Where there is no Core ML, or no such device, or Core ML refuses the package or ends the process.
    """
    require_core_ml()
    with tempfile.TemporaryDirectory(prefix="anenas-") as folder:
        kit = Path(folder)
        as_arrays(package, kit / "model.mlpackage")
        write_arrays(kit / "inputs.npz", package.example_inputs())
        entry = {
            "model": _MODEL,
            "fingerprint": "",
            "package_sha256": package.digest,
            "package": "model.mlpackage",
            "inputs": "inputs.npz",
            "expected": None,
            **dict.fromkeys(("timm_name", "input_res", "batch"), ""),  # for the table, which is not looked at
        }
        (kit / kit_script.KIT).write_text(json.dumps({"version": 1, "models": [entry]}), encoding="utf-8")
        script = shutil.copyfile(kit_script.__file__, kit / "validate.py")
        units = next(name for name, value in kit_script.UNITS.items() if value == compute_units)
        options = {"device": device, "chip": chip, "team": team, "compute-units": units, "rounds": rounds, "only": 0}
        command = [sys.executable, str(script)]
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if ran.stderr.strip():  # where Core ML refuses a package, a warning of coremltools holds the reason
            _log.log(logging.WARNING if ran.returncode == 1 else logging.DEBUG, "%s", ran.stderr.strip())
        if ran.returncode:
            raise AnenasError(_failure(package, compute_units, ran))
        content = json.loads((kit / kit_script.RESULTS).read_text(encoding="utf-8"))
    (recording,) = content["recordings"]
    return dict(recording)


def _failure(package: Package, compute_units: str, ran: subprocess.CompletedProcess[str]) -> str:
    """Why the script did not measure the one package of its kit, in one line."""
    if ran.returncode < 0:
        return f"{package} was not measured: {kit_script.ended_by(-ran.returncode, compute_units)}"
    lines = [line for line in ran.stderr.splitlines() if line.strip()] or ["no reason given"]
    if ran.returncode == 2:  # it could not begin
        return lines[-1]
    failed = [line.partition(": ")[2] for line in lines if line.startswith(f"FAILED {_MODEL}: ")] or lines
    return f"Core ML could not measure {package}: {failed[-1]}"

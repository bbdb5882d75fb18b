"""The only access to macOS: `kit_script`, with its failures as `AnenasError`."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from anenas._errors import AnenasError, first_line
from anenas.coreml import Package, as_arrays
from anenas.measure import kit_script
from anenas.mil import coremltools

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
    compute_units: str = "ALL",
    rounds: int = kit_script.ROUNDS,
) -> dict[str, Any]:
    """Measure a package on this Mac or on an attached iPhone; unproven on hardware.

    Its images and labels are replaced by arrays first, see `as_arrays`.

    Returns:
        A recording without "model" and "fingerprint".

    Raises:
        AnenasError: Where there is no Core ML, or no such device, or Core ML refuses the package.
    """
    require_core_ml()

    async def measure(arrays: Path, inputs: dict[str, np.ndarray]) -> dict[str, Any]:
        target = await kit_script.attach(device, chip, team)
        measured, _ = await kit_script.measure(arrays, inputs, target, compute_units, rounds)
        entry = {"model": "", "fingerprint": "", "package_sha256": package.digest}
        return kit_script.recording(entry, target, compute_units, measured, {})

    inputs = package.example_inputs()
    with tempfile.TemporaryDirectory(prefix="anenas-") as folder:
        arrays = as_arrays(package, Path(folder) / "model.mlpackage")
        try:
            return asyncio.run(measure(arrays.path, inputs))
        except kit_script.ValidationError as error:
            raise AnenasError(str(error)) from error
        except Exception as error:  # Core ML's and Xcode's failures come as whatever coremltools makes of them
            raise AnenasError(f"Core ML could not measure {package}: {first_line(error)}") from error

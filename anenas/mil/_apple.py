"""Predictions by Core ML itself, with the same inputs and outputs as on torch. Not tested on a Mac yet."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from anenas._errors import AnenasError
from anenas.mil._features import Feature, join, parts, take
from anenas.mil._file import ProgramFile
from anenas.mil._tools import coremltools
from anenas.mil._values import Array, to_array


def predict(path: Path, inputs: Mapping[str, Any]) -> dict[str, Array]:
    """Run the program of a package with Core ML, on the compute units it chooses.

    Args:
        path: The package.
        inputs: As `Program` takes them.

    Raises:
        AnenasError: If this is not macOS, or an input is missing or does not fit.
    """
    if platform.system() != "Darwin":
        raise AnenasError('Core ML exists only on macOS; run the program with torch (`backend="torch"`)')
    file = ProgramFile.open(path)
    given, count = take(inputs, file.inputs)
    model = coremltools().models.MLModel(str(path))
    samples = [
        model.predict({one.name: _given(to_array(part[one.name], None), one) for one in file.inputs})
        for part in parts(given, count)
    ]
    return {one.name: join([_taken(sample[one.name], one, file.classes) for sample in samples]) for one in file.outputs}


def _given(array: Array, feature: Feature) -> Any:
    """An input for Core ML: images as PIL images, which it converts to the program's order of channels."""
    if not feature.image:
        return array
    from PIL import Image

    pixels = np.clip(np.rint(array[0, ::-1] if feature.image == "BGR" else array[0]), 0, 255).astype(np.uint8)
    return Image.fromarray(pixels[0] if feature.image == "grayscale" else np.moveaxis(pixels, 0, -1))


def _taken(value: Any, feature: Feature, classes: tuple[str | int, ...]) -> Array:
    if feature.dtype == "label":
        return np.array([value])
    if feature.dtype == "probabilities":
        return np.array([[value[label] for label in classes]], np.float32)
    array = np.asarray(value)
    if feature.image and array.ndim < 4:  # an image: (H, W) or (H, W, channels)
        array = array[None, None] if array.ndim == 2 else np.moveaxis(array[..., :3], -1, 0)[None]
    return array

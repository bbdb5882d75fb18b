"""Packages that take and give arrays, and example inputs for them: what every device and tool can be fed with."""

from __future__ import annotations

import hashlib
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from anenas._errors import AnenasError
from anenas.coreml._convert import INPUT, TOKENS
from anenas.mil import NEXT
from anenas.mil._package import open_package, refuse_links

_MOST = 2**28  # values of an example: a billion bytes; a package may declare anything
_FEWEST_TOKENS = 64  # of any vocabulary
_FLOATS = {10: np.float16, 11: np.float32, 12: np.float64}  # MIL's DataType enumeration
_ARRAY_TYPES = {10: 65552, 11: 65568, 12: 65600, 23: 131104}  # ArrayFeatureType.ArrayDataType of each


def package_digest(package: Path) -> str:
    """SHA-256 of a `.mlpackage`: of the names and contents of its files, without the manifest's random identifiers."""
    digest = hashlib.sha256()
    for file in sorted(file for file in package.rglob("*") if file.is_file() and file.name != "Manifest.json"):
        with file.open("rb") as content:
            digest.update(f"{file.relative_to(package).as_posix()}\0".encode())
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()


def as_arrays(package: Path, destination: Path) -> None:
    """Copy a package, with arrays in place of images and of a classifier's labels; its program is otherwise the same.

    coremltools 9.0 cannot send images to an iPhone or receive labels from one, and needs Pillow for images on a Mac.
    Where the program takes an image, the copy takes its pixels as fp32 (N, C, H, W), in the program's order of
    channels. Whether Core ML compiles such copies is unproven on hardware.

    Raises:
        AnenasError: If `package` holds no ML program, or links, which may lead anywhere.
    """
    refuse_links(package)
    opened = open_package(package)
    spec = opened.model
    function = spec.mlProgram.functions["main"]
    block = function.block_specializations[function.opset]
    types = {given.name: given.type.tensorType for given in function.inputs}
    for described in spec.description.input:
        if described.type.WhichOneof("Type") == "imageType":
            _describe_array(described, types[described.name])
    if block.operations and block.operations[-1].type == "classify":
        _drop_labels(spec, block)
    shutil.copytree(package, destination)
    (destination / opened.file.relative_to(package)).write_bytes(spec.SerializeToString())


def _drop_labels(spec: Any, block: Any) -> None:
    """End a classifier at its probabilities."""
    probabilities = block.operations[-1].inputs["probabilities"].arguments[0].name
    del block.operations[-1]
    block.outputs[:] = [probabilities]
    (written,) = (out for operation in block.operations for out in operation.outputs if out.name == probabilities)
    description = spec.description
    del description.output[:]
    description.predictedFeatureName = description.predictedProbabilitiesName = ""
    described = description.output.add(name=probabilities)
    _describe_array(described, written.type.tensorType)


def _describe_array(described: Any, tensor: Any) -> None:
    array = described.type.multiArrayType
    array.shape[:] = [dimension.constant.size for dimension in tensor.dimensions]
    array.dataType = _ARRAY_TYPES[tensor.dataType]


def example_inputs(package: Path, seed: int = 0, samples: int = 1) -> dict[str, np.ndarray]:
    """A value for each input of a package: pixels of 0 to 255 for images, small integers, also as ids of tokens, or
    standard normal numbers.

    States of a streaming program are noughts, as at the beginning of a series.

    Inputs the shape of which the caller chooses have the one that the package gives as the usual one.

    Args:
        package: A `.mlpackage`.
        seed: Equal seeds give equal values.
        samples: How many, one after the other in the first dimension.

    Raises:
        AnenasError: If `package` holds no ML program, or an input has no such shape or an absurd one.
    """
    random = np.random.default_rng(seed)
    spec = open_package(package).model
    described = {given.name: given.type for given in spec.description.input}
    images = {name for name, kind in described.items() if kind.WhichOneof("Type") == "imageType"}
    results = {given.name for given in spec.description.output}
    inputs: dict[str, np.ndarray] = {}
    for given in spec.mlProgram.functions["main"].inputs:
        tensor = given.type.tensorType
        shape = _usual_shape(tensor.dimensions, described.get(given.name))
        if not all(shape):
            raise AnenasError(f"{package}: the input {given.name} has no fixed shape; export it with one")
        if math.prod(shape) > _MOST:
            told = "×".join(map(str, shape))
            raise AnenasError(f"{package}: the input {given.name} is of {told} values, too many to make an example of")
        shape = (samples * shape[0], *shape[1:]) if shape else shape
        if given.name in images or given.name == INPUT:
            inputs[given.name] = random.integers(0, 256, shape).astype(np.float32)
        elif given.name == TOKENS:
            inputs[given.name] = random.integers(0, _FEWEST_TOKENS, shape).astype(np.float32)
        elif tensor.dataType in _FLOATS and f"{given.name}{NEXT}" in results:
            inputs[given.name] = np.zeros(shape, _FLOATS[tensor.dataType])
        elif tensor.dataType in _FLOATS:
            inputs[given.name] = random.standard_normal(shape).astype(_FLOATS[tensor.dataType])
        else:
            inputs[given.name] = random.integers(0, 10, shape).astype(np.int32)
    return inputs


def _usual_shape(dimensions: Any, described: Any) -> tuple[int, ...]:
    """The shape of an input, from its description where the program leaves a size open; 0 where neither tells it."""
    sizes = [d.constant.size if d.WhichOneof("dimension") == "constant" else 0 for d in dimensions]
    if described is None:
        return tuple(sizes)
    image = described.imageType
    usual = [*sizes[:2], image.height, image.width] if described.WhichOneof("Type") == "imageType" else None
    usual = usual or list(described.multiArrayType.shape) or sizes
    if len(usual) != len(sizes):
        return tuple(sizes)
    return tuple(size or one for size, one in zip(sizes, usual, strict=True))

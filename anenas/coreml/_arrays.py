"""Packages whose inputs and outputs are arrays, which every device and tool supports."""

from __future__ import annotations

import copy
import dataclasses
import shutil
from pathlib import Path
from typing import Any

from anenas._errors import AnenasError
from anenas._files import replacing
from anenas.coreml._package import Package
from anenas.mil import Value


def as_arrays(package: Package, destination: Path) -> Package:
    """Copy a package, with arrays in place of images and without a classifier's labels; the program stays the same.

    coremltools 9.0 cannot send images to an iPhone or receive labels from one, and needs Pillow for images on a Mac.
    If the program takes an image, the copy takes its pixels as fp32 (N, C, H, W), in the program's order of channels.
    Whether Core ML compiles such copies is not tested on hardware.

    Raises:
        AnenasError: If the package holds links, which may lead anywhere, or is damaged.
    """
    package.refuse_links()
    edited = dataclasses.replace(package, model=copy.deepcopy(package.model))
    description = edited.model.description
    values = {given.name: given for given in edited.main.inputs}
    for described in description.input:
        if described.type.WhichOneof("Type") == "imageType":
            _describe_array(described, values[described.name], package.path)
    operations = edited.main.operations
    if operations and operations[-1].type == "classify":  # it ends at its probabilities
        (probabilities,) = operations[-1].operands["probabilities"]
        if not isinstance(probabilities, Value):
            raise AnenasError(f"{package} is damaged: its probabilities are constant")
        del edited.block.operations[-1]
        edited.block.outputs[:] = [probabilities.name]
        del description.output[:]
        description.predictedFeatureName = description.predictedProbabilitiesName = ""
        _describe_array(description.output.add(name=probabilities.name), probabilities, package.path)
    with replacing(destination) as unfinished:
        shutil.copytree(package.path, unfinished)
        (unfinished / package.model_file.relative_to(package.path)).write_bytes(edited.model.SerializeToString())
    return Package.open(destination)


def _describe_array(described: Any, value: Value, path: Path) -> None:
    shape, dtype = value.type.shape, value.type.dtype
    if shape is None or dtype is None or dtype.feature is None:
        raise AnenasError(f"{path}: {value.name!r} has no fixed shape, or an element type that Core ML does not pass")
    array = described.type.multiArrayType
    array.shape[:] = shape
    array.dataType = dtype.feature

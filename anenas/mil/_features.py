"""The inputs and outputs of a program, as its description declares them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from anenas._errors import AnenasError, unknown
from anenas.mil._syntax import Constant, Operand, Value
from anenas.mil._types import DataType, computed, feature_type, named_type
from anenas.mil._values import Array

if TYPE_CHECKING:
    from anenas.mil._file import ProgramFile

_log = logging.getLogger(__name__)
_WHITE = 255
# By their numbers in FeatureTypes.proto's ColorSpace.
_COLOURS = {10: "grayscale", 20: "RGB", 30: "BGR", 40: "grayscale"}


@dataclass(frozen=True)
class Feature:
    """An input or an output.

    Attributes:
        name: Its key among the input or output arrays.
        dtype: Element type, such as "fp32"; "label" and "probabilities" for those outputs of a classifier.
        shape: The size of each dimension; None if it may vary or is not given.
        shapes: The only shapes it may have, if they are listed.
        limits: Minimum and maximum size of each dimension, if given; a maximum of -1 means none.
        image: "RGB", "BGR" or "grayscale" for images. They are arrays (N, channels, H, W) of values 0 to 255 whose
            channels are red, green and blue, even if the program takes them in reverse.
        default: The value of an optional input.
        usual: The default shape; None for a size that is not given.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...] | None
    shapes: tuple[tuple[int, ...], ...] = ()
    limits: tuple[tuple[int, int], ...] = ()
    image: str | None = None
    default: float | None = None
    usual: tuple[int | None, ...] = ()

    @property
    def batch(self) -> int:
        """The first dimension of one sample."""
        return self.shapes[0][0] if self.shapes else (self.shape or (1,))[0] or 1

    def accepts(self, shape: tuple[int, ...]) -> bool:
        """Whether the program takes an array of this shape."""
        if self.shapes:
            return shape in self.shapes
        if self.shape is None:
            return True
        if len(shape) != len(self.shape):
            return False
        if self.limits:
            return all(
                low <= size and (high == -1 or size <= high)
                for size, (low, high) in zip(shape, self.limits, strict=True)
            )
        return all(wanted in (None, size) for size, wanted in zip(shape, self.shape, strict=True))

    def __str__(self) -> str:
        kind = f"{self.image} image" if self.image else self.dtype
        if self.shapes:
            return f"{self.name}: {kind} of one of the shapes {', '.join(map(str, self.shapes))}"
        if self.shape is None:
            return f"{self.name}: {kind}"
        sizes = ["any" if size is None else str(size) for size in self.shape]
        for axis, (low, high) in enumerate(self.limits):
            if low != high:
                sizes[axis] = f"{low} and more" if high == -1 else f"{low} to {high}"
        return f"{self.name}: {kind} of shape ({', '.join(sizes)})"


def read_inputs(file: ProgramFile) -> tuple[Feature, ...]:
    """The program's inputs, in order, without its states."""
    described = {one.name: one for one in file.description.input}
    given = [one for one in file.main.inputs if not one.type.is_state]
    return tuple(_input(one, described.get(one.name), file.path) for one in given)


def read_states(file: ProgramFile) -> tuple[Feature, ...]:
    """The states that the program keeps from one call to the next, in order."""
    found = []
    for given in file.main.inputs:
        if given.type.is_state:
            if given.type.dtype is None or given.type.shape is None:
                raise AnenasError(f"{file.path}: the state {given.name!r} has no fixed shape")
            found.append(Feature(given.name, given.type.dtype.name, given.type.shape, usual=given.type.shape))
    return tuple(found)


def read_outputs(file: ProgramFile) -> tuple[Feature, ...]:
    """The program's outputs, in order."""
    described = {one.name: one for one in file.description.output}
    return tuple(_output(given, described.get(given.name), file.path) for given in file.main.outputs)


def read_classes(file: ProgramFile) -> tuple[str | int, ...]:
    """The labels of a classifier in the order of its probabilities; empty for other programs."""
    for operation in file.main.operations:
        if operation.type == "classify":
            (classes,) = operation.operands["classes"]
            return tuple(classes.value) if isinstance(classes, Constant) else ()
    return ()


def _input(given: Value, described: Any, path: Path) -> Feature:
    name, dtype, shape = given.name, given.type.dtype, given.type.sizes
    if dtype is None:
        raise AnenasError(f"input {name!r} is neither an array nor an image, which is not supported")
    if described is None:
        return Feature(name, dtype.name, shape, usual=shape)
    if described.type.WhichOneof("Type") == "imageType":
        return _image(given, dtype, described.type.imageType, path)
    array = described.type.multiArrayType
    default = array.WhichOneof("defaultOptionalValue")
    limits = tuple((one.lowerBound, one.upperBound) for one in array.shapeRange.sizeRanges)
    return Feature(
        name,
        feature_type(array.dataType, dtype, path).name,
        shape,
        shapes=tuple(tuple(one.shape) for one in array.enumeratedShapes.shapes),
        limits=limits if len(limits) == len(shape) else (),
        default=float(getattr(array, default)) if described.type.isOptional and default else None,
        usual=_usual(shape, tuple(array.shape)),
    )


def _image(given: Value, dtype: DataType, image: Any, path: Path) -> Feature:
    shape = given.type.sizes
    front = tuple(size or 1 for size in shape[:2])
    limits: tuple[tuple[int, int], ...] = ()
    if image.WhichOneof("SizeFlexibility") == "imageSizeRange":
        sizes = (image.imageSizeRange.heightRange, image.imageSizeRange.widthRange)
        limits = (*((size, size) for size in front), *((one.lowerBound, one.upperBound) for one in sizes))
    shapes = tuple((*front, size.height, size.width) for size in image.enumeratedSizes.sizes)
    usual = _usual(shape, (*shape[:2], image.height, image.width))
    return Feature(given.name, dtype.name, shape, shapes, limits, _colours(image, path), usual=usual)


def _usual(shape: tuple[int | None, ...], described: tuple[int | None, ...]) -> tuple[int | None, ...]:
    """A shape whose open sizes are taken from a description."""
    if len(described) != len(shape):
        return shape
    return tuple(size or one or None for size, one in zip(shape, described, strict=True))


def _colours(image: Any, path: Path) -> str:
    if image.colorSpace not in _COLOURS:
        raise AnenasError(f"{path}: colour space {image.colorSpace} of an image is not known")
    return _COLOURS[image.colorSpace]


def _output(given: Operand, described: Any, path: Path) -> Feature:
    kind = described.type.WhichOneof("Type") if described is not None else None
    if kind in ("stringType", "int64Type"):
        return Feature(given.name, "label", None)
    if kind == "dictionaryType":
        return Feature(given.name, "probabilities", None)
    if given.type.dtype is None:
        raise AnenasError(f"{path}: output {given.name!r} is not an array, which is not supported")
    image = _colours(described.type.imageType, path) if kind == "imageType" else None
    return Feature(given.name, given.type.dtype.name, given.type.shape, image=image)


def take(inputs: Mapping[str, Any], features: tuple[Feature, ...]) -> tuple[dict[str, Tensor], int]:
    """The inputs as tensors for the program, and how many samples they hold.

    Args:
        inputs: Arrays or tensors by name. Each has a shape that its input takes, or holds several samples concatenated
            along its first dimension.

    Raises:
        AnenasError: If one is missing, unknown, or of another type or shape.
    """
    names = [feature.name for feature in features]
    for name in inputs:
        if name not in names:
            raise unknown("input", name, names)
    tensors = {}
    counts = {}
    for feature in features:
        if feature.name in inputs:
            tensors[feature.name], counts[feature.name] = _tensor(inputs[feature.name], feature)
        elif feature.default is not None:
            size = tuple(size or 1 for size in feature.shape or ())
            tensors[feature.name] = torch.full(size, feature.default, dtype=named_type(feature.dtype).torch)
        else:
            raise AnenasError(f"no input {feature.name}; expected {feature}")
    if len(set(counts.values())) > 1:
        numbers = ", ".join(f"{count} of {name}" for name, count in counts.items())
        raise AnenasError(f"the inputs have different numbers of samples: {numbers}")
    return tensors, next(iter(counts.values()), 1)


def _tensor(given: Any, feature: Feature) -> tuple[Tensor, int]:
    array: Array = given.numpy(force=True) if isinstance(given, Tensor) else np.asarray(given)
    dtype = named_type(feature.dtype)
    if not np.can_cast(array.dtype, dtype.numpy, "same_kind") and not (dtype.is_float and array.dtype.kind in "biu"):
        raise AnenasError(f"input {feature.name} is an array of {array.dtype}; expected {feature}")
    count = 1
    if not feature.accepts(array.shape):
        batch = feature.batch
        if array.ndim == 0 or not feature.accepts((batch, *array.shape[1:])) or len(array) % batch or not len(array):
            raise AnenasError(f"input {feature.name} has the shape {array.shape}; expected {feature}")
        count = len(array) // batch
    tensor = torch.from_numpy(np.require(array, computed(dtype.numpy), ["C", "W"]))
    return (tensor.flip(1) if feature.image == "BGR" else tensor), count


def warn_of_scale(features: tuple[Feature, ...], inputs: Mapping[str, Any]) -> None:
    """Have a word on pictures whose values are on another scale than 0 to 255, which a program that takes pictures
    scales itself.
    """
    for feature in features:
        values = np.asarray(inputs[feature.name]) if feature.image and feature.name in inputs else np.zeros(0)
        if values.dtype.kind not in "fiu" or not values.size:
            continue
        low, high = float(values.min()), float(values.max())
        if low < 0 or high > _WHITE or 0 < high <= 1:
            _log.warning(
                "the image %s has values from %.3g to %.3g; the program expects 0 to %d and scales them itself: "
                "pass unscaled values, or multiply by %d",
                feature.name, low, high, _WHITE, _WHITE,
            )  # fmt: skip


def parts(given: dict[str, Tensor], count: int, size: int = 1) -> Iterator[dict[str, Tensor]]:
    """Split the result of `take`, of `count` samples, into parts of `size` samples."""
    if count == 1:
        yield given
        return
    lengths = {name: len(tensor) // count for name, tensor in given.items()}
    for start in range(0, count, size):
        yield {name: tensor[start * lengths[name] :][: size * lengths[name]] for name, tensor in given.items()}


def join(outputs: list[Array]) -> Array:
    """The outputs of parts, concatenated."""
    return outputs[0] if len(outputs) == 1 else np.concatenate([np.atleast_1d(one) for one in outputs])

"""What a program takes and gives, as its description tells those who use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from anenas._errors import AnenasError, unknown
from anenas.mil._package import Package
from anenas.mil._values import Array, DataType, decode, named_type, static_shape, tensor_type

# FeatureTypes.proto's ArrayDataType, ColorSpace and the other types a feature may have.
_ARRAY_TYPES = {65552: "fp16", 65568: "fp32", 65600: "fp64", 131104: "int32", 131080: "int8"}
_COLOURS = {10: "grayscale", 20: "RGB", 30: "BGR", 40: "grayscale"}


@dataclass(frozen=True)
class Feature:
    """An input or an output.

    Attributes:
        name: Its key among the arrays that go in or come out.
        dtype: Element type, such as "fp32"; "label" of a classifier's label and "probabilities" of what goes with it.
        shape: The size of each dimension; None where it may vary or is not told.
        shapes: The only shapes it may have, where they are listed.
        limits: The smallest and the largest size of each dimension, where they are given; a largest of -1 is none.
        image: "RGB", "BGR" or "grayscale" of pictures. They are arrays (N, channels, H, W) of values 0 to 255 whose
            channels are red, green and blue, even where the program takes them the other way round.
        default: The value of what may be left out.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...] | None
    shapes: tuple[tuple[int, ...], ...] = ()
    limits: tuple[tuple[int, int], ...] = ()
    image: str | None = None
    default: float | None = None

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


def read_inputs(package: Package) -> tuple[Feature, ...]:
    """The program's inputs, in their order."""
    types = {given.name: given.type for given in package.function.inputs}
    described = {one.name: one for one in package.description.input}
    states = [name for name, kind in types.items() if kind.WhichOneof("type") == "stateType"]
    if states:
        raise AnenasError(f"{package.path} keeps a state ({states[0]!r}); programs with states cannot be run")
    return tuple(_input(name, kind, described.get(name)) for name, kind in types.items())


def read_outputs(package: Package) -> tuple[Feature, ...]:
    """The program's outputs, in their order."""
    types = {output.name: output.type for operation in package.block.operations for output in operation.outputs}
    described = {one.name: one for one in package.description.output}
    return tuple(_output(name, types.get(name), described.get(name)) for name in package.block.outputs)


def read_classes(package: Package) -> tuple[str | int, ...]:
    """The labels of a classifier in the order of its probabilities; none of anything else."""
    operations = package.block.operations
    for classifier in (operation for operation in operations if operation.type == "classify"):
        (binding,) = classifier.inputs["classes"].arguments
        if binding.WhichOneof("binding") == "value":
            return tuple(decode(binding.value, package))
        named = [operation for operation in operations if operation.outputs[0].name == binding.name]
        return tuple(decode(named[0].attributes["val"], package)) if named else ()
    return ()


def _input(name: str, value_type: Any, described: Any) -> Feature:
    dtype = tensor_type(value_type)
    if dtype is None:
        raise AnenasError(f"input {name!r} is no array and no image, and cannot be given")
    dimensions = value_type.tensorType.dimensions
    shape = tuple(d.constant.size if d.WhichOneof("dimension") == "constant" else None for d in dimensions)
    if described is None:
        return Feature(name, dtype.name, shape)
    kind = described.type.WhichOneof("Type")
    if kind == "imageType":
        return _image(name, dtype, shape, described.type.imageType)
    array = described.type.multiArrayType
    default = array.WhichOneof("defaultOptionalValue")
    limits = tuple((one.lowerBound, one.upperBound) for one in array.shapeRange.sizeRanges)
    return Feature(
        name,
        _ARRAY_TYPES.get(array.dataType, dtype.name),
        shape,
        shapes=tuple(tuple(one.shape) for one in array.enumeratedShapes.shapes),
        limits=limits if len(limits) == len(shape) else (),
        default=float(getattr(array, default)) if described.type.isOptional and default else None,
    )


def _image(name: str, dtype: DataType, shape: tuple[int | None, ...], image: Any) -> Feature:
    front = tuple(size or 1 for size in shape[:2])
    limits: tuple[tuple[int, int], ...] = ()
    if image.WhichOneof("SizeFlexibility") == "imageSizeRange":
        sizes = (image.imageSizeRange.heightRange, image.imageSizeRange.widthRange)
        limits = (*((size, size) for size in front), *((one.lowerBound, one.upperBound) for one in sizes))
    shapes = tuple((*front, size.height, size.width) for size in image.enumeratedSizes.sizes)
    return Feature(name, dtype.name, shape, shapes, limits, _COLOURS.get(image.colorSpace, "RGB"))


def _output(name: str, value_type: Any, described: Any) -> Feature:
    kind = described.type.WhichOneof("Type") if described is not None else None
    if kind in ("stringType", "int64Type"):
        return Feature(name, "label", None)
    if kind == "dictionaryType":
        return Feature(name, "probabilities", None)
    dtype = tensor_type(value_type) if value_type is not None else None
    shape = static_shape(value_type) if value_type is not None else None
    image = _COLOURS.get(described.type.imageType.colorSpace, "RGB") if kind == "imageType" else None
    return Feature(name, dtype.name if dtype else "fp32", shape, image=image)


def take(inputs: Mapping[str, Any], features: tuple[Feature, ...]) -> tuple[dict[str, Tensor], int]:
    """The inputs as tensors that the program takes, and how many samples they hold.

    Args:
        inputs: Arrays or tensors by name. Each has a shape that its input takes, or holds several of those one after
            the other in its first dimension.

    Raises:
        AnenasError: If one is missing, too many, or not of the type and the shape that it should be.
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
        told = ", ".join(f"{count} of {name}" for name, count in counts.items())
        raise AnenasError(f"the inputs hold different numbers of samples: {told}")
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
    tensor = torch.from_numpy(np.require(array, _wide(dtype), ["C", "W"]))
    return (tensor.flip(1) if feature.image == "BGR" else tensor), count


def _wide(dtype: DataType) -> np.dtype[Any]:
    """Numpy's type for what a type is computed in."""
    return torch.empty(0, dtype=dtype.torch).numpy().dtype


def parts(given: dict[str, Tensor], count: int, size: int = 1) -> Iterator[dict[str, Tensor]]:
    """What `take` gave, `size` of its `count` samples after the other."""
    if count == 1:
        yield given
        return
    lengths = {name: len(tensor) // count for name, tensor in given.items()}
    for start in range(0, count, size):
        yield {name: tensor[start * lengths[name] :][: size * lengths[name]] for name, tensor in given.items()}


def join(outputs: list[Array]) -> Array:
    """The outputs of parts as one."""
    return outputs[0] if len(outputs) == 1 else np.concatenate([np.atleast_1d(one) for one in outputs])

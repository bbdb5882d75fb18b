"""Types and constants of a program: from protobuf messages to numpy arrays, and from those to tensors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from anenas._errors import AnenasError
from anenas.mil._package import Package

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class DataType:
    """An element type of MIL.

    Attributes:
        name: As coremltools writes it.
        numpy: What values of it are in numpy, each in an element of its own.
        bits: What an element takes in a file.
    """

    name: str
    numpy: np.dtype[Any]
    bits: int

    @property
    def is_float(self) -> bool:
        return self.numpy.kind == "f"

    @property
    def torch(self) -> torch.dtype:
        """What it is computed in. Torch can do little with unsigned integers, so they take the next wider type."""
        if self.is_float:
            return torch.float32
        wider = {"uint16": torch.int32, "uint32": torch.int64}
        return wider.get(self.numpy.name) or getattr(torch, self.numpy.name)


def _type(name: str, numpy: str, bits: int) -> DataType:
    return DataType(name, np.dtype(numpy), bits)


# By their numbers in MIL.proto's DataType. No operation of coremltools takes 8-bit or brain floats.
_TYPES = {
    1: _type("bool", "bool", 8),
    10: _type("fp16", "float16", 16),
    11: _type("fp32", "float32", 32),
    12: _type("fp64", "float64", 64),
    21: _type("int8", "int8", 8),
    22: _type("int16", "int16", 16),
    23: _type("int32", "int32", 32),
    24: _type("int64", "int64", 64),
    25: _type("int4", "int8", 4),
    31: _type("uint8", "uint8", 8),
    32: _type("uint16", "uint16", 16),
    33: _type("uint32", "uint32", 32),
    35: _type("uint4", "uint8", 4),
    36: _type("uint2", "uint8", 2),
    37: _type("uint1", "uint8", 1),
    38: _type("uint6", "uint8", 6),
    39: _type("uint3", "uint8", 3),
}
_STRING = 2
_BY_NAME = {known.name: known for known in _TYPES.values()}


def named_type(name: str) -> DataType:
    """The type that the parameter of a `cast` or `quantize` names."""
    if name not in _BY_NAME:
        raise AnenasError(f"element type '{name}' is not known; known: {', '.join(_BY_NAME)}")
    return _BY_NAME[name]


def tensor_type(value_type: Any) -> DataType | None:
    """The element type of a `ValueType` message; None of strings, and of what is no tensor."""
    if value_type.WhichOneof("type") != "tensorType" or value_type.tensorType.dataType == _STRING:
        return None
    number = value_type.tensorType.dataType
    if number not in _TYPES:
        raise AnenasError(f"element type {number} of MIL is not known")
    return _TYPES[number]


def static_shape(value_type: Any) -> tuple[int, ...] | None:
    """The shape of a tensor's `ValueType` message; None where a dimension is known only when the program runs."""
    if value_type.WhichOneof("type") != "tensorType":
        return None
    dimensions = value_type.tensorType.dimensions
    if any(dimension.WhichOneof("dimension") != "constant" for dimension in dimensions):
        return None
    return tuple(dimension.constant.size for dimension in dimensions)


def decode(value: Any, package: Package) -> Array | str | list[Any]:
    """The constant in a `Value` message: an array, a string, or a list of constants.

    Raises:
        AnenasError: If it is not all there, or of a kind that no operation takes.
    """
    kind = value.type.WhichOneof("type")
    if kind == "listType":
        return [_scalar(decode(one, package)) for one in value.immediateValue.list.values]
    if kind == "tupleType":
        return [decode(one, package) for one in value.immediateValue.tuple.values]
    if kind != "tensorType":
        raise AnenasError(f"{package.path}: a constant of kind {kind} is not known")
    shape = static_shape(value.type)
    if shape is None:
        raise AnenasError(f"{package.path} is damaged: the shape of a constant is not given")
    dtype = tensor_type(value.type)
    if dtype is None:
        strings = list(value.immediateValue.tensor.strings.values)
        return strings[0] if not shape and len(strings) == 1 else strings
    if value.WhichOneof("value") == "blobFileValue":
        stored = value.blobFileValue
        return _unpack(package.blob(stored.fileName, stored.offset), dtype, shape, package)
    tensor = value.immediateValue.tensor
    field = tensor.WhichOneof("value")
    if field is None:
        raise AnenasError(f"{package.path} is damaged: a constant has no value")
    values = getattr(tensor, field).values
    if field == "bytes":
        return _unpack(np.frombuffer(values, np.uint8), dtype, shape, package)
    array = np.array(values)
    if array.size != math.prod(shape):
        raise _wrong_size(package, shape)
    return array.astype(dtype.numpy).reshape(shape)


def _scalar(value: Array | str | list[Any]) -> Any:
    return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _unpack(data: Array, dtype: DataType, shape: tuple[int, ...], package: Package) -> Array:
    """Elements from bytes, the first in the lowest bits."""
    count = math.prod(shape)
    if len(data) != -(-count * dtype.bits // 8):
        raise _wrong_size(package, shape)
    if dtype.bits >= 8:
        return data.view(dtype.numpy).reshape(shape)
    return unpack_bits(data, dtype.bits, count, signed=dtype.numpy.kind == "i").reshape(shape)


def unpack_bits(data: Array, bits: int, count: int, *, signed: bool = False) -> Array:
    """`count` integers of fewer than 8 bits each from the bytes that they are packed in, the first in the lowest bits.

    Args:
        data: (bytes,), uint8.
    """
    each = np.unpackbits(data, count=count * bits, bitorder="little").reshape(count, bits)
    values = np.zeros(count, np.uint8)
    for bit in range(bits):
        values |= each[:, bit] << np.uint8(bit)
    if signed:  # the highest bit is the sign, and fills what is above it
        unused = np.uint8(8 - bits)
        return (values << unused).view(np.int8) >> unused.view(np.int8)
    return values


def _wrong_size(package: Package, shape: tuple[int, ...]) -> AnenasError:
    return AnenasError(f"{package.path} is damaged: a constant of shape {shape} has another number of values")


def to_tensor(array: Array) -> Tensor:
    """A constant as operations take it: floats in float32."""
    wider = {"float16": np.float32, "float64": np.float32, "uint16": np.int32, "uint32": np.int64}
    return torch.from_numpy(np.array(array, wider.get(array.dtype.name, array.dtype)))


def to_array(value: Tensor, dtype: DataType | None) -> Array:
    """What an operation gave, in numpy's type for what it is declared to be."""
    array: Array = value.numpy(force=True)
    return array if dtype is None or array.dtype == dtype.numpy else array.astype(dtype.numpy)

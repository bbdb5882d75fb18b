"""Constants of a program: from protobuf messages to numpy arrays, and from those to tensors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from anenas._errors import AnenasError
from anenas.mil._types import DataType, ValueType, computed, read_type
from anenas.mil._weights import Weights

Array = np.ndarray[Any, np.dtype[Any]]


def decode(value: Any, found: ValueType, weights: Weights) -> Array | str | list[Any]:
    """The constant in a `Value` message: an array, a string, or a list of constants.

    Raises:
        AnenasError: If it is incomplete, or of a kind that no operation takes.
    """
    if found.kind in ("listType", "tupleType"):
        listed = value.immediateValue.list if found.kind == "listType" else value.immediateValue.tuple
        values = [decode(one, read_type(one.type, weights.package), weights) for one in listed.values]
        return [_scalar(one) for one in values] if found.kind == "listType" else values
    if found.kind != "tensorType":
        raise AnenasError(f"{weights.package}: a constant has the unknown kind {found.kind}")
    shape, dtype = found.shape, found.dtype
    if shape is None:
        raise AnenasError(f"{weights.package} is damaged: the shape of a constant is missing")
    if dtype is None:
        strings = list(value.immediateValue.tensor.strings.values)
        return strings[0] if not shape and len(strings) == 1 else strings
    if value.WhichOneof("value") == "blobFileValue":
        stored = value.blobFileValue
        return _unpack(weights.blob(stored.fileName, stored.offset), dtype, shape, weights)
    tensor = value.immediateValue.tensor
    field = tensor.WhichOneof("value")
    if field is None:
        raise AnenasError(f"{weights.package} is damaged: a constant has no value")
    values = getattr(tensor, field).values
    if field == "bytes":
        return _unpack(np.frombuffer(values, np.uint8), dtype, shape, weights)
    array = np.array(values)
    if array.size != math.prod(shape):
        raise _wrong_size(weights, shape)
    return array.astype(dtype.numpy).reshape(shape)


def _scalar(value: Array | str | list[Any]) -> Any:
    return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _unpack(data: Array, dtype: DataType, shape: tuple[int, ...], weights: Weights) -> Array:
    """Elements from bytes, the first in the lowest bits."""
    count = math.prod(shape)
    if len(data) != -(-count * dtype.bits // 8):
        raise _wrong_size(weights, shape)
    if dtype.bits >= 8:
        return data.view(dtype.numpy).reshape(shape)
    return unpack_bits(data, dtype.bits, count, signed=dtype.numpy.kind == "i").reshape(shape)


def unpack_bits(data: Array, bits: int, count: int, *, signed: bool = False) -> Array:
    """Unpack `count` integers of fewer than 8 bits each from bytes, the first in the lowest bits.

    Args:
        data: (bytes,), uint8.
    """
    each = np.unpackbits(data, count=count * bits, bitorder="little").reshape(count, bits)
    values = np.zeros(count, np.uint8)
    for bit in range(bits):
        values |= each[:, bit] << np.uint8(bit)
    if signed:  # extend the sign bit
        unused = np.uint8(8 - bits)
        return (values << unused).view(np.int8) >> unused.view(np.int8)
    return values


def _wrong_size(weights: Weights, shape: tuple[int, ...]) -> AnenasError:
    return AnenasError(f"{weights.package} is damaged: a constant of shape {shape} has a different number of values")


def to_tensor(array: Array) -> Tensor:
    """A constant as a tensor, floats in float32."""
    return torch.from_numpy(np.array(array, computed(array.dtype)))


def to_array(value: Tensor, dtype: DataType | None) -> Array:
    """A result as an array of its declared type."""
    array: Array = value.numpy(force=True)
    return array if dtype is None or array.dtype == dtype.numpy else array.astype(dtype.numpy)

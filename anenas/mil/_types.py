"""The types of a program's values: MIL's element types, and declared types of values."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from anenas._errors import AnenasError


@dataclass(frozen=True)
class DataType:
    """An element type of MIL.

    Attributes:
        name: As coremltools writes it.
        numpy: The type of unpacked values in numpy.
        bits: Size of an element in a file.
        feature: Its number in FeatureTypes.proto's ArrayDataType; None if inputs and outputs cannot have it.
    """

    name: str
    numpy: np.dtype[Any]
    bits: int
    feature: int | None = None

    @property
    def is_float(self) -> bool:
        return self.numpy.kind == "f"

    @functools.cached_property
    def torch(self) -> torch.dtype:
        """The type to compute in."""
        return getattr(torch, computed(self.numpy).name)


_WIDER = {"float16": "float32", "float64": "float32", "uint16": "int32", "uint32": "int64"}
_COMPUTED = {np.dtype(narrow): np.dtype(wide) for narrow, wide in _WIDER.items()}


def computed(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type to compute in: float32 for floats; signed for unsigned integers, which torch hardly supports."""
    return _COMPUTED.get(dtype, dtype)


def _type(name: str, numpy: str, bits: int, feature: int | None = None) -> DataType:
    return DataType(name, np.dtype(numpy), bits, feature)


# By their numbers in MIL.proto's DataType. No operation of coremltools takes 64-bit unsigned integers, 8-bit or brain
# floats.
_TYPES = {
    1: _type("bool", "bool", 8),
    10: _type("fp16", "float16", 16, 65552),
    11: _type("fp32", "float32", 32, 65568),
    12: _type("fp64", "float64", 64, 65600),
    21: _type("int8", "int8", 8, 131080),
    22: _type("int16", "int16", 16),
    23: _type("int32", "int32", 32, 131104),
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
_BY_FEATURE = {known.feature: known for known in _TYPES.values() if known.feature}


def named_type(name: str) -> DataType:
    """The type of that name, as in the parameters of `cast` and `quantize`.

    Raises:
        AnenasError: If it is unknown.
    """
    if name not in _BY_NAME:
        raise AnenasError(f"element type '{name}' is not known; known: {', '.join(_BY_NAME)}")
    return _BY_NAME[name]


def feature_type(number: int, otherwise: DataType, path: Path) -> DataType:
    """The type of that number in ArrayDataType, from the description of an input; `otherwise` for 0.

    Raises:
        AnenasError: If the number is unknown.
    """
    if number and number not in _BY_FEATURE:
        raise _unknown(path, f"{number} of an input's description")
    return _BY_FEATURE.get(number, otherwise)


@dataclass(frozen=True)
class ValueType:
    """The declared type of a value.

    Attributes:
        kind: "tensorType", "listType", "stateType" and the like, as in MIL.proto's `ValueType`.
        dtype: The element type of a tensor or state; None for strings, and otherwise.
        sizes: Of the dimensions of a tensor or state; None for one that is known only when the program runs.
    """

    kind: str
    dtype: DataType | None = None
    sizes: tuple[int | None, ...] = ()

    @functools.cached_property
    def shape(self) -> tuple[int, ...] | None:
        """The shape of a tensor or state, if all sizes are known."""
        known = tuple(size for size in self.sizes if size is not None)
        held = self.kind == "tensorType" or self.is_state
        return known if held and len(known) == len(self.sizes) else None

    @property
    def is_state(self) -> bool:
        """Whether it is a tensor that outlives a call."""
        return self.kind == "stateType"

    @property
    def elements(self) -> int:
        """The number of elements; unknown sizes count as one."""
        return math.prod(1 if size is None else size for size in self.sizes)


def read_type(message: Any, path: Path) -> ValueType:
    """The type in a `ValueType` message of the program at `path`.

    Raises:
        AnenasError: If its element type is unknown.
    """
    kind = message.WhichOneof("type") or ""
    if kind == "stateType":
        wrapped = read_type(message.stateType.wrappedType, path)
        return ValueType(kind, wrapped.dtype, wrapped.sizes)
    if kind != "tensorType":
        return ValueType(kind)
    tensor = message.tensorType
    sizes = tuple(d.constant.size if d.WhichOneof("dimension") == "constant" else None for d in tensor.dimensions)
    if tensor.dataType == _STRING:
        return ValueType(kind, None, sizes)
    if tensor.dataType not in _TYPES:
        raise _unknown(path, f"{tensor.dataType} of MIL")
    return ValueType(kind, _TYPES[tensor.dataType], sizes)


def _unknown(path: Path, number: str) -> AnenasError:
    return AnenasError(f"{path}: element type {number} is not known; known: {', '.join(_BY_NAME)}")

"""The types of a program's values: the one table of MIL's element types, and what a value is declared to be."""

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
        numpy: What values of it are in numpy, each in an element of its own.
        bits: What an element takes in a file.
        feature: Its number in FeatureTypes.proto's ArrayDataType; None of what no input or output may be.
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
        """What it is computed in."""
        return getattr(torch, computed(self.numpy).name)


_WIDER = {"float16": "float32", "float64": "float32", "uint16": "int32", "uint32": "int64"}
_COMPUTED = {np.dtype(narrow): np.dtype(wide) for narrow, wide in _WIDER.items()}


def computed(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """What arrays of a type are computed in: floats in float32; torch can do little with unsigned integers."""
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
    """The type that the parameter of a `cast` or `quantize` names.

    Raises:
        AnenasError: If there is none of that name.
    """
    if name not in _BY_NAME:
        raise AnenasError(f"element type '{name}' is not known; known: {', '.join(_BY_NAME)}")
    return _BY_NAME[name]


def feature_type(number: int, otherwise: DataType, path: Path) -> DataType:
    """The type that the description of an input gives by its number in ArrayDataType; `otherwise` where it gives none.

    Raises:
        AnenasError: If the number is not known.
    """
    if number and number not in _BY_FEATURE:
        raise _unknown(path, f"{number} of an input's description")
    return _BY_FEATURE.get(number, otherwise)


@dataclass(frozen=True)
class ValueType:
    """What a value is declared to be.

    Attributes:
        kind: "tensorType", "listType", "stateType" and the like, as MIL.proto's `ValueType` has it.
        dtype: The element type of a tensor; None of one of strings, and of what is no tensor.
        sizes: Of a tensor's dimensions; None of one that is known only when the program runs.
    """

    kind: str
    dtype: DataType | None = None
    sizes: tuple[int | None, ...] = ()

    @functools.cached_property
    def shape(self) -> tuple[int, ...] | None:
        """The sizes of a tensor, where all are known."""
        known = tuple(size for size in self.sizes if size is not None)
        return known if self.kind == "tensorType" and len(known) == len(self.sizes) else None

    @property
    def elements(self) -> int:
        """The number of them, an unknown size being counted as one."""
        return math.prod(1 if size is None else size for size in self.sizes)


def read_type(message: Any, path: Path) -> ValueType:
    """What a `ValueType` message of the program at `path` says.

    Raises:
        AnenasError: If its element type is not known.
    """
    kind = message.WhichOneof("type") or ""
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

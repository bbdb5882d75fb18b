"""How far a compressed weight may be from what it was before: half of what is between two values of its format."""

from __future__ import annotations

import numpy as np

from anenas.mil._syntax import Constant, Operation
from anenas.mil._values import Array
from anenas.mil.operations import FOLDED

_DATA = ("quantized_data", "data", "nonzero_data")


def spacing(weight: Constant) -> Array:
    """By how much each value of a compressed weight may be off, of its shape; zeros where it is not compressed.

    Of integers half a step; of a palette half the distance to the next value, on the side where that is further; of
    what was pruned the smallest magnitude that was kept.
    """
    step = weight.unpacked_by
    if step is None:
        return np.zeros(weight.type.shape or ())
    given = {name: operand for name, (operand,) in step.operands.items() if isinstance(operand, Constant)}
    read = {name: operand.read() for name, operand in given.items()}
    if step.type == "constexpr_sparse_to_dense":
        kept = read["nonzero_data"]
        dense = _unpacked(step, read | {"nonzero_data": spacing(given["nonzero_data"])})
        pruned = _unpacked(step, read | {"nonzero_data": np.ones(kept.shape)}) == 0
        return np.where(pruned, np.abs(kept[kept != 0]).min(initial=np.inf) if kept.any() else 0.0, dense)
    if "lut" in read:
        return _unpacked(step, read | {"lut": _gaps(read["lut"].astype(np.float64))})
    if "scale" in read:
        ones = {name: np.ones(values.shape) for name, values in read.items() if name in _DATA}
        level = {name: np.zeros_like(values) for name, values in read.items() if name in ("offset", "zero_point")}
        return np.abs(_unpacked(step, read | ones | level)) / 2
    return np.zeros(weight.type.shape or ())


def _unpacked(step: Operation, operands: dict[str, Array]) -> Array:
    """What an operation unpacks; of one that tells the mask too, the values."""
    found = FOLDED[step.type](**operands)
    values: Array = found[-1] if isinstance(found, tuple) else found
    return values.astype(np.float64)


def _gaps(tables: Array) -> Array:
    """Of each value of tables (entries,) or (*blocks, entries, length): how far what it stands for may be from it."""
    if tables.ndim > 1 and tables.shape[-1] > 1:  # vectors: the distance to the next one
        between = np.linalg.norm(tables[..., :, None, :] - tables[..., None, :, :], axis=-1)
        between[between == 0] = np.inf
        nearest = between.min(-1, keepdims=True)
        return np.broadcast_to(np.where(np.isfinite(nearest), nearest, 0.0), tables.shape)
    flat = tables.reshape(*tables.shape[:-2], -1) if tables.ndim > 1 else tables
    order = np.argsort(flat, -1)
    gaps = np.diff(np.take_along_axis(flat, order, -1), axis=-1) / 2
    none = np.zeros((*flat.shape[:-1], 1))
    widest = np.maximum(np.concatenate([none, gaps], -1), np.concatenate([gaps, none], -1))
    found = np.empty_like(flat)
    np.put_along_axis(found, order, widest, -1)
    return found.reshape(tables.shape)

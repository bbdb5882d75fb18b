"""Compressed weights, which are unpacked once, on loading, to the declared element type.

Each `constexpr_` operation has a form of iOS 16, whose data are packed bytes, and one of iOS 18, whose data have a type
of few bits and, for blocks, parameters with as many dimensions as the weight.
"""

from __future__ import annotations

import math

import numpy as np

from anenas.mil._registry import folded
from anenas.mil._types import named_type
from anenas.mil._values import Array, unpack_bits


@folded("constexpr_cast")
def cast(source_val: Array, output_dtype: str) -> Array:
    return source_val.astype(named_type(output_dtype).numpy)


@folded("constexpr_affine_dequantize")
def affine_dequantize(quantized_data: Array, zero_point: Array, scale: Array, axis: Array) -> Array:
    channels = [1] * quantized_data.ndim
    channels[int(axis)] = -1
    if zero_point.ndim:
        zero_point = zero_point.reshape(channels)
    if scale.ndim:
        scale = scale.reshape(channels)
    return _scaled(quantized_data, scale, zero_point)


@folded("constexpr_blockwise_shift_scale")
def blockwise_shift_scale(data: Array, scale: Array, offset: Array | None = None) -> Array:
    offset = None if offset is None else _repeated(offset, data.shape)
    return _scaled(data, _repeated(scale, data.shape), offset)


@folded("constexpr_lut_to_dense")
def lut_to_dense(indices: Array, lut: Array, shape: Array | None = None, vector_axis: Array | None = None) -> Array:
    if shape is not None:
        bits = int(math.log2(lut.size))
        return lut[unpack_bits(indices, bits, math.prod(shape.tolist()))].reshape(shape.tolist())
    return _looked_up(indices, lut, vector_axis)


@folded("constexpr_sparse_to_dense")
def sparse_to_dense(nonzero_data: Array, mask: Array, shape: Array | None = None) -> Array:
    if shape is not None:
        mask = unpack_bits(mask, 1, math.prod(shape.tolist())).reshape(shape.tolist())
    dense = np.zeros(mask.shape, nonzero_data.dtype)
    dense[mask != 0] = nonzero_data
    return dense


@folded("constexpr_lut_to_sparse")
def lut_to_sparse(
    indices_mask: Array, indices_nonzero_data: Array, lut: Array, vector_axis: Array | None = None
) -> tuple[Array, Array]:
    """The mask of the looked-up weights and those that are not zero."""
    dense = _looked_up(sparse_to_dense(indices_nonzero_data, indices_mask), lut, vector_axis)
    mask = indices_mask if vector_axis is None else np.repeat(indices_mask, lut.shape[-1], int(vector_axis))
    return mask, dense[mask != 0]


@folded("constexpr_sparse_blockwise_shift_scale")
def sparse_blockwise_shift_scale(
    data_mask: Array, nonzero_data: Array, scale: Array, offset: Array | None = None
) -> tuple[Array, Array]:
    dense = blockwise_shift_scale(sparse_to_dense(nonzero_data, data_mask), scale, offset)
    return data_mask, dense[data_mask != 0]


def _scaled(data: Array, scale: Array, offset: Array | None) -> Array:
    """scale × (data - offset), all in the scale's type, as coremltools computes it."""
    values = data.astype(scale.dtype)
    if offset is not None:
        values = values - offset.astype(scale.dtype)
    return values * scale


def _repeated(parameter: Array, shape: tuple[int, ...]) -> Array:
    """A blockwise parameter, repeated to the shape of the data."""
    for axis, (size, count) in enumerate(zip(shape, parameter.shape, strict=True)):
        if count not in (1, size):
            parameter = np.repeat(parameter, size // count, axis)
    return parameter


def _looked_up(indices: Array, lut: Array, vector_axis: Array | None) -> Array:
    """Values of tables (*blocks, entries, vector), one for each block of the indices; vectors fill `vector_axis`."""
    *blocks, entries, length = lut.shape
    table = np.arange(math.prod(blocks)).reshape(blocks)
    flat = _repeated(table, indices.shape) * entries + indices
    values = lut.reshape(-1, length)[flat]
    if vector_axis is None or length == 1:
        return values[..., 0]
    axis = int(vector_axis) % indices.ndim
    shape = [size * length if i == axis else size for i, size in enumerate(indices.shape)]
    return np.moveaxis(values, -1, axis + 1).reshape(shape)

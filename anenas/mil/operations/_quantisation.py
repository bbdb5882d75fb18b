"""Affine quantisation of activations."""

from __future__ import annotations

import torch
from torch import Tensor

from anenas.mil._registry import op
from anenas.mil._types import named_type


def _along(parameter: Tensor, x: Tensor, axis: int | None) -> Tensor:
    """A vector along an axis, reshaped to broadcast."""
    if parameter.ndim == 0 or axis is None:
        return parameter
    return parameter.reshape(-1, *(1,) * (x.ndim - 1 - axis % x.ndim))


@op("quantize")
def quantize(
    input: Tensor, scale: Tensor, output_dtype: str, zero_point: Tensor | None = None, axis: int | None = None
) -> Tensor:
    dtype = named_type(output_dtype)
    limits = torch.iinfo(dtype.torch)
    rounded = (input / _along(scale, input, axis)).round()
    if zero_point is not None:
        rounded = rounded + _along(zero_point, input, axis)
    return rounded.clamp(limits.min, limits.max).to(dtype.torch)


@op("dequantize")
def dequantize(input: Tensor, scale: Tensor, zero_point: Tensor | None = None, axis: int | None = None) -> Tensor:
    values = input.float()
    if zero_point is not None:
        values = values - _along(zero_point, input, axis).float()
    return values * _along(scale, input, axis)

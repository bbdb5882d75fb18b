"""Convolutions, forward and transposed, of one, two and three spatial dimensions."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from anenas.mil._registry import Ints, op
from anenas.mil.operations._padding import Pads, halves, padded, paddings

_CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


@op("conv")
def conv(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    strides: Ints | None = None,
    pad_type: str = "valid",
    pad: Ints | None = None,
    dilations: Ints | None = None,
    groups: int = 1,
) -> Tensor:
    spatial = x.ndim - 2
    strides, dilations = strides or (1,) * spatial, dilations or (1,) * spatial
    kernel = [(size - 1) * dilation + 1 for size, dilation in zip(weight.shape[2:], dilations, strict=True)]
    pads = paddings(pad_type, pad, x.shape[2:], kernel, strides)
    if any(before != after for before, after in pads):
        x, pads = padded(x, pads), [(0, 0)] * spatial
    padding = [before for before, _ in pads]
    return _CONV[spatial](x, weight, bias, strides, padding, dilations, groups)


@op("conv_transpose")
def conv_transpose(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    pad: Ints | None = None,
    output_shape: Ints | None = None,
    pad_type: str = "valid",
    strides: Ints | None = None,
    dilations: Ints | None = None,
    groups: int = 1,
) -> Tensor:
    """Padding is cropped from the sides of the result; `output_shape` determines how much, if given."""
    spatial = x.ndim - 2
    strides, dilations = strides or (1,) * spatial, dilations or (1,) * spatial
    whole = _TRANSPOSED[spatial](x, weight, None, strides, 0, 0, groups, dilations)
    wanted = (
        output_shape[2:] if output_shape else [size * stride for size, stride in zip(x.shape[2:], strides, strict=True)]
    )
    cuts: Pads = [(0, 0)] * spatial
    if is_same := pad_type.startswith("same"):
        cuts = [halves(max(0, full - size), pad_type) for full, size in zip(whole.shape[2:], wanted, strict=True)]
    elif pad_type == "custom" and pad:
        cuts = list(zip(pad[::2], pad[1::2], strict=True))
    if is_same or output_shape:  # the size determines the end, perhaps beyond the last input
        sizes = zip(cuts, whole.shape[2:], wanted, strict=True)
        cuts = [(before, full - before - size) for (before, _), full, size in sizes]
    result = padded(whole, [(-before, -after) for before, after in cuts])
    return result if bias is None else result + bias.reshape(-1, *(1,) * spatial)

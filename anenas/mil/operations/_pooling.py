"""Pools over windows of one, two and three spatial dimensions."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from anenas.mil._registry import Ints, op
from anenas.mil.operations._padding import Pads, padded, paddings

_MAX = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
_AVERAGE = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}


@op("max_pool")
def max_pool(
    x: Tensor,
    kernel_sizes: Ints,
    pad_type: str,
    strides: Ints | None = None,
    pad: Ints | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    strides = strides or (1,) * len(kernel_sizes)
    pads = paddings(pad_type, pad, x.shape[2:], kernel_sizes, strides)
    pool = _MAX[len(kernel_sizes)]
    if _native(pads, kernel_sizes, ceil_mode):
        return pool(x, kernel_sizes, strides, [before for before, _ in pads])
    pads = _reaching(pads, x.shape[2:], kernel_sizes, strides, ceil_mode)
    return pool(padded(x, pads, -math.inf), kernel_sizes, strides)


@op("avg_pool")
def avg_pool(
    x: Tensor,
    kernel_sizes: Ints,
    pad_type: str,
    strides: Ints | None = None,
    pad: Ints | None = None,
    exclude_padding_from_average: bool = False,
    ceil_mode: bool = False,
) -> Tensor:
    """Padding counts as zeros unless excluded, and so do elements added by `ceil_mode`, which torch never counts.

    That is what Core ML computes on every device: "avg-pool-overhang" in `known_differences`.
    """
    strides = strides or (1,) * len(kernel_sizes)
    pads = paddings(pad_type, pad, x.shape[2:], kernel_sizes, strides)
    pool = _AVERAGE[len(kernel_sizes)]
    if _native(pads, kernel_sizes, ceil_mode):
        return pool(x, kernel_sizes, strides, [before for before, _ in pads], False, not exclude_padding_from_average)
    reach = _reaching(pads, x.shape[2:], kernel_sizes, strides, ceil_mode)
    averages = pool(padded(x, reach), kernel_sizes, strides)
    if not exclude_padding_from_average:
        return averages
    return averages / pool(padded(torch.ones(1, 1, *x.shape[2:]), reach), kernel_sizes, strides)


@op("l2_pool")
def l2_pool(
    x: Tensor,
    kernel_sizes: Ints,
    pad_type: str,
    strides: Ints | None = None,
    pad: Ints | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The root of the sum of squares."""
    strides = strides or (1,) * len(kernel_sizes)
    pads = paddings(pad_type, pad, x.shape[2:], kernel_sizes, strides)
    pads = _reaching(pads, x.shape[2:], kernel_sizes, strides, ceil_mode)
    return (
        _AVERAGE[len(kernel_sizes)](padded(x.square(), pads), kernel_sizes, strides) * math.prod(kernel_sizes)
    ).sqrt()


def _native(pads: Pads, kernel: Ints, ceil_mode: bool) -> bool:
    """Whether torch can pad itself, which is faster."""
    return not ceil_mode and all(
        before == after and before <= size // 2 for (before, after), size in zip(pads, kernel, strict=True)
    )


def _reaching(pads: Pads, sizes: Ints, kernel: Ints, strides: Ints, ceil_mode: bool) -> Pads:
    """The padding extended to cover the last window, if `ceil_mode` keeps it."""
    if not ceil_mode:
        return pads
    reach = []
    for (before, after), size, span, stride in zip(pads, sizes, kernel, strides, strict=True):
        count = -(-(size + before + after - span) // stride) + 1
        if (count - 1) * stride >= size + before and before + after > 0:  # a window in padding only
            count -= 1
        reach.append((before, (count - 1) * stride + span - size - before))
    return reach

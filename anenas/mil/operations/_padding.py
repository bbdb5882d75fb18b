"""Padding of convolutions and pools."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import torch.nn.functional as F
from torch import Tensor

from anenas._errors import AnenasError

Pads = list[tuple[int, int]]


def padded(x: Tensor, pads: Pads, value: float = 0.0) -> Tensor:
    """Pads before and after each of the last dimensions."""
    return F.pad(x, list(chain(*reversed(pads))), value=value)


def paddings(
    pad_type: str, pad: Sequence[int] | None, sizes: Sequence[int], kernel: Sequence[int], strides: Sequence[int]
) -> Pads:
    """Padding before and after each spatial dimension.

    Args:
        kernel: Span of a window, including dilation.
    """
    kind = pad_type.lower()
    if kind == "valid" or (kind == "custom" and not pad):
        return [(0, 0)] * len(kernel)
    if kind == "custom" and pad:
        return list(zip(pad[::2], pad[1::2], strict=True))
    if kind not in ("same", "same_lower"):
        raise AnenasError(f"padding '{pad_type}' is not known")
    pads = []
    for size, span, stride in zip(sizes, kernel, strides, strict=True):
        total = max(0, (-(-size // stride) - 1) * stride + span - size)
        pads.append(halves(total, kind))
    return pads


def halves(total: int, kind: str) -> tuple[int, int]:
    """Padding before and after; the odd one goes after, unless padding is "same_lower"."""
    less, more = total // 2, total - total // 2
    return (more, less) if kind == "same_lower" else (less, more)

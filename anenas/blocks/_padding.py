"""How strided convolutions are padded: as torch does it, or as TensorFlow does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anenas.blocks._choices import choice
from anenas.blocks._timm import efficientnet_blocks

if TYPE_CHECKING:
    from torch import nn


def padding_choice() -> Any:
    """The choice of TensorFlow's padding, written "same": ⌈size / stride⌉ windows with as much padding as these need.

    At stride 2 and even sizes it is more on the right and at the bottom than on the left and at the top, where torch's
    is as much on all sides. Weights that were trained with one lose with the other.
    """
    return choice("same", False, True, later=True)


def pad_type(same: bool) -> str:
    """What timm calls it."""
    return "same" if same else ""


def pads_same(module: nn.Module) -> bool:
    """Whether it is a convolution with TensorFlow's padding, which timm has a class for."""
    efficientnet_blocks()  # timm is imported in one way
    from timm.layers import Conv2dSame

    return isinstance(module, Conv2dSame)


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """What TensorFlow pads a side of that size with, before and after it."""
    padding = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return padding // 2, padding - padding // 2


def padding_problem(same: bool, kernel: int, stride: int) -> str | None:
    """Why there is no such choice for a block with that kernel and stride, or None where there is."""
    if same and (stride == 1 or kernel == 1):
        return "with stride 1 or kernel 1 both ways of padding are one; leave same out"
    return None

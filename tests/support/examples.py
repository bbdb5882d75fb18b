"""Inputs and stems that fit a kind of block, for tests that walk all kinds."""

from __future__ import annotations

from anenas.blocks import Block, SequenceBlock, block_kind
from anenas.space import Stage

_STEPS = 8  # enough for three stages of a scan, and few where every step is written out


def takes_series(kind: type[Block]) -> bool:
    """Whether it works on nothing but series."""
    return issubclass(kind, SequenceBlock) and not kind.takes_images


def input_shape(kind: type[Block], channels: int, size: int, batch: int = 1) -> tuple[int, int, int, int]:
    """Images of size × size pixels, or series of eight steps."""
    return (batch, channels, 1, _STEPS) if takes_series(kind) else (batch, channels, size, size)


def stem(kind: type[Block], stride: int, width: int) -> Stage:
    """A first stage for networks of that kind of block, which may need more channels than the input has."""
    return Stage(block_kind("tcn" if takes_series(kind) else "conv")(), 1, stride, width)

"""Inputs and stems that fit a kind of block, for tests that walk all kinds."""

from __future__ import annotations

from anenas.blocks import Block, SequenceBlock, block_kind
from anenas.space import Architecture, Head, Stage

_STEPS = 8  # enough for three stages of a scan, and few where every step is written out
_SAMPLES = 1100  # the longest window and a little more, which fills some hops


def takes_series(kind: type[Block]) -> bool:
    """Whether it works on nothing but series, of any number of channels."""
    return issubclass(kind, SequenceBlock) and not kind.takes_images and not kind.raw


def input_shape(kind: type[Block], channels: int, size: int, batch: int = 1) -> tuple[int, int, int, int]:
    """Images of size × size pixels, series of eight steps, or a channel of samples for what takes its input raw."""
    if kind.raw:
        return batch, 1, 1, _SAMPLES
    return (batch, channels, 1, _STEPS) if takes_series(kind) else (batch, channels, size, size)


def stem(kind: type[Block], stride: int, width: int) -> Stage:
    """A first stage for networks of that kind of block, which may need more channels than the input has."""
    return Stage(block_kind("tcn" if takes_series(kind) else "conv")(), 1, stride, width)


def networks(kind: type[Block], stages: list[Stage], channels: int, stride: int, head: Head) -> list[Architecture]:
    """A network of all the stages, behind a stem of that stride; or one for each, which is the stem itself."""
    shape = input_shape(kind, channels, 32)
    if kind.raw:
        return [Architecture(shape, (stage, Stage(block_kind("tcn")(), 1, 1, 16)), head) for stage in stages]
    return [Architecture(shape, (stem(kind, stride, 32), *stages), head)]

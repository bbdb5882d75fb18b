"""Inputs and stems that fit a kind of block, for tests that walk all kinds."""

from __future__ import annotations

import torch
from torch import nn

from anenas.blocks import Block, SequenceBlock, block_kind, block_kinds
from anenas.inputs import RECORDINGS
from anenas.space import Stage

_STEPS = 8  # enough for three stages of a scan, and few where every step is written out
_SAMPLES = 1100  # the longest window and a little more, which fills some hops


# What a network may be of behind its first block; one that takes texts or waveforms is nothing but that.
BODY_KINDS = [kind for kind in block_kinds().values() if not kind.input_kind]


def takes_series(kind: type[Block]) -> bool:
    """Whether it works on nothing but series, of any number of channels."""
    return issubclass(kind, SequenceBlock) and not kind.takes_images and not kind.input_kind


def input_shape(kind: type[Block], channels: int, size: int, batch: int = 1) -> tuple[int, int, int, int]:
    """Images of size × size pixels, or series of eight steps; a channel of ids, or of samples, where it takes those."""
    if kind.input_kind:
        return batch, 1, 1, _SAMPLES if kind.input_kind is RECORDINGS else _STEPS
    return (batch, channels, 1, _STEPS) if takes_series(kind) else (batch, channels, size, size)


def example(kind: type[Block], shape: tuple[int, ...]) -> torch.Tensor:
    """Numbers as the network has them inside, or ids that every vocabulary holds where a kind takes such."""
    return torch.randint(64, shape).float() if kind.input_kind else torch.randn(shape)


def stem(kind: type[Block], stride: int, width: int) -> Stage:
    """A first stage for networks of that kind of block, which may need more channels than the input has."""
    return Stage(block_kind("tcn" if takes_series(kind) else "conv")(), 1, stride, width)


def with_random_statistics(network: nn.Module) -> nn.Module:
    """The network in evaluation mode, as if it had been trained: batch normalisation is no longer the identity."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            nn.init.uniform_(module.running_mean, -1, 1)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.uniform_(module.bias, -1, 1)
    return network.eval()

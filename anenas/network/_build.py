"""From an architecture to a torch module that trains, and to the one that ships."""

from __future__ import annotations

import copy

import torch
from torch import nn

from anenas.blocks import reparameterize
from anenas.network._head import build_head, head_mask
from anenas.network._normalise import Normalisation
from anenas.space import Architecture, Stage


def build(architecture: Architecture) -> nn.Sequential:
    """A freshly initialised network, from (N, C, H, W) normalised pixels or (N, C, 1, T) series to (N, classes) logits.

    One with a first block that is raw takes its input as it is. Its children are `stem`, `stage1`, … and `head`.
    """
    network = MaskedNetwork() if architecture.masked else nn.Sequential()
    channels = architecture.input[1]
    for i, stage in enumerate(architecture.stages):
        network.add_module(f"stage{i}" if i else "stem", build_stage(stage, channels))
        channels = stage.width
    network.add_module("head", build_head(architecture.head, channels, head_mask(architecture)))
    return network


def build_stage(stage: Stage, in_channels: int) -> nn.Sequential:
    """The blocks of a stage in a row, the first of which takes `in_channels` and strides."""
    first = stage.block.build(in_channels, stage.width, stage.stride)
    return nn.Sequential(first, *(stage.block.build(stage.width, stage.width, 1) for _ in range(stage.depth - 1)))


def mask_padding(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Series with zeros for padding, and where they are: 1 there and 0 elsewhere, (N, 1, 1, T).

    Their last channel is over 0 where they are, be it a mask or, of text, the tokens themselves.
    """
    there = x[:, -1:].sign().relu()
    return x * there, there


class MaskedNetwork(nn.Sequential):
    """A network of series with padding before them: the first block sees zeros there, and the head leaves it out.

    Only the head knows of the mask: blocks behind the first see what those before them make of zeros. So that it
    makes no difference what stands in the padding; nor how much there is of it, beyond the reach of causal convolutions
    and in multiples of all strides together.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x, there = mask_padding(x)
        *stages, head = self
        for stage in stages:
            x = stage(x)
        logits: torch.Tensor = head(x, there)
        return logits


def fuse(network: nn.Module) -> nn.Module:
    """A copy for inference in which every block of several branches has become one convolution."""
    return reparameterize(network.eval())


class Deployed(nn.Module):
    """What ships: pixels of 0 to 255, or series as they are, in; class probabilities out.

    Args:
        network: A fused network.
        normalise: What it sees of its input.
    """

    scale: torch.Tensor
    shift: torch.Tensor

    def __init__(self, network: nn.Module, normalise: Normalisation) -> None:
        super().__init__()
        self.normalise = normalise
        scale, shift = normalise.factors()
        self.register_buffer("scale", scale)
        self.register_buffer("shift", shift)
        # In float16 a product with one and a sum with zero compute nothing, and the converter leaves them out.
        self.scales = bool((self.scale.half() != 1).any())
        self.shifts = bool((self.shift.half() != 0).any())
        self.network = network

    def with_network(self, network: nn.Module) -> Deployed:
        """The same around another network."""
        other = copy.copy(self)
        other._modules = {"network": network}
        return other

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.logits(pixels).softmax(1)

    def logits(self, pixels: torch.Tensor) -> torch.Tensor:
        """What `forward` is the softmax of."""
        logits: torch.Tensor = self.network(self.normalised(pixels))
        return logits

    def normalised(self, pixels: torch.Tensor) -> torch.Tensor:
        """What the network takes, in as few operations as are in the program."""
        if self.normalise.raw:
            return pixels
        scaled = pixels * self.scale if self.scales else pixels
        return scaled + self.shift if self.shifts else scaled

"""From an architecture to the torch module that trains, and the one that ships."""

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

    If the first block is raw, the input is not normalised. The children are `stem`, `stage1`, … and `head`.
    """
    kind = MaskedNetwork if architecture.masked else SkipNetwork if architecture.head.skip else nn.Sequential
    network = kind()
    channels = architecture.input[1]
    for i, stage in enumerate(architecture.stages):
        network.add_module(f"stage{i}" if i else "stem", build_stage(stage, channels))
        channels = stage.width
    head = build_head(architecture.head, channels, head_mask(architecture), architecture.input[1])
    network.add_module("head", head)
    return network


def build_stage(stage: Stage, in_channels: int) -> nn.Sequential:
    """The blocks of a stage in sequence; the first takes `in_channels` and strides."""
    first = stage.block.build(in_channels, stage.width, stage.stride)
    return nn.Sequential(first, *(stage.block.build(stage.width, stage.width, 1) for _ in range(stage.depth - 1)))


def mask_padding(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Series with padding set to zero, and their mask, (N, 1, 1, T): 1 for valid steps, 0 for padding.

    The last channel is over 0 for valid steps: a mask or, for texts, the tokens themselves.
    """
    there = x[:, -1:].sign().relu()
    return x * there, there


class MaskedNetwork(nn.Sequential):
    """A network for series with padding before them: the first block sees zeros there, and the head ignores it.

    Only the head uses the mask: later blocks see what earlier ones make of zeros. So the content of the padding makes
    no difference; nor does its length, beyond the reach of causal convolutions and in multiples of the product of all
    strides.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x, there = mask_padding(x)
        *stages, head = self
        for stage in stages:
            x = stage(x)
        logits: torch.Tensor = head(x, there)
        return logits


class SkipNetwork(nn.Sequential):
    """A network for series whose head takes the last step of the input as well."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x, last = with_last_step(x)
        *stages, head = self
        for stage in stages:
            x = stage(x)
        logits: torch.Tensor = head(x, last)
        return logits


def with_last_step(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Series, (N, C, 1, T), and their last step, (N, C, 1, 1)."""
    return x, x[..., -1:]


def fuse(network: nn.Module) -> nn.Module:
    """A copy for inference in which multi-branch blocks are fused to one convolution each."""
    return reparameterize(network.eval())


class Trainable(nn.Module):
    """A network that normalises its input itself: from pixels of 0 to 255, or series as they are, to logits.

    Args:
        normalise: Normalises its input.
        network: Its weights are those of this one.
    """

    def __init__(self, normalise: Normalisation, network: nn.Module) -> None:
        super().__init__()
        self.normalise, self.network = normalise, network

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.network(self.normalise(pixels))
        return logits


class Deployed(nn.Module):
    """What ships: from pixels of 0 to 255, or unnormalised series, to class probabilities.

    Args:
        network: A fused network.
        normalise: Normalises its input.
        output: What makes, of what the network gives, what is told; by default a softmax.
    """

    scale: torch.Tensor
    shift: torch.Tensor

    def __init__(self, network: nn.Module, normalise: Normalisation, output: nn.Module | None = None) -> None:
        super().__init__()
        self.normalise = normalise
        self.output = output or nn.Softmax(1)
        scale, shift = normalise.factors()
        self.register_buffer("scale", scale)
        self.register_buffer("shift", shift)
        # The converter drops products with one and sums with zero, in the precision that they are computed in.
        factors = (scale.half(), shift.half()) if normalise.fits_half else (scale, shift)
        self.scales, self.shifts = bool((factors[0] != 1).any()), bool((factors[1] != 0).any())
        self.network = network

    def with_network(self, network: nn.Module) -> Deployed:
        """A copy with another network."""
        other = copy.copy(self)
        other._modules = {"output": self.output, "network": network}
        return other

    @property
    def units(self) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Mean and standard deviation, (K,) each, of numbers that are told in units of their own."""
        mean, std = (getattr(self.output, name, None) for name in ("mean", "std"))
        return None if mean is None or std is None else (mean, std)

    def standardised(self) -> Deployed:
        """A copy that tells such numbers standardised."""
        other = copy.copy(self)
        other._modules = {"output": nn.Identity(), "network": self.network}
        return other

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        told: torch.Tensor = self.output(self.logits(pixels))
        return told

    def logits(self, pixels: torch.Tensor) -> torch.Tensor:
        """What the network gives, before `forward`'s output."""
        logits: torch.Tensor = self.network(self.normalised(pixels))
        return logits

    def normalised(self, pixels: torch.Tensor) -> torch.Tensor:
        """The network's input, in the same operations as in the program."""
        if self.normalise.raw:
            return pixels
        scaled = pixels * self.scale if self.scales else pixels
        return scaled + self.shift if self.shifts else scaled

"""From an architecture to a torch module that trains, and to the one that ships."""

from __future__ import annotations

import copy

import torch
from torch import nn

from anenas.blocks import activation_layer
from anenas.blocks._timm import reparameterize
from anenas.space import Architecture, Head, Stage


def build(architecture: Architecture) -> nn.Sequential:
    """A freshly initialised network, from (N, C, H, W) normalised pixels or (N, C, 1, T) series to (N, classes) logits.

    One with a first block that is raw takes its input as it is. Its children are `stem`, `stage1`, … and `head`.
    """
    network = nn.Sequential()
    channels = architecture.input[1]
    for i, stage in enumerate(architecture.stages):
        network.add_module(f"stage{i}" if i else "stem", build_stage(stage, channels))
        channels = stage.width
    network.add_module("head", build_head(architecture.head, channels))
    return network


def build_stage(stage: Stage, in_channels: int) -> nn.Sequential:
    """The blocks of a stage in a row, the first of which takes `in_channels` and strides."""
    first = stage.block.build(in_channels, stage.width, stage.stride)
    return nn.Sequential(first, *(stage.block.build(stage.width, stage.width, 1) for _ in range(stage.depth - 1)))


class _GlobalAveragePool(nn.Module):
    """The mean over H and W, kept as (N, C, 1, 1): the engine likes tensors of rank four."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean((2, 3), keepdim=True)


class _GlobalMaxPool(nn.Module):
    """The largest value over H and W, kept as (N, C, 1, 1)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.amax((2, 3), keepdim=True)


class _LastStep(nn.Module):
    """The last step of (N, C, 1, T), as (N, C, 1, 1)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[..., -1:]


_POOLS: dict[str, type[nn.Module]] = {"mean": _GlobalAveragePool, "max": _GlobalMaxPool, "last": _LastStep}


def build_head(head: Head, in_channels: int) -> nn.Sequential:
    """Pooling and classifier as 1×1 convolutions, which the engine runs best, from (N, C, H, W) to (N, classes)."""
    layers: list[nn.Module] = [_POOLS[head.pool]()]
    if head.width:
        layers += [nn.Conv2d(in_channels, head.width, 1), activation_layer(head.activation)(inplace=True)]
    return nn.Sequential(*layers, nn.Conv2d(head.width or in_channels, head.classes, 1), nn.Flatten())


def fuse(network: nn.Module) -> nn.Module:
    """A copy for inference in which every block of several branches has become one convolution."""
    return reparameterize(network.eval())


class Deployed(nn.Module):
    """What ships: pixels of 0 to 255, or series as they are, in; class probabilities out.

    Args:
        network: A fused network.
        mean: Mean of each channel, in units of 255.
        std: Standard deviation of each channel, in the same units.
        raw: Whether the network takes its input as it is, so that mean and std are left out.
    """

    scale: torch.Tensor
    shift: torch.Tensor

    def __init__(
        self, network: nn.Module, mean: tuple[float, ...], std: tuple[float, ...], *, raw: bool = False
    ) -> None:
        super().__init__()
        self.raw = raw
        m, s = (torch.tensor(values).view(1, -1, 1, 1) for values in (mean, std))
        self.register_buffer("scale", 1 / (255 * s))
        self.register_buffer("shift", -m / s)
        # In float16 a product with one and a sum with nought compute nothing, and the converter leaves them out.
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
        if self.raw:
            return pixels
        scaled = pixels * self.scale if self.scales else pixels
        return scaled + self.shift if self.shifts else scaled

"""From an architecture to a torch module that trains, and to the one that ships."""

from __future__ import annotations

import copy
import math

import torch
from torch import nn

from anenas.blocks import activation_layer
from anenas.blocks._timm import reparameterize
from anenas.network._normalise import Normalisation
from anenas.space import Architecture, Head, Stage


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


def masked(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Series with nought for padding, and where they are: 1 there and 0 elsewhere, (N, 1, 1, T).

    Their last channel is over 0 where they are, be it a mask or, of text, the tokens themselves.
    """
    there = x[:, -1:].sign().relu()
    return x * there, there


class MaskedNetwork(nn.Sequential):
    """A network of series with padding before them: the first block sees noughts there, and the head leaves it out.

    Only the head knows of the mask: blocks behind the first see what those before them make of noughts. So that it
    makes no difference what stands in the padding; nor how much there is of it, beyond the reach of causal convolutions
    and in multiples of all strides together.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x, there = masked(x)
        *stages, head = self
        for stage in stages:
            x = stage(x)
        logits: torch.Tensor = head(x, there)
        return logits


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


class _MaskedPool(nn.Module):
    """What of (N, C, 1, T') is pooled over the steps that are there.

    Args:
        stride: Steps of the network's input for each of its own. A step counts where that of the input that it is
            aligned with is there; the last counts always, for it is the nearest to a series that is shorter than that.
        steps: T'.
    """

    last: torch.Tensor

    def __init__(self, stride: int, steps: int) -> None:
        super().__init__()
        self.stride = stride
        self.register_buffer("last", torch.cat([torch.zeros(steps - 1), torch.ones(1)]).view(1, 1, 1, -1), False)

    def counted(self, there: torch.Tensor) -> torch.Tensor:
        """Which steps count, (N, 1, 1, T'), of which are there in the input, (N, 1, 1, T)."""
        return torch.maximum(there[..., :: self.stride], self.last)


class _MaskedAveragePool(_MaskedPool):
    def forward(self, x: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        counted = self.counted(there)
        # Means, not sums, which float16 might not hold.
        return (x * counted).mean((2, 3), keepdim=True) / counted.mean((2, 3), keepdim=True)


class _MaskedMaxPool(_MaskedPool):
    def forward(self, x: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        return (x + (self.counted(there) - 1) * _FAR).amax((2, 3), keepdim=True)


class _MaskedLastStep(nn.Module):
    """The last step, which is always there."""

    def __init__(self, stride: int, steps: int) -> None:
        super().__init__()

    def forward(self, x: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        return x[..., -1:]


_FAR = 2.0**15  # which float16 holds, below every value of a network
_POOLS: dict[str, type[nn.Module]] = {"mean": _GlobalAveragePool, "max": _GlobalMaxPool, "last": _LastStep}
_MASKED_POOLS = {"mean": _MaskedAveragePool, "max": _MaskedMaxPool, "last": _MaskedLastStep}


class _MaskedHead(nn.Sequential):
    def forward(self, x: torch.Tensor, there: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        pool, *layers = self
        x = pool(x, there)
        for layer in layers:
            x = layer(x)
        return x


def head_mask(architecture: Architecture) -> tuple[int, int] | None:
    """How many steps of the input make one that comes to the head, and how many come; None where none is masked."""
    if not architecture.masked:
        return None
    stride = math.prod(stage.stride for stage in architecture.stages)
    return stride, -(-architecture.input[3] // stride)


def build_head(head: Head, in_channels: int, mask: tuple[int, int] | None = None) -> nn.Sequential:
    """Pooling and classifier as 1×1 convolutions, which the engine runs best, from (N, C, H, W) to (N, classes).

    Args:
        head: Its choices.
        in_channels: Of its input.
        mask: For series with padding, what `head_mask` says. Such a head also takes where the series are in the
            network's input, (N, 1, 1, T).
    """
    layers: list[nn.Module] = []
    if head.width:
        layers += [nn.Conv2d(in_channels, head.width, 1), activation_layer(head.activation)(inplace=True)]
    layers += [nn.Conv2d(head.width or in_channels, head.classes, 1), nn.Flatten()]
    if mask:
        return _MaskedHead(_MASKED_POOLS[head.pool](*mask), *layers)
    return nn.Sequential(_POOLS[head.pool](), *layers)


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
        if self.normalise.raw:
            return pixels
        scaled = pixels * self.scale if self.scales else pixels
        return scaled + self.shift if self.shifts else scaled

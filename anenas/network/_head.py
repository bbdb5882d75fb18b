"""The head of a network: pooling over everything, and the classifier."""

from __future__ import annotations

import math

import torch
from torch import nn

from anenas.blocks import activation_layer
from anenas.space import Architecture, Head


class GlobalAveragePool(nn.Module):
    """The mean over H and W, kept as (N, C, 1, 1): the engine likes tensors of rank four."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean((2, 3), keepdim=True)


class GlobalMaxPool(nn.Module):
    """The largest value over H and W, kept as (N, C, 1, 1)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.amax((2, 3), keepdim=True)


class LastStep(nn.Module):
    """The last step of (N, C, 1, T), as (N, C, 1, 1)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[..., -1:]


class MaskedPool(nn.Module):
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


class MaskedAveragePool(MaskedPool):
    def forward(self, x: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        counted = self.counted(there)
        # Means, not sums, which float16 might not hold.
        return (x * counted).mean((2, 3), keepdim=True) / counted.mean((2, 3), keepdim=True)


class MaskedMaxPool(MaskedPool):
    def forward(self, x: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        return (x + (self.counted(there) - 1) * _FAR).amax((2, 3), keepdim=True)


class MaskedLastStep(nn.Module):
    """The last step, which is always there."""

    def __init__(self, stride: int, steps: int) -> None:
        super().__init__()

    def forward(self, x: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        return x[..., -1:]


_FAR = 2.0**15  # which float16 holds, below every value of a network
_POOLS: dict[str, type[nn.Module]] = {"mean": GlobalAveragePool, "max": GlobalMaxPool, "last": LastStep}
_MASKED_POOLS = {"mean": MaskedAveragePool, "max": MaskedMaxPool, "last": MaskedLastStep}


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

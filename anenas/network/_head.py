"""The head of a network: global pooling, and the classifier."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn

from anenas.blocks import activation_layer
from anenas.space import Architecture, Head


class GlobalAveragePool(nn.Module):
    """The mean over H and W, kept as (N, C, 1, 1): the engine prefers tensors of rank four."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean((2, 3), keepdim=True)


class GlobalMaxPool(nn.Module):
    """The maximum over H and W, kept as (N, C, 1, 1)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.amax((2, 3), keepdim=True)


class LastStep(nn.Module):
    """The last step of (N, C, 1, T), as (N, C, 1, 1)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[..., -1:]


class MaskedPool(nn.Module):
    """Pools (N, C, 1, T') over the valid steps.

    Args:
        stride: Steps of the network's input per step of T'. A step is valid if the input step that it is aligned with
            is; the last one always is, for series shorter than a stride.
        steps: T'.
    """

    last: torch.Tensor

    def __init__(self, stride: int, steps: int) -> None:
        super().__init__()
        self.stride = stride
        self.register_buffer("last", torch.cat([torch.zeros(steps - 1), torch.ones(1)]).view(1, 1, 1, -1), False)

    def counted(self, there: torch.Tensor) -> torch.Tensor:
        """The mask of valid steps, (N, 1, 1, T'), from that of the input, (N, 1, 1, T)."""
        return torch.maximum(there[..., :: self.stride], self.last)


class MaskedAveragePool(MaskedPool):
    def forward(self, x: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        counted = self.counted(there)
        # Means, as sums might overflow float16.
        return (x * counted).mean((2, 3), keepdim=True) / counted.mean((2, 3), keepdim=True)


class MaskedMaxPool(MaskedPool):
    def forward(self, x: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        return (x + (self.counted(there) - 1) * _FAR).amax((2, 3), keepdim=True)


class MaskedLastStep(nn.Module):
    """The last step, which is always valid."""

    def __init__(self, stride: int, steps: int) -> None:
        super().__init__()

    def forward(self, x: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        return x[..., -1:]


_FAR = 2.0**15  # larger than any value of a network, but finite in float16
_POOLS: dict[str, type[nn.Module]] = {"mean": GlobalAveragePool, "max": GlobalMaxPool, "last": LastStep}
_MASKED_POOLS = {"mean": MaskedAveragePool, "max": MaskedMaxPool, "last": MaskedLastStep}


class _MaskedHead(nn.Sequential):
    def forward(self, x: torch.Tensor, there: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        pool, *layers = self
        x = pool(x, there)
        for layer in layers:
            x = layer(x)
        return x


class _SkipHead(nn.Sequential):
    """Adds what a linear layer makes of the last step of the network's input, (N, C, 1, 1), to (N, classes)."""

    def forward(self, x: torch.Tensor, last: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        *layers, flatten, skip = self
        for layer in layers:
            x = layer(x)
        summed: torch.Tensor = flatten(x + skip(last))
        return summed


def head_mask(architecture: Architecture) -> tuple[int, int] | None:
    """Stride from the input to the head, and number of steps at the head; None if the input is not masked."""
    if not architecture.masked:
        return None
    stride = math.prod(stage.stride for stage in architecture.stages)
    return stride, -(-architecture.input[3] // stride)


def build_head(
    head: Head, in_channels: int, mask: tuple[int, int] | None = None, input_channels: int = 1
) -> nn.Sequential:
    """Pooling and a classifier of 1×1 convolutions, which the engine runs best, from (N, C, H, W) to (N, classes).

    Args:
        head: Its choices.
        in_channels: Of its input.
        mask: For series with padding, the result of `head_mask`. Such a head also takes the mask of the network's
            input, (N, 1, 1, T).
        input_channels: Of the network's input. A head with a skip also takes its last step, (N, C, 1, 1).
    """
    layers: list[nn.Module] = []
    if head.width:
        layers += [nn.Conv2d(in_channels, head.width, 1), activation_layer(head.activation)(inplace=True)]
    layers += [nn.Conv2d(head.width or in_channels, head.classes, 1), nn.Flatten()]
    if mask:
        return _MaskedHead(_MASKED_POOLS[head.pool](*mask), *layers)
    whole = nn.Sequential(_POOLS[head.pool](), *layers)
    if head.skip:
        whole = _SkipHead(*whole)
        whole.add_module("skip", nn.Conv2d(input_channels, head.classes, 1))
    return whole


def begin_with_last_value(
    network: nn.Sequential, channels: Sequence[int], scale: torch.Tensor, shift: torch.Tensor
) -> None:
    """Make a network whose head has a skip give, as yet, the last step of its input and nothing else.

    Its training then begins at the forecast that repeats the last value, and learns what is to be added.

    Args:
        network: From `build`; changed in place.
        channels: Of the input, one for each target.
        scale: (K,), what each is multiplied by.
        shift: (K,), what is then added.
    """
    *_, classifier, _, skip = network.get_submodule("head").children()
    assert isinstance(classifier, nn.Conv2d) and isinstance(skip, nn.Conv2d) and classifier.bias is not None
    with torch.no_grad():
        for tensor in (classifier.weight, classifier.bias, skip.weight):
            tensor.zero_()
        skip.weight[range(len(channels)), list(channels), 0, 0] = scale
        assert skip.bias is not None
        skip.bias.copy_(shift)

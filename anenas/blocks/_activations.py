"""Activations that a block may choose, and the torch modules they stand for."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from anenas.blocks._choices import choice

if TYPE_CHECKING:
    from torch import nn

ACTIVATIONS = ("relu", "relu6", "hswish", "silu")


def activation_choice() -> Any:
    """The choice of an activation, written as its name."""
    return choice("", *ACTIVATIONS)


@functools.cache
def activation_layer(name: str) -> type[nn.Module]:
    """The module class of an activation, which takes `inplace` like torch's own."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    class HardSwish(nn.Module):
        """`nn.Hardswish` that exports as two operations (hard sigmoid, multiply) instead of coremltools' three."""

        def __init__(self, inplace: bool = False) -> None:
            super().__init__()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return F.hardswish(x) if self.training else x * F.hardsigmoid(x)

    layers: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "relu6": nn.ReLU6, "hswish": HardSwish, "silu": nn.SiLU}
    return layers[name]

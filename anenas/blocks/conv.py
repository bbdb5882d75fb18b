"""Plain convolution, batch normalisation, activation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas.blocks._activations import activation_choice, activation_layer
from anenas.blocks._base import Block, register
from anenas.blocks._choices import choice
from anenas.blocks._timm import efficientnet_blocks

if TYPE_CHECKING:
    from torch import nn


@register
class Conv(Block):
    """A dense convolution: what the engine runs closest to its peak."""

    kind = "conv"
    kernel: int = choice("k", 3, 1, 5, 7)
    activation: str = activation_choice()

    def build(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        return efficientnet_blocks().ConvBnAct(
            in_channels,
            out_channels,
            self.kernel,
            stride=stride,
            skip=True,
            act_layer=activation_layer(self.activation),
        )

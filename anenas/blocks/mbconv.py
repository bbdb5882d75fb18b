"""Inverted residual with optional squeeze-and-excitation: the block of MobileNetV2, V3 and EfficientNet."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from anenas.blocks._activations import activation_choice, activation_layer
from anenas.blocks._base import Block, register
from anenas.blocks._choices import choice
from anenas.blocks._timm import efficientnet_blocks

if TYPE_CHECKING:
    from torch import nn


@register
class MBConv(Block):
    """Expand, depthwise, squeeze-and-excite, project (Sandler et al. 2018, arXiv:1801.04381; arXiv:1905.02244)."""

    kind = "mbconv"
    kernel: int = choice("k", 3, 5, 7)
    expansion: int = choice("e", 4, 1, 2, 3, 6)
    se: bool = choice("se", False, True)
    activation: str = activation_choice()

    def build(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        blocks = efficientnet_blocks()
        # Squeezed to a quarter, rounded to the engine's multiple of 16 channels.
        squeeze_excite = functools.partial(blocks.SqueezeExcite, rd_round_fn=lambda c: 16 * max(1, round(c / 16)))
        return blocks.InvertedResidual(
            in_channels,
            out_channels,
            self.kernel,
            stride=stride,
            exp_ratio=self.expansion,
            act_layer=activation_layer(self.activation),
            se_layer=squeeze_excite if self.se else None,
        )

"""Inverted residual with optional squeeze-and-excitation: the block of MobileNetV2, V3 and EfficientNet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas.blocks._activations import activation_choice, activation_layer
from anenas.blocks._base import Block, register
from anenas.blocks._choices import choice
from anenas.blocks._padding import pad_type, padding_choice, padding_problem
from anenas.blocks._skip import skip_choice
from anenas.blocks._squeeze import squeeze_choice, squeeze_layer
from anenas.blocks._timm import efficientnet_blocks

if TYPE_CHECKING:
    from torch import nn


@register
class MBConv(Block):
    """Expand, depthwise, squeeze-and-excite, project (Sandler et al. 2018, arXiv:1801.04381; arXiv:1905.02244)."""

    kind = "mbconv"
    kernel: int = choice("k", 3, 5, 7)
    expansion: int = choice("e", 4, 1, 2, 3, 5, 6, 8)
    se: bool | str = squeeze_choice("hard", "thin")
    activation: str = activation_choice()
    same: bool = padding_choice()
    plain: bool = skip_choice()

    def build(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        return efficientnet_blocks().InvertedResidual(
            in_channels,
            out_channels,
            self.kernel,
            stride=stride,
            pad_type=pad_type(self.same),
            noskip=self.plain,
            exp_ratio=self.expansion,
            act_layer=activation_layer(self.activation),
            se_layer=squeeze_layer(self.se, in_channels),
        )

    def problem(self, stride: int) -> str | None:
        return padding_problem(self.same, self.kernel, stride)

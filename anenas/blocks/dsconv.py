"""Depthwise-separable convolution: MobileNetV1's block."""

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
class DSConv(Block):
    """A depthwise convolution and a pointwise one (Howard et al. 2017, arXiv:1704.04861), with timm's skip."""

    kind = "dsconv"
    kernel: int = choice("k", 3, 5, 7)
    activation: str = activation_choice()
    se: bool | str = squeeze_choice("hard", later=True)
    linear: bool = choice("linear", False, True, later=True)  # without an activation at its end
    same: bool = padding_choice()
    plain: bool = skip_choice()

    def build(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        return efficientnet_blocks().DepthwiseSeparableConv(
            in_channels,
            out_channels,
            self.kernel,
            stride=stride,
            pad_type=pad_type(self.same),
            noskip=self.plain,
            pw_act=not self.linear,
            act_layer=activation_layer(self.activation),
            se_layer=squeeze_layer(self.se, in_channels),
        )

    def problem(self, stride: int) -> str | None:
        return padding_problem(self.same, self.kernel, stride)

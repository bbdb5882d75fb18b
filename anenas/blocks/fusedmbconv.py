"""Fused inverted residual: EfficientNetV2's block, also called edge residual."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas.blocks._activations import activation_choice, activation_layer
from anenas.blocks._base import Block, register
from anenas.blocks._choices import choice
from anenas.blocks._padding import pad_type, padding_choice, padding_problem
from anenas.blocks._skip import skip_choice
from anenas.blocks._timm import efficientnet_blocks

if TYPE_CHECKING:
    from torch import nn


@register
class FusedMBConv(Block):
    """A dense convolution that expands, then a pointwise projection (Tan & Le 2021, arXiv:2104.00298)."""

    kind = "fusedmbconv"
    kernel: int = choice("k", 3, 5)
    expansion: int = choice("e", 2, 1, 3, 4, 5, 6, 8)
    activation: str = activation_choice()
    same: bool = padding_choice()
    plain: bool = skip_choice()

    def build(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        return efficientnet_blocks().EdgeResidual(
            in_channels,
            out_channels,
            self.kernel,
            stride=stride,
            pad_type=pad_type(self.same),
            noskip=self.plain,
            exp_ratio=self.expansion,
            act_layer=activation_layer(self.activation),
        )

    def problem(self, stride: int) -> str | None:
        return padding_problem(self.same, self.kernel, stride)

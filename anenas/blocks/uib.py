"""Universal inverted bottleneck: MobileNetV4's block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas.blocks._activations import activation_choice, activation_layer
from anenas.blocks._base import Block, register
from anenas.blocks._choices import choice
from anenas.blocks._skip import skip_choice
from anenas.blocks._timm import efficientnet_blocks

if TYPE_CHECKING:
    from torch import nn


@register
class UIB(Block):
    """An inverted bottleneck with two optional depthwise convolutions (Qin et al. 2024, arXiv:2404.10518).

    Kernels that are not 0 make it an inverted bottleneck (0, k), a ConvNext-like block (k, 0), ExtraDW (k, k) or a
    feed-forward network (0, 0), which cannot stride.
    """

    kind = "uib"
    start_kernel: int = choice("a", 0, 3, 5)
    kernel: int = choice("k", 3, 0, 5)
    expansion: int = choice("e", 4, 2, 3, 5, 6, 8)
    activation: str = activation_choice()
    plain: bool = skip_choice()

    def build(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        return efficientnet_blocks().UniversalInvertedResidual(
            in_channels,
            out_channels,
            self.start_kernel,
            self.kernel,
            stride=stride,
            noskip=self.plain,
            exp_ratio=self.expansion,
            act_layer=activation_layer(self.activation),
            layer_scale_init_value=None,
        )

    def problem(self, stride: int) -> str | None:
        if stride > 1 and not self.start_kernel and not self.kernel:
            return "with start_kernel 0 and kernel 0 it has no depthwise convolution to stride with"
        return None

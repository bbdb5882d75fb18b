"""MobileOne's re-parameterised block: many branches in training, one convolution when shipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas.blocks._activations import activation_choice, activation_layer
from anenas.blocks._base import Block, register
from anenas.blocks._choices import choice
from anenas.blocks._timm import byobnet

if TYPE_CHECKING:
    from torch import nn


@register
class MobileOne(Block):
    """A depthwise and a pointwise unit, each a sum of branches that `fuse` folds into one convolution.

    Vasu et al. 2023, arXiv:2206.04040. It ships as a plain depthwise-separable block without a skip.
    """

    kind = "mobileone"
    kernel: int = choice("k", 3, 5)
    branches: int = choice("b", 1, 2, 4)
    activation: str = activation_choice()

    def build(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        from torch import nn

        module = byobnet()
        layers = module.LayerFn(act=activation_layer(self.activation))

        def unit(outputs: int, kernel: int, stride: int, group_size: int) -> nn.Module:
            unit: nn.Module = module.MobileOneBlock(
                in_channels,
                outputs,
                kernel,
                stride=stride,
                group_size=group_size,
                num_conv_branches=self.branches,
                layers=layers,
            )
            return unit

        return nn.Sequential(unit(in_channels, self.kernel, stride, 1), unit(out_channels, 1, 1, 0))

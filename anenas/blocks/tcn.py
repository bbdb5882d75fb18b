"""Temporal convolutional network: dilated convolutions in place of a recurrence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas.blocks._activations import activation_choice, activation_layer
from anenas.blocks._base import register
from anenas.blocks._choices import choice
from anenas.blocks._sequence import SequenceBlock, residual_choice

if TYPE_CHECKING:
    from torch import nn


@register
class TCN(SequenceBlock):
    """Two dilated convolutions and an optional skip connection (Bai et al. 2018, arXiv:1803.01271).

    Causal unless `bidirectional`, when it sees as many steps after as before. Kernels stay within the 8 columns that
    the engine runs at full speed, dilations within the 8 that it supports.
    """

    kind = "tcn"
    kernel: int = choice("k", 3, 5, 7)
    dilation: int = choice("d", 1, 2, 4, 8)
    bidirectional: bool = choice("bi", False, True)
    residual: bool = residual_choice()
    activation: str = activation_choice()

    def build(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        from torch import nn

        from anenas.blocks._recurrences import Convolution, Residual

        def convolution(inputs: int, stride: int) -> list[nn.Module]:
            causal = not self.bidirectional
            layer = Convolution(inputs, out_channels, self.kernel, stride=stride, dilation=self.dilation, causal=causal)
            return [layer, activation_layer(self.activation)(inplace=True)]

        body = nn.Sequential(*convolution(in_channels, stride), *convolution(out_channels, 1))
        return Residual(body, in_channels, out_channels, stride) if self.residual else body

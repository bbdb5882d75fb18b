"""Quasi-recurrent network: a convolution for the gates, a scan for the state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas.blocks._base import register
from anenas.blocks._choices import choice
from anenas.blocks._sequence import SequenceBlock, bidirectional_choice, residual_choice

if TYPE_CHECKING:
    from torch import nn


@register
class QRNNBlock(SequenceBlock):
    """Bradbury et al. 2016, arXiv:1611.01576 (fo-pooling). Causal, unless it is bidirectional."""

    kind = "qrnn"
    kernel: int = choice("k", 3, 5, 7)
    bidirectional: bool = bidirectional_choice()
    residual: bool = residual_choice()

    def build(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        from anenas.blocks._recurrences import QRNN, sequence_block

        def layer(inputs: int, outputs: int) -> nn.Module:
            return QRNN(inputs, outputs, bidirectional=self.bidirectional, kernel=self.kernel)

        return sequence_block(layer, in_channels, out_channels, stride, self.residual)

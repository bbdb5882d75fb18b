"""Gated recurrent unit that the Neural Engine runs: every step written out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas.blocks._base import register
from anenas.blocks._sequence import MAX_UNROLLED_STEPS, SequenceBlock, bidirectional_choice, residual_choice

if TYPE_CHECKING:
    from torch import nn


@register
class UnrolledGRUBlock(SequenceBlock):
    """`nn.GRU` (Cho et al. 2014, arXiv:1406.1078) as convolutions and element-wise operations, for short series."""

    kind = "unrolled_gru"
    max_steps = MAX_UNROLLED_STEPS
    bidirectional: bool = bidirectional_choice()
    residual: bool = residual_choice()

    def build(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        from anenas.blocks._recurrences import UnrolledGRU, sequence_block

        def layer(inputs: int, outputs: int) -> nn.Module:
            return UnrolledGRU(inputs, outputs, bidirectional=self.bidirectional)

        return sequence_block(layer, in_channels, out_channels, stride, self.residual)

"""Minimal gated recurrent unit: a recurrence that the Neural Engine runs as a scan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas.blocks._base import register
from anenas.blocks._sequence import SequenceBlock, bidirectional_choice, residual_choice

if TYPE_CHECKING:
    from torch import nn


@register
class MinGRUBlock(SequenceBlock):
    """Feng et al. 2024, arXiv:2410.01201: gates depend on the input alone, so that ⌈log2 T⌉ stages do for T steps."""

    kind = "min_gru"
    bidirectional: bool = bidirectional_choice()
    residual: bool = residual_choice()

    def build(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        from anenas.blocks._recurrences import MinGRU, sequence_block

        def layer(inputs: int, outputs: int) -> nn.Module:
            return MinGRU(inputs, outputs, bidirectional=self.bidirectional)

        return sequence_block(layer, in_channels, out_channels, stride, self.residual)

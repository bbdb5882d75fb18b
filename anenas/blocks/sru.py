"""Simple recurrent unit: a scan with an output gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas.blocks._base import register
from anenas.blocks._sequence import SequenceBlock, bidirectional_choice, residual_choice

if TYPE_CHECKING:
    from torch import nn


@register
class SRUBlock(SequenceBlock):
    """Lei et al. 2018, arXiv:1709.02755, without the peephole, so that it is a scan; `residual` is its own highway."""

    kind = "sru"
    bidirectional: bool = bidirectional_choice()
    residual: bool = residual_choice()

    def build(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        from anenas.blocks._recurrences import SRU, sequence_block

        def layer(inputs: int, outputs: int) -> nn.Module:
            return SRU(inputs, outputs, bidirectional=self.bidirectional, highway=self.residual)

        return sequence_block(layer, in_channels, out_channels, stride, residual=False)

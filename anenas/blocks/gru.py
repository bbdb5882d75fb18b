"""Gated recurrent unit as torch has it: Core ML runs it beside the Neural Engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas.blocks._base import register
from anenas.blocks._sequence import SequenceBlock, bidirectional_choice, residual_choice

if TYPE_CHECKING:
    from torch import nn


@register
class GRUBlock(SequenceBlock):
    """`nn.GRU`, which Core ML knows as a loop that never runs on the engine: an island, to compare others with."""

    kind = "gru"
    off_engine = True
    compressible = False  # coremltools 9.0 fails on a loop
    bidirectional: bool = bidirectional_choice()
    residual: bool = residual_choice()

    def build(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        from torch import nn

        from anenas.blocks._recurrences import TorchRecurrence, sequence_block

        def layer(inputs: int, outputs: int) -> nn.Module:
            return TorchRecurrence(nn.GRU, inputs, outputs, bidirectional=self.bidirectional)

        return sequence_block(layer, in_channels, out_channels, stride, self.residual)

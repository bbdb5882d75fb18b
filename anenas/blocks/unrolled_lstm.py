"""Long short-term memory with every step written out, which the Neural Engine runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas.blocks._base import register
from anenas.blocks._sequence import MAX_UNROLLED_STEPS, RecurrentBlock

if TYPE_CHECKING:
    from torch import nn


@register
class UnrolledLSTMBlock(RecurrentBlock):
    """`nn.LSTM` (Hochreiter & Schmidhuber 1997) as convolutions and element-wise operations, for short series."""

    kind = "unrolled_lstm"
    max_steps = MAX_UNROLLED_STEPS

    def recurrence(self, in_channels: int, out_channels: int) -> nn.Module:
        from anenas.blocks._recurrences import UnrolledLSTM

        return UnrolledLSTM(in_channels, out_channels, bidirectional=self.bidirectional)

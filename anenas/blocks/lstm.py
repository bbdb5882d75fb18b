"""torch's long short-term memory, which Core ML runs on the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas.blocks._base import register
from anenas.blocks._sequence import RecurrentBlock

if TYPE_CHECKING:
    from torch import nn


@register
class LSTMBlock(RecurrentBlock):
    """`nn.LSTM`, Core ML's `lstm`, which never runs on the engine: a baseline for the other blocks."""

    kind = "lstm"
    off_engine = True

    def recurrence(self, in_channels: int, out_channels: int) -> nn.Module:
        from torch import nn

        from anenas.blocks._recurrences import TorchRecurrence

        return TorchRecurrence(nn.LSTM, in_channels, out_channels, bidirectional=self.bidirectional)

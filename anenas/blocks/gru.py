"""torch's gated recurrent unit, which Core ML runs on the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas.blocks._base import register
from anenas.blocks._sequence import RecurrentBlock

if TYPE_CHECKING:
    from torch import nn


@register
class GRUBlock(RecurrentBlock):
    """`nn.GRU`, which becomes a loop in Core ML and never runs on the engine: a baseline for the other blocks."""

    kind = "gru"
    off_engine = True
    compressible = False  # coremltools 9.0 fails on a loop

    def recurrence(self, in_channels: int, out_channels: int) -> nn.Module:
        from torch import nn

        from anenas.blocks._recurrences import TorchRecurrence

        return TorchRecurrence(nn.GRU, in_channels, out_channels, bidirectional=self.bidirectional)

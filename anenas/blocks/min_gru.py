"""Minimal gated recurrent unit, which the Neural Engine runs as a scan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas.blocks._base import register
from anenas.blocks._sequence import RecurrentBlock

if TYPE_CHECKING:
    from torch import nn


@register
class MinGRUBlock(RecurrentBlock):
    """Feng et al. 2024, arXiv:2410.01201: gates depend on the input alone, so ⌈log2 T⌉ stages suffice for T steps."""

    kind = "min_gru"

    def recurrence(self, in_channels: int, out_channels: int) -> nn.Module:
        from anenas.blocks._recurrences import MinGRU

        return MinGRU(in_channels, out_channels, bidirectional=self.bidirectional)

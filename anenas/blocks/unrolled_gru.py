"""Gated recurrent unit with every step written out, which the Neural Engine runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas.blocks._base import register
from anenas.blocks._sequence import MAX_UNROLLED_STEPS, RecurrentBlock

if TYPE_CHECKING:
    from torch import nn


@register
class UnrolledGRUBlock(RecurrentBlock):
    """`nn.GRU` (Cho et al. 2014, arXiv:1406.1078) as convolutions and element-wise operations, for short series."""

    kind = "unrolled_gru"
    max_steps = MAX_UNROLLED_STEPS

    def recurrence(self, in_channels: int, out_channels: int) -> nn.Module:
        from anenas.blocks._recurrences import UnrolledGRU

        return UnrolledGRU(in_channels, out_channels, bidirectional=self.bidirectional)

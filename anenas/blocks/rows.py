"""From an image to a series: each row of a feature map is a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas.blocks._activations import activation_choice, activation_layer
from anenas.blocks._base import register
from anenas.blocks._choices import choice
from anenas.blocks._sequence import ImageToSeries

if TYPE_CHECKING:
    from torch import nn


@register
class Rows(ImageToSeries):
    """A 1×1 convolution, then the mean or maximum of each row: from (N, C, H, W) to (N, C', 1, H)."""

    kind = "rows"
    pool: str = choice("", "mean", "max")
    activation: str = activation_choice()

    def size(self, height: int, width: int, stride: int) -> tuple[int, int]:
        return 1, height if height > 1 else width

    def build(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        from torch import nn

        from anenas.blocks._recurrences import Convolution, RowSteps

        activation = activation_layer(self.activation)(inplace=True)
        return nn.Sequential(Convolution(in_channels, out_channels), activation, RowSteps(self.pool))

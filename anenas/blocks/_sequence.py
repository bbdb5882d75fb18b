"""Base classes of sequence blocks. Series are (N, C, 1, T), so that 1×1 convolutions project every step at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from anenas.ane import MAX_STEPS, steps_problem
from anenas.blocks._base import Block
from anenas.blocks._choices import choice

if TYPE_CHECKING:
    from torch import nn

# A step of an unrolled recurrence is about a dozen operations. Apple's compiler takes 13 s for a chain of 256 and 179 s
# for one of 512, and fails beyond 380 convolutions (751K, M6).
MAX_UNROLLED_STEPS = 32


class SequenceBlock(Block):
    """A kind of block that works on series, along their last axis: from (N, C, 1, T) to (N, C', 1, ⌈T / stride⌉).

    Attributes:
        max_steps: Length of the longest series that it takes, after its stride.
        takes_images: Whether it turns images into series.
        compressible: Whether coremltools can compress its weights.
    """

    max_steps: ClassVar[int] = MAX_STEPS
    takes_images: ClassVar[bool] = False
    compressible: ClassVar[bool] = True

    @property
    def off_engine(self) -> bool:
        """Whether it is known to leave the engine.

        Such a block serves as a comparison: if a space offers it, its cost off the engine is counted, and it is not
        rejected for that.
        """
        return False

    def input_problem(self, height: int, width: int, stride: int) -> str | None:
        if height > 1 and not self.takes_images:
            return f"block {self.kind} works on series, (N, C, 1, T), and the input is {height} high"
        if height == 1 and (problem := steps_problem(width)):
            return problem
        _, steps = self.size(height, width, stride)
        if steps > self.max_steps:
            return f"block {self.kind} takes {self.max_steps:,} steps at most, got {steps:,}: stride before it"
        return None


class ImageToSeries(SequenceBlock):
    """A kind of block that turns an image into a series, and keeps the length of a series. It never strides."""

    takes_images: ClassVar[bool] = True

    def problem(self, stride: int) -> str | None:
        return "it never strides; let the stage before it" if stride > 1 else None


def bidirectional_choice() -> Any:
    """The choice of reading series both ways and adding the two results, as Deep Speech 2 does (arXiv:1512.02595).

    Added rather than concatenated, each direction keeps the width, and so the engine's multiple of 16 channels.
    """
    return choice("bi", False, True)


def residual_choice() -> Any:
    """The choice of a skip connection, a 1×1 convolution if the block changes the width."""
    return choice("res", False, True)


class RecurrentBlock(SequenceBlock):
    """A recurrence, optionally both ways and with a skip connection."""

    bidirectional: bool = bidirectional_choice()
    residual: bool = residual_choice()

    def build(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        from anenas.blocks._recurrences import sequence_block

        return sequence_block(self.recurrence, in_channels, out_channels, stride, self.residual)

    def recurrence(self, in_channels: int, out_channels: int) -> nn.Module:
        """The torch module of the recurrence."""
        raise NotImplementedError

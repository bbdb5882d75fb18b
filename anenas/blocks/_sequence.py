"""What every block of series is. Series are (N, C, 1, T), so that 1×1 convolutions project every step at once."""

from __future__ import annotations

from typing import Any, ClassVar

from anenas.ane import MAX_STEPS, steps_problem
from anenas.blocks._base import Block
from anenas.blocks._choices import choice

# A step of an unrolled recurrence is about a dozen operations. Apple's compiler takes 13 s for a chain of 256 and 179 s
# for one of 512, and fails beyond 380 convolutions (751K, M6).
MAX_UNROLLED_STEPS = 32


class SequenceBlock(Block):
    """A kind of block that works on series, along their last axis: from (N, C, 1, T) to (N, C', 1, ⌈T / stride⌉).

    Attributes:
        max_steps: The longest series that it works on, once it has strided.
        takes_images: Whether it makes a series of an image.
        compressible: Whether coremltools compresses its weights.
    """

    max_steps: ClassVar[int] = MAX_STEPS
    takes_images: ClassVar[bool] = False
    compressible: ClassVar[bool] = True

    @property
    def off_engine(self) -> bool:
        """Whether it is known to leave the engine.

        Such a block is there to be compared with: where a space offers it, what it costs beside the engine is counted,
        and it is not rejected for that.
        """
        return False

    def input_problem(self, height: int, width: int, stride: int) -> str | None:
        if height > 1 and not self.takes_images:
            return f"block {self.kind} works on series, (N, C, 1, T), and the input is {height} high"
        if height == 1 and (problem := steps_problem(width)):
            return problem
        _, steps = self.size(height, width, stride)
        if steps > self.max_steps:
            return f"block {self.kind} takes {self.max_steps:,} steps at most, here are {steps:,}: stride before it"
        return None


class ImageToSeries(SequenceBlock):
    """A kind of block that makes a series of an image. A series stays one, as long as it is; it never strides."""

    takes_images: ClassVar[bool] = True

    def problem(self, stride: int) -> str | None:
        return "it never strides; let the stage before it" if stride > 1 else None


def bidirectional_choice() -> Any:
    """The choice of reading series both ways and adding the two results, as Deep Speech 2 does (arXiv:1512.02595).

    Added rather than concatenated, each direction keeps the width, and with it the engine's grid of 16 channels.
    """
    return choice("bi", False, True)


def residual_choice() -> Any:
    """The choice of a skip connection, a 1×1 convolution where the block changes the width."""
    return choice("res", False, True)

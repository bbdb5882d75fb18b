"""What every block of series is. Series are (N, C, 1, T), so that 1×1 convolutions project every step at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from anenas.blocks._base import Block
from anenas.blocks._choices import choice

# A step of an unrolled recurrence is about a dozen operations. Apple's compiler takes 13 s for a chain of 256 and 179 s
# for one of 512, and fails beyond 380 convolutions (751K, M6).
MAX_UNROLLED_STEPS = 32


@dataclass(frozen=True)
class SequenceBlock(Block):
    """A kind of block that works on series, along their last axis: from (N, C, 1, T) to (N, C', 1, ⌈T / stride⌉).

    Attributes:
        max_steps: The longest series that it takes. 1,024 is the Neural Engine guideline for a block size.
        off_engine: Whether it is known to leave the engine. Such a block is there to be compared with: where a space
            offers it, what it costs beside the engine is counted, and it is not turned down for that.
    """

    max_steps: ClassVar[int] = 1024
    off_engine: ClassVar[bool] = False


def bidirectional_choice() -> Any:
    """The choice of reading series both ways and adding the two results, as Deep Speech 2 does (arXiv:1512.02595).

    Added rather than concatenated, each direction keeps the width, and with it the engine's grid of 16 channels.
    """
    return choice("bi", False, True)


def residual_choice() -> Any:
    """The choice of a way past the block, a 1×1 convolution where it changes the width."""
    return choice("res", False, True)

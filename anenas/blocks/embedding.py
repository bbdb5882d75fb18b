"""From token ids to vectors: a convolution on the Neural Engine, or a look-up on the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas.blocks._base import register
from anenas.blocks._choices import choice
from anenas.blocks._sequence import SequenceBlock
from anenas.inputs import TEXTS

if TYPE_CHECKING:
    from torch import nn

# Padded to a multiple of 64, as the guideline says; float16, which the engine computes in, is exact up to 2,048.
_VOCABULARIES = tuple(range(64, 2048 + 1, 64))
_RULE = "a vocabulary is a multiple of 64, at most 2,048"


@register
class Embedding(SequenceBlock):
    """A learned vector for each token: from ids (N, 1, 1, T) to (N, C', 1, T). Id 0 is padding, a zero vector.

    `onehot` compares each id with the whole vocabulary and applies a 1×1 convolution, which the engine runs. `gather`
    is torch's look-up, which Core ML runs on the CPU: its ids are integers, which the engine does not support.
    """

    kind = "embedding"
    input_kind = TEXTS
    vocabulary: int = choice("v", 1024, *(size for size in _VOCABULARIES if size != 1024), rule=_RULE)
    lookup: str = choice("", "onehot", "gather")

    @property
    def off_engine(self) -> bool:
        return self.lookup == "gather"

    def problem(self, stride: int) -> str | None:
        return "it never strides; let the stage after it" if stride > 1 else None

    def build(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        from torch import nn

        from anenas.blocks._lookup import Gather, OneHot

        return nn.Sequential((OneHot if self.lookup == "onehot" else Gather)(self.vocabulary, out_channels))

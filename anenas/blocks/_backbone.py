"""A whole network of timm's, or its beginning, in the place of stages of blocks."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from anenas._errors import AnenasError
from anenas.blocks._base import Block
from anenas.blocks._choices import Choice, Value

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Backbone(Block):
    """A network of timm's up to one of its stages; it takes images of three channels as they are.

    No stage of a space offers it as one of its blocks: it stands alone before the head of an architecture.

    Attributes:
        network: Its name in timm, without the tag that names weights.
        cut: Name of the last stage, such as "blocks.4"; empty where all of it but the classifier is there.
    """

    kind = "timm"
    normalises = True
    network: str = ""
    cut: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.network}" + (f":{self.cut}" if self.cut else "")

    @classmethod
    def parse(cls, text: str) -> Self:
        """The backbone that prints as `text`.

        Raises:
            AnenasError: If that is no such string.
        """
        match = re.fullmatch(rf"{cls.kind}:([a-z0-9_]+)(?::([A-Za-z0-9_.]+))?", text)
        if not match:
            raise AnenasError(f"'{text}': expected a network of timm's such as timm:tf_efficientnet_lite0:blocks.4")
        return cls(match[1], match[2] or "")

    @classmethod
    @functools.cache
    def choices(cls) -> tuple[Choice, ...]:
        return ()

    def values(self) -> dict[str, Value]:
        return {}

    def build(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        from anenas.blocks._timm_network import TimmNetwork

        return TimmNetwork(self.network, self.cut)

    def size(self, height: int, width: int, stride: int) -> tuple[int, int]:
        return _size(self, height, width)

    def place_problem(self, *, first: bool, depth: int, channels: int) -> str | None:
        if first and depth == 1 and channels == 3:
            return None
        return f"{self} takes the network's input, of three channels: it can only be the first, once"


@functools.cache
def _size(backbone: Backbone, height: int, width: int) -> tuple[int, int]:
    from anenas.blocks._timm_network import output_shape

    return output_shape(backbone.network, backbone.cut, height, width)[2:]


def backbone_cuts(network: str) -> dict[str, int]:
    """The stages after which a network of timm's can be cut, the earliest first, and how many channels each has.

    The last one, "", is the whole network. Stages that have shrunk the image less than eightfold are left out: so early
    there is little to classify by.

    Raises:
        AnenasError: If timm has no such network, or it is no CNN that can be cut.
    """
    from anenas.blocks._timm_network import cuts

    return cuts(network)

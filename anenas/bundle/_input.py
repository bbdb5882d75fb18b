"""The input of a bundle's model, as its card, its Swift and its Python describe it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from anenas.inputs import IMAGES, InputKind
from anenas.space import Architecture


@dataclass(frozen=True)
class Input:
    """A kind of input, and what a data set adds to it.

    Attributes:
        kind: Of input.
        meaning: What its numbers must be.
        tokens: Of texts, "words" or "characters"; otherwise empty.
        masked: Whether shorter ones end at the last step.
        stretched: Whether images were stretched to its size in training, rather than cropped.
        pixels: What else was done to the pixels of images in training; empty if nothing.
    """

    kind: InputKind = IMAGES
    meaning: str = IMAGES.meaning
    tokens: str = ""
    masked: bool = False
    stretched: bool = False
    pixels: str = ""

    @classmethod
    def of(cls, architecture: Architecture, metadata: Mapping[str, str] | None = None) -> Input:
        """The input of a network, with the metadata of the data set that it was trained on."""
        kind, metadata = architecture.input_kind, metadata or {}
        return cls(
            kind,
            metadata.get("input", kind.meaning),
            metadata.get("tokens", ""),
            architecture.masked,
            metadata.get("resizing") == "stretched",
            metadata.get("pixels", ""),
        )

    @property
    def one(self) -> str:
        """A variable that holds one input."""
        return self.kind.variable

    @property
    def name(self) -> str:
        """Of the program's input."""
        return self.kind.core_ml_name

    @property
    def axes(self) -> tuple[str, str, str, str]:
        """What each axis counts, the contiguous one last."""
        batch, channels, rows, last = self.kind.axes
        return batch, channels, rows, self.tokens or last

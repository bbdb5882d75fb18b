"""What a bundle's model takes, as its card, its Swift and its Python tell of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from anenas.coreml import INPUT, SERIES, TOKENS
from anenas.space import Architecture


@dataclass(frozen=True)
class Input:
    """One of four kinds of input.

    Attributes:
        kind: What its users call several of it.
        meaning: What its numbers have to be.
        tokens: Of texts, "words" or "characters"; otherwise empty.
        masked: Whether shorter ones end at the last step.
    """

    kind: Literal["images", "series", "texts", "recordings"] = "images"
    meaning: str = "pixels of 0 to 255"
    tokens: str = ""
    masked: bool = False

    @classmethod
    def of(cls, architecture: Architecture, facts: Mapping[str, str] | None = None) -> Input:
        """That of a network, with the facts of the data set that it was trained on."""
        kind, facts = architecture.takes, facts or {}
        meaning = {"images": cls.meaning, "texts": "ids as below"}.get(kind) or facts.get("input", "as they are")
        return cls(kind, meaning, facts.get("tokens", ""), architecture.masked)

    @property
    def one(self) -> str:
        """A variable that holds one of it."""
        return {"images": "pixels", "series": "series", "texts": "text", "recordings": "recording"}[self.kind]

    @property
    def name(self) -> str:
        """Of the program's input."""
        return {"images": INPUT, "texts": TOKENS}.get(self.kind, SERIES)

    @property
    def axes(self) -> tuple[str, str, str, str]:
        """What each axis counts, the one whose numbers lie side by side last."""
        channels = "channels" if self.kind in ("images", "series") else "1"
        rows, last = {
            "images": ("rows", "columns"),
            "series": ("1", "steps"),
            "texts": ("1", self.tokens),
            "recordings": ("1", "samples"),
        }[self.kind]
        return self.kind, channels, rows, last

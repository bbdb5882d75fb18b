"""The frame of a drawing on a page: its size, its axes, and what it shows in words."""

from __future__ import annotations

from dataclasses import dataclass, replace

from anenas.report._axis import Axis
from anenas.report._labels import Box

WIDTH, HEIGHT = 520, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 14, 14, 46
_CHARACTER, _LINE = 7.4, 15  # of a label, in units of the drawing


@dataclass(frozen=True)
class Plot:
    """A drawing with two axes, in units of which a page shows 520 side by side with another, and about 350 alone.

    Attributes:
        name: What it shows, in words.
        x: To the right.
        y: Upwards.
        width: Of the whole.
        height: Likewise.
    """

    name: str
    x: Axis
    y: Axis
    width: int = WIDTH
    height: int = HEIGHT

    @classmethod
    def of(cls, name: str, x: Axis, y: Axis) -> Plot:
        """With both axes along its edges, wherever they began and ended."""
        return cls(name, replace(x, start=_LEFT, end=WIDTH - _RIGHT), replace(y, start=HEIGHT - _BOTTOM, end=_TOP))

    @property
    def inside(self) -> Box:
        """What the axes enclose."""
        return Box(self.x.start, self.y.end, self.x.end, self.y.start)

    def label_size(self, text: str) -> tuple[float, float]:
        """Width and height of a label, about."""
        return _CHARACTER * len(text), _LINE

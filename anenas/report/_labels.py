"""Labels beside points, where they cover neither points nor each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle, y downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: Box) -> float:
        """The area that both cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return width * height if width > 0 and height > 0 else 0.0


@dataclass(frozen=True)
class Label:
    """Where a label stands.

    Attributes:
        x: Its left end.
        y: Its base line's place, y downwards.
        far: Whether it is so far from its point that a line should lead to it.
    """

    x: float
    y: float
    far: bool


_PLACES = tuple(
    (dx, dy, distance > 1)
    for distance in (1, 2.2, 3.6, 5.2)
    for dx, dy in ((1, -1), (1, 1), (-1, -1), (-1, 1), (0, -1.4), (0, 1.4), (1.4, 0), (-1.4, 0))
    for dx, dy in ((dx * distance, dy * distance),)
)


def place_labels(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    taken: Sequence[Box],
    within: Box,
    gap: float = 8.0,
) -> list[Label | None]:
    """A place for the label of each point, in their order; None for one that would cover something wherever it stood.

    Args:
        points: (x, y), y downwards.
        sizes: Width and height of each label.
        taken: What may not be covered, such as the points.
        within: Where labels may stand.
        gap: Between a point and its label.
    """
    covered, found = list(taken), list[Label | None]()
    for (x, y), (width, height) in zip(points, sizes, strict=True):
        best = None
        for dx, dy, far in _PLACES:
            left = x + dx * gap - (width if dx < 0 else width / 2 if dx == 0 else 0)
            top = y + dy * gap - (height if dy < 0 else height / 2 if dy == 0 else 0)
            box = Box(left, top, left + width, top + height)
            inside = within.left <= left and box.right <= within.right and within.top <= top
            if inside and box.bottom <= within.bottom and not any(box.overlap(other) for other in covered):
                best = Label(left, top + 0.8 * height, far)
                covered.append(box)
                break
        found.append(best)
    return found

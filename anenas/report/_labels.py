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
        lead: Where a line from its point ends, if it is so far from it that one should lead to it.
    """

    x: float
    y: float
    lead: tuple[float, float] | None = None


_SIDES = ((1, -1), (1, 1), (-1, -1), (-1, 1), (0, -1.4), (0, 1.4), (1.4, 0), (-1.4, 0))
_DISTANCES = (1, 2.2, 3.6, 5.2)  # in gaps; from the second on a line leads to the label


def place_labels(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    taken: Sequence[Box],
    within: Box,
    faint: Sequence[Box] = (),
    gap: float = 8.0,
) -> list[Label | None]:
    """A place for the label of each point, in their order; None for one that would cover something wherever it stood.

    Args:
        points: (x, y), y downwards.
        sizes: Width and height of each label.
        taken: What may not be covered, such as the points.
        within: Where labels may stand.
        faint: What is covered rather than that a label is far from its point, such as the bars of errors.
        gap: Between a point and its label.
    """
    covered, found = list(taken), list[Label | None]()
    for point, size in zip(points, sizes, strict=True):
        best = None
        for distance, avoided in ((_DISTANCES[0], [*covered, *faint]), *((far, covered) for far in _DISTANCES)):
            boxes = (_beside(point, size, (dx * distance * gap, dy * distance * gap)) for dx, dy in _SIDES)
            best = next((box for box in boxes if _is_free(box, avoided, within)), None)
            if best:
                covered.append(best)
                break
        found.append(_label(best, point, distance > _DISTANCES[0]) if best else None)
    return found


def _beside(point: tuple[float, float], size: tuple[float, float], step: tuple[float, float]) -> Box:
    """The box of a label at a step from its point; on an axis without a step it is centred."""
    (x, y), (width, height), (dx, dy) = point, size, step
    left = x + dx - (width if dx < 0 else width / 2 if dx == 0 else 0)
    top = y + dy - (height if dy < 0 else height / 2 if dy == 0 else 0)
    return Box(left, top, left + width, top + height)


def _is_free(box: Box, avoided: Sequence[Box], within: Box) -> bool:
    inside = within.left <= box.left and box.right <= within.right
    inside = inside and within.top <= box.top and box.bottom <= within.bottom
    return inside and not any(box.overlap(other) for other in avoided)


def _label(box: Box, point: tuple[float, float], is_far: bool) -> Label:
    nearest = min(max(point[0], box.left), box.right), min(max(point[1], box.top), box.bottom)
    return Label(box.left, box.top + 0.8 * (box.bottom - box.top), nearest if is_far else None)

"""Points as a small plot of characters."""

from __future__ import annotations

from collections.abc import Sequence

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of a braille character, by row and column
_BLANK = 0x2800
_MARK = "●"

Point = tuple[float, float]


def plot(points: Sequence[Point], marked: Sequence[Point], width: int, height: int) -> list[str]:
    """Rows of characters, the largest y first, x to the right.

    Args:
        points: Each a dot, two to a character across and four up.
        marked: Drawn as large dots over them.
        width: Characters of a row.
        height: Rows.
    """
    every = [*points, *marked]
    if not every:
        return []
    (left, right), (low, high) = ((min(values), max(values)) for values in zip(*every, strict=True))

    def place(point: Point, across: int, up: int) -> tuple[int, int]:
        """Column and row, the row from above, of a grid."""
        x = (point[0] - left) / (right - left) if right > left else 0.5
        y = (point[1] - low) / (high - low) if high > low else 0.5
        return round(x * (across - 1)), round((1 - y) * (up - 1))

    codes = [[_BLANK] * width for _ in range(height)]
    for point in points:
        column, row = place(point, 2 * width, 4 * height)
        codes[row // 4][column // 2] |= _DOTS[row % 4][column % 2]
    rows = [[chr(code) for code in line] for line in codes]
    for point in marked:
        column, row = place(point, 2 * width, 4 * height)
        rows[row // 4][column // 2] = _MARK
    return ["".join(line) for line in rows]

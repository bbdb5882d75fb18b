"""What a report shows in text and on a page alike: tables, and the inputs that it is most wrong about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: Its heading.
        is_text: Whether it has words rather than numbers.
        is_detail: Whether it is left out where there is little room.
    """

    title: str
    is_text: bool = False
    is_detail: bool = False


@dataclass(frozen=True)
class Sheet:
    """A table of a report.

    Attributes:
        title: Its heading.
        columns: From left to right.
        rows: A cell for each column.
        note: What its columns mean, in sentences.
        left_out: What is said of rows that are not in it; empty where all are.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    left_out: str = ""


@dataclass(frozen=True)
class BadInput:
    """An input that it is wrong about.

    Attributes:
        index: Its place among the inputs.
        file: Where it came from; None where nothing tells.
        cells: What is wrong, a cell for each column of the table.
        caption: The same as a sentence, of which the middle is what is wrong: before, it, after.
    """

    index: int
    file: str | None
    cells: tuple[str, ...]
    caption: tuple[str, str, str]


@dataclass(frozen=True)
class BadInputs:
    """The inputs that it is most wrong about, the worst first.

    Attributes:
        title: Their heading.
        columns: Of their cells.
        inputs: They.
        note: How many there are, a sentence; empty where there are none.
    """

    title: str
    columns: tuple[Column, ...]
    inputs: tuple[BadInput, ...]
    note: str


def texts(*titles: str) -> tuple[Column, ...]:
    """Columns of words."""
    return tuple(Column(title, is_text=True) for title in titles)


def numbers(*titles: str) -> tuple[Column, ...]:
    """Columns of numbers."""
    return tuple(Column(title) for title in titles)


INTERVAL = Column("95 % interval", is_detail=True)


def worst_rows(rows: Sequence[T], most: int | None, goodness: Callable[[T], float | None]) -> list[T]:
    """The rows that are shown: all, or of more than `most` the worst.

    Args:
        rows: All.
        most: None shows all.
        goodness: How good one is; None for what nothing can be said of, which is left out.
    """
    if most is None or len(rows) <= most:
        return list(rows)
    known = [(value, place) for place, value in enumerate(map(goodness, rows)) if value is not None]
    return [rows[place] for _, place in sorted(known)[:most]]


def left_out(shown: Sequence[object], rows: Sequence[object], worst_by: str, what: str) -> str:
    """What is said of a table of the worst rows alone; nothing where it has all.

    Args:
        shown: Its rows.
        rows: All that there are.
        worst_by: The figure that they were chosen by.
        what: They are.
    """
    return f"the {len(shown)} with the lowest {worst_by} of {len(rows):,} {what}" if len(shown) < len(rows) else ""

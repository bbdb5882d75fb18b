"""Windows of a table with a row for each time step."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.data._raw import PARTS

_log = logging.getLogger(__name__)

_GAP = 1.5  # usual steps


@dataclass(frozen=True)
class Window:
    """Consecutive rows of the same window, label, split and group."""

    name: str
    label: str
    split: str
    group: str
    start: int
    """Its first row among those that hold values, from 0."""
    line: int
    """The same among all rows of the file, the header being row 1."""


def windows_of(
    columns: list[tuple[str, ...]], lines: Sequence[int], count: int, said: Sequence[int | None], before: Window | None
) -> Iterator[Window]:
    """The windows that begin in a chunk of rows.

    Args:
        columns: Their cells.
        lines: Their numbers in the file.
        count: Of the rows before them.
        said: The columns of window, label, split and group.
        before: The last window before them.
    """
    nothing = [""] * len(lines)
    each = zip(*(nothing if i is None else columns[i] for i in said), strict=True)
    begun = before and (before.name, before.label, before.split, before.group)
    start = 0
    for words, members in itertools.groupby(each):
        window, label, split, group = (word.strip() for word in words)
        if said[2] is None:
            split = "train"
        if (window, label, split, group) != begun:
            yield Window(window, label, split, group, count + start, lines[start])
        begun = window, label, split, group
        start += sum(1 for _ in members)


def check_windows(path: Path, windows: Sequence[Window]) -> None:
    """Check that every window has a name, one label, split and group, and consecutive rows."""
    seen: set[str] = set()
    grouped = any(window.group for window in windows)
    for before, window in zip([None, *windows], windows, strict=False):
        here = f"'{path}', row {window.line}: "
        if not window.name or not window.label:
            raise AnenasError(f"{here}{'label' if window.name else 'window'} is empty; expected a name")
        if grouped and not window.group:
            raise AnenasError(f"{here}the group of window '{window.name}' is empty; expected a name")
        if window.split not in PARTS:
            raise AnenasError(f"{here}split is '{window.split}'; expected {', '.join(PARTS[:-1])} or {PARTS[-1]}")
        if before and before.name == window.name:
            for what in ("label", "split", "group"):
                one, other = getattr(before, what), getattr(window, what)
                if one != other:
                    raise AnenasError(
                        f"{here}the {what} of window '{window.name}' is '{other}' and was '{one}' before; give each "
                        f"window its own name"
                    )
        if window.name in seen:
            raise AnenasError(
                f"{here}window '{window.name}' appears again after other windows; put its rows one after the "
                f"other, and give each window its own name"
            )
        seen.add(window.name)


def check_there(
    path: Path, windows: Sequence[Window], bounds: Sequence[int], values: NDArray[np.float32], names: Sequence[str]
) -> None:
    """Check that every window has a value of each channel."""
    empty = np.logical_and.reduceat(np.isnan(values), bounds[:-1], 0)
    if empty.any():
        which, channel = np.argwhere(empty)[0]
        window = windows[which]
        raise AnenasError(
            f"'{path}', row {window.line}: window '{window.name}' has no value of {names[channel]}; leave one of them "
            "out"
        )


def tell_of_time(
    path: Path, name: str, times: NDArray[np.float64], windows: Sequence[Window], bounds: Sequence[int]
) -> None:
    """Log how many windows have steps that are not equally long, if the times are numbers."""
    steps = np.diff(np.where(np.isfinite(times), times, np.nan))
    steps[np.array(bounds[1:-1], int) - 1] = np.nan  # between windows
    usual = np.median(steps[np.isfinite(steps)]) if np.isfinite(steps).any() else 0
    if not usual > 0:
        return
    with np.errstate(invalid="ignore"):
        uneven = np.append((steps > _GAP * usual) | (steps < 0), False)
    which = np.flatnonzero(np.logical_or.reduceat(uneven, bounds[:-1]))
    if len(which):
        _log.warning(
            f"'{path}': {len(which):,} of {len(windows):,} series have gaps or steps back in {name}, the first in "
            f"window '{windows[which[0]].name}': their steps are treated as equally long"
        )

"""Rows of series without a gap between them, and the windows in them that end before a row to be forecast."""

from __future__ import annotations

import itertools
import logging
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.data._raw import PARTS

_log = logging.getLogger(__name__)

_HELD = 0.2  # of each series, the last for tests, and of the rest the last to validate with
_GAP = 1.5  # usual steps
_UNEVEN = 0.2  # of a usual step, by which others may differ without being told; months do by less
_FEWEST_MOVES = 8  # one way, which no series that may as well go the other way does
_MONTH = re.compile(r"\d{4}-\d{2}")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_BREAK = r"[\s,.-]+"
_NAMED = (  # such as "1 Jan 2000", "Jan 1, 2000 13:00" and "Jan 2000", and "2000 Jan"
    re.compile(
        rf"(?:(?P<day>\d{{1,2}}){_BREAK})?(?P<month>[^\W\d]{{3,9}}){_BREAK}"
        rf"(?:(?P<other>\d{{1,2}}){_BREAK})?(?P<year>\d{{4}})(?P<rest>\D.*)?"
    ),
    re.compile(rf"(?P<year>\d{{4}}){_BREAK}(?P<month>[^\W\d]{{3,9}})(?:{_BREAK}(?P<day>\d{{1,2}}))?(?P<rest>\D.*)?"),
)
_SLASHES = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})")  # where the year is first, the order is known
_CLOCK = 0.9  # of the steps of a clock that are equally long


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows in the order of time, each series after the other.

    Attributes:
        path: Of their table, for messages.
        series: (rows,), the number of the series of each, ascending.
        values: (rows, C); NaN is missing.
        times: (rows,), NaN where unknown; None takes all steps as equally long.
        clock: The name of the column of times.
    """

    path: Path
    series: NDArray[np.int64]
    values: NDArray[np.float32]
    times: NDArray[np.float64] | None
    clock: str = ""

    @cached_property
    def part(self) -> NDArray[np.int64]:
        """(rows,), the place in `PARTS` of each: the last fifth of each series is for tests."""
        _, first, counts = np.unique(self.series, return_index=True, return_counts=True)
        place = np.arange(len(self.series)) - np.repeat(first, counts)
        rest = np.round(counts * (1 - _HELD))
        train = np.round(rest * (1 - _HELD))
        test, held = place >= np.repeat(rest, counts), place >= np.repeat(train, counts)
        return np.where(test, PARTS.index("test"), np.where(held, PARTS.index("validation"), PARTS.index("train")))

    @cached_property
    def before(self) -> NDArray[np.int64]:
        """(rows,), how many rows of the same series and split are right before each, without a gap."""
        missing = np.asarray(np.isnan(self.values).any(axis=1))
        ends = self._gaps | (np.diff(self.series) != 0) | (np.diff(self.part) != 0)
        cut = ends | missing[1:] | missing[:-1]
        rows = np.arange(len(missing))
        return rows - np.maximum.accumulate(np.where(np.append(True, cut), rows, 0))

    @cached_property
    def _gaps(self) -> NDArray[np.bool_]:
        """(rows - 1,), whether there is a gap in time after a row."""
        gaps = np.zeros(len(self.series) - 1, bool)
        if self.times is not None:
            for steps, usual, places in self._steps(self.times):
                gaps[places] = ~((steps > 0) & (steps <= _GAP * usual))
        return gaps

    def _steps(self, times: NDArray[np.float64]) -> list[tuple[NDArray[np.float64], float, slice]]:
        """Of each series of several rows its steps in time, the usual one, and where they are."""
        bounds = [0, *(np.flatnonzero(np.diff(self.series)) + 1), len(self.series)]
        found = []
        for start, end in itertools.pairwise(bounds):
            steps = np.diff(times[start:end])
            forward = steps[steps > 0]
            found.append((steps, float(np.median(forward)) if len(forward) else 0.0, slice(start, end - 1)))
        return found

    def is_clock(self, column: int) -> bool:
        """Whether a column rises by the same in nearly every step of each series, as the number of a year does."""
        alike = total = 0
        for steps, usual, _ in self._steps(self.values[:, column].astype(np.float64)):
            if not (steps > 0).all():
                return False
            alike, total = alike + int((np.abs(steps - usual) <= 0.01 * usual).sum()), total + len(steps)
        return alike >= max(2, _CLOCK * total)

    def is_running(self, column: int) -> bool:
        """Whether a column never falls, or never rises, within any series, so that what comes last is new."""
        steps = np.diff(self.values[:, column])[np.diff(self.series) == 0]
        there = steps[~np.isnan(steps)]
        moves = int(np.count_nonzero(there))
        return moves >= _FEWEST_MOVES and bool((there >= 0).all() or (there <= 0).all())

    def tell(self, names: Sequence[str]) -> None:
        """Log what no window reaches over, and steps that are not equally long.

        Args:
            names: Of the columns.
        """
        missing = np.isnan(self.values)
        if (count := int(missing.any(1).sum())) > 0:
            each = ", ".join(f"{n:,} of {name}" for name, n in zip(names, missing.sum(0).tolist(), strict=True) if n)
            _log.warning(
                f"'{self.path}': {count:,} of {len(missing):,} rows have a missing value ({each}): no window spans them"
            )
        if self.times is None:
            return
        if (count := int(self._gaps.sum())) > 0:
            _log.warning(f"'{self.path}': {count:,} gaps or steps back in {self.clock}: no window spans them")
        by_series = self._steps(self.times)
        uneven = sum(
            int((~self._gaps[places] & (np.abs(steps - usual) > _UNEVEN * usual)).sum())
            for steps, usual, places in by_series
        )
        if uneven:
            _log.warning(
                f"'{self.path}': {uneven:,} of {sum(len(steps) for steps, *_ in by_series):,} steps of {self.clock} "
                "are longer or shorter than usual: treated as equally long"
            )

    def longest(self) -> int:
        """Rows of the longest stretch of the split that has the shortest of these."""
        return min(int(self.before[self.part == part].max(initial=-1)) + 1 for part in range(len(PARTS)))

    def forecast(self, steps: int, limits: Mapping[str, int]) -> dict[str, NDArray[np.int64]]:
        """By split, the rows that so many others come right before, which are the window.

        Args:
            steps: Of a window.
            limits: By split, how many rows at most: of more, they are taken at equal distances, which is logged.

        Raises:
            AnenasError: If a split has none.
        """
        found = {}
        for place, part in enumerate(PARTS):
            rows = np.flatnonzero((self.before >= steps) & (self.part == place))
            if not len(rows):
                here = int(self.before[self.part == place].max(initial=-1)) + 1
                raise AnenasError(
                    f"'{self.path}': the longest run of {part} rows without a gap has {here:,} rows; a window of "
                    f"{steps} steps and the step after it need {steps + 1}: ask for shorter windows, or give more rows"
                )
            every = -(-len(rows) // limits[part])
            if every > 1:
                _log.info(f"'{self.path}': of {len(rows):,} {part} windows, one in {every} is used")
            found[part] = rows[::every]
        return found

    def windows(self, rows: NDArray[np.int64], columns: Sequence[int], steps: int) -> NDArray[np.float32]:
        """(n, C, steps), the values of some columns in so many steps before each row."""
        each = np.lib.stride_tricks.sliding_window_view(self.values[:, list(columns)], steps, 0)
        return each[rows - steps]


def is_date(cell: str) -> bool:
    """Whether it is a date, perhaps with a time, in ISO 8601, the same with slashes, or a month such as 2024-01; or one
    with the English name of its month, such as Jan 31 2024.
    """
    return not math.isnan(_second(cell))


def are_dates(cells: Sequence[str]) -> bool:
    """Whether most cells that are not empty are dates; numbers may look so by chance, as 20240131 does."""
    there = [cell for cell in cells if cell.strip()]
    return 2 * sum(map(is_date, there)) > len(there)


def seconds_of(cells: Sequence[str]) -> NDArray[np.float64]:
    """Such dates as seconds, NaN where a cell is none."""
    return np.array([_second(cell) for cell in cells])


def _second(cell: str) -> float:
    text = cell.strip()
    if slashes := _SLASHES.match(text):
        year, month, day = slashes.groups()
        text = f"{year}-{month:0>2}-{day:0>2}{text[slashes.end() :]}"
    text = _without_name(text)
    if text.isdigit() and len(text) != 8:  # 1712120100123, milliseconds, would be a date with a time
        return math.nan
    try:
        found = datetime.fromisoformat(f"{text}-01" if _MONTH.fullmatch(text) else text)
    except ValueError:
        return math.nan
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _without_name(text: str) -> str:
    """A date with the name of its month in ISO 8601; any other text as it is."""
    for form in _NAMED:
        if (match := form.fullmatch(text)) and (month := match["month"][:3].lower()) in _MONTHS:
            part = match.groupdict()
            day = part["day"] or part.get("other") or "1"
            return f"{part['year']}-{_MONTHS.index(month) + 1:02}-{day:0>2}{part['rest'] or ''}"
    return text

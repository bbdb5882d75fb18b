"""Which series each row of a table is of, where no column is called so: one row for each step of several series."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_DECIMAL = re.compile(r"[+-]?\d*[.,]\d+(?:[eE][+-]?\d+)?|[+-]?\d+[eE][+-]?\d+")
_MOST_COLUMNS, _MOST_TOGETHER = 6, 3
_FEWEST_ROWS = 3  # of each series on average
_GAP = 1.5  # usual steps
_RECURRING = 0.9  # of the rows, which have as many times at most


def may_name(cells: Iterable[str]) -> bool:
    """Whether a column of such cells may name series: words, whole numbers or both, and no measurements."""
    texts = [text for cell in cells if (text := cell.strip())]
    return len(set(texts)) > 1 and not any(_DECIMAL.fullmatch(text) for text in texts)


class Whose:
    """Columns that may name the series of each row, as they are read.

    Args:
        places: Where each is in the table, by its name.
        words: The names of those that are words, or called like whose data they are: "store_id", "device".
    """

    def __init__(self, places: Mapping[str, int], words: Sequence[str]) -> None:
        numbers = [name for name in places if name not in words]
        self._places = {name: places[name] for name in [*words, *numbers][:_MOST_COLUMNS]}
        self._words = words
        self._known: dict[str, dict[str, int]] = defaultdict(dict)
        self._read: dict[str, list[NDArray[np.int64]]] = defaultdict(list)

    def add(self, cells: Sequence[Sequence[str]]) -> None:
        """Read a chunk of rows: the cells of each column of the table."""
        for name, place in self._places.items():
            known = self._known[name]
            self._read[name].append(np.array([known.setdefault(one.strip(), len(known)) for one in cells[place]]))

    def series(self, times: NDArray[np.float64] | None) -> tuple[tuple[str, ...], NDArray[np.int64]] | None:
        """The fewest columns that tell the rows of several series apart, and the number of each row's; None of one.

        Where times are known and go back, these are columns of which each value has times that only go one way, at the
        usual steps; a tenth of the times recur, for each clock goes back in autumn, or the rows of each value are one
        after the other. Where no times are known, it is a column of words of which the latter holds.

        Args:
            times: (rows,), NaN where unknown.
        """
        codes = {name: np.concatenate(read) for name, read in self._read.items()}
        useful = {name: code for name, code in codes.items() if 1 <= code.max() < len(code) // _FEWEST_ROWS}
        known = np.empty(0) if times is None else times[~np.isnan(times)]
        if times is None or not len(known):
            for name, code in useful.items():
                if name in self._words and _are_together(code):
                    return (name,), code
            return None
        if (np.diff(known) > 0).all():
            return None
        each = np.unique(known)
        usual, recur = float(np.median(np.diff(each, append=np.inf))), len(each) <= _RECURRING * len(known)
        for count in range(1, _MOST_TOGETHER + 1):
            for names in itertools.combinations(useful, count):
                code = useful[names[0]] if count == 1 else _joined([useful[name] for name in names])
                if (recur or _are_together(code)) and _tells_apart(code, times, usual):
                    return names, code
        return None


def _are_together(code: NDArray[np.int64]) -> bool:
    """Whether the rows of each value are one after the other."""
    return bool(np.count_nonzero(np.diff(code)) == code.max())


def _joined(codes: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """The number of each combination."""
    _, found = np.unique(np.stack(codes), axis=1, return_inverse=True)
    return np.asarray(found, np.int64).reshape(-1)


def _tells_apart(code: NDArray[np.int64], times: NDArray[np.float64], usual: float) -> bool:
    """Whether the times of each value go one way, most by the usual step."""
    order = np.argsort(code, kind="stable")
    steps = np.diff(times[order])[np.diff(code[order]) == 0]
    steps = steps[~np.isnan(steps)]
    is_one_way = len(steps) > 0 and ((steps > 0).all() or (steps < 0).all())
    return bool(is_one_way and np.median(np.abs(steps)) < _GAP * usual)

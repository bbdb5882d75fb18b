"""Columns of a table that say when and of what a row is, rather than what was measured."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.data._series import FEWEST, counts_each, is_constant
from anenas.tables import are_words

_log = logging.getLogger(__name__)

SERIES_COLUMNS = (
    "window", "window_id", "series", "series_id", "sequence", "sequence_id", "segment", "segment_id", "id",
)  # fmt: skip
"""Usual names of the column that names the series of a row, the best first."""

_UNITS = "s|sec|secs|seconds|ms|msec|millis|milliseconds|us|ns|utc|unix|epoch"
_ORIGINS = "unix|epoch|utc|local|system|device|sensor|relative|elapsed|log|sample|sampling"
_TIME = (
    rf"(?:(?:{_ORIGINS})_)?(?:time|times|timestamp|time_stamp|date|datetime|date_time|clock|elapsed)(?:_(?:{_UNITS}))*"
)
_COUNTED = "row|record|step|frame|sample|time"
_COUNTS = rf"unnamed.*|row|record|step|time_?step|time_?point|frame|seq|(?:(?:{_COUNTED})_)?(?:index|idx|number|no|nr)"
_OWNERS = "user|subject|participant|person|patient|session|trial|recording|experiment|device|file"
_OWNED = f"(?:.*_)?(?:id|uuid|guid)|(?:{_OWNERS})(?:_?(?:id|no|nr|number|name|code))?"
_BOOKKEEPING = re.compile(f"{_TIME}|{_COUNTS}|{_OWNED}|seconds_elapsed")


def _plain(name: str) -> str:
    """The name of a column in lower case, words with one underscore between, without a unit in brackets."""
    name = re.sub(r"[(\[].*[)\]]$", "", name.strip())
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[\s._:-]+", "_", name).strip("_").lower()


def is_bookkeeping(name: str) -> bool:
    """Whether a column of that name holds the time, the number of a row, or whose it is."""
    return _BOOKKEEPING.fullmatch(_plain(name)) is not None


def is_owner(name: str) -> bool:
    """Whether a column of that name tells whose a row is, such as a user or a device."""
    return re.fullmatch(_OWNED, _plain(name)) is not None


def is_time(name: str) -> bool:
    """Whether a column of that name holds the time."""
    return re.fullmatch(f"{_TIME}|seconds_elapsed", _plain(name)) is not None


def of_words(columns: Sequence[str], header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The columns that hold words, such as "rain" and "sun".

    Args:
        columns: The names of some of a table's columns.
        header: The names of all.
        rows: Its first rows.
    """
    places = {name: header.index(name) for name in columns}
    return [name for name, place in places.items() if are_words(row[place] for row in rows)]


def tell_words(path: Path, words: Sequence[str]) -> None:
    """Log columns of words, which are not learnt from."""
    if words:
        _log.warning(
            f"'{path}': columns ignored: {', '.join(words)}: words; write numbers, such as 0 and 1, to use them"
        )


def learnable(
    path: Path, names: Sequence[str], values: NDArray[np.float32], train: NDArray[np.bool_], bounds: Sequence[int]
) -> list[int]:
    """The channels, by their places, that neither are always the same nor tell the time, as clocks and row numbers do.

    Those left out are logged.

    Args:
        path: Of the table.
        names: Of the channels.
        values: (rows, C).
        train: (rows,), whether they are of training series.
        bounds: Where each series begins, and the end of the last.

    Raises:
        AnenasError: If none is left.
    """
    running, counting, constant, kept = [], [], [], []
    for i, name in enumerate(names):
        column = values[:, i]
        if is_constant(column[train]):
            constant.append(name)
        elif _is_running(column, len(bounds) - 1):
            running.append(name)
        elif counts_each(column, bounds):
            counting.append(name)
        else:
            kept.append(i)
    if running:
        _log.warning(
            f"'{path}': columns ignored: {', '.join(running)}, which only rise or fall through the whole file, like a "
            "clock"
        )
    if counting:
        _log.warning(
            f"'{path}': columns ignored: {', '.join(counting)}, which begin anew in each series and rise or fall "
            "evenly, like the number or the time of a step"
        )
    if constant:
        _log.warning(f"'{path}': columns ignored: {', '.join(constant)}, constant in the training series")
    if not kept:
        raise AnenasError(f"'{path}': no channel is left to learn from; expected columns with measurements")
    return kept


def _is_running(values: NDArray[np.float32], series: int) -> bool:
    """Whether (n,) values go one way through all of so many series, as a clock does."""
    steps = np.diff(values[~np.isnan(values)])
    return series >= FEWEST and bool(steps.any()) and bool((steps >= 0).all() or (steps <= 0).all())

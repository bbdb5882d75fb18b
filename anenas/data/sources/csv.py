"""Windows of series in one .csv file, a row for each time step."""

from __future__ import annotations

import dataclasses
import itertools
import json
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas._files import expanded
from anenas.ane import MAX_STEPS
from anenas.data._columns import SERIES_COLUMNS, is_bookkeeping, is_time, learnable, of_words, tell_words
from anenas.data._format import InputFormat
from anenas.data._raw import PARTS, Examples, RawData, file_safe
from anenas.data._series import ending_in_nan, read_series
from anenas.data._sources import source
from anenas.data._windows import Window, check_there, check_windows, tell_of_time, windows_of
from anenas.inputs import SERIES
from anenas.tables import Numbers, Table, open_table
from anenas.tasks import numbered

_log = logging.getLogger(__name__)

_GROUPS = ("group", "subject")
_NAMED = 12  # channels in a card
_CHUNK = 65_536  # rows that are in memory as text at once


@dataclass(frozen=True)
class _Header:
    """Where each column is; None where there is none."""

    names: tuple[str, ...]
    said: tuple[int | None, ...]
    """Of window, label, split and group."""
    channels: tuple[int, ...]
    time: int | None


@source("csv", SERIES, rest="FILE", suffix=".csv")
def read_csv(rest: str, wanted: InputFormat) -> RawData:
    """Series from a file with a row for each step and a header.

    The column `window` names the series that a row belongs to; its rows are consecutive, in the order of time. Without
    it, `series`, `sequence`, `segment` or `id` does, or the same with `_id`. The column `label` is its class, any text.
    Every other column is a channel, in the file's order, except `split`, which is train, validation or test, and
    `group` or `subject`: groups stay whole if a validation or test set is held out. Windows may be of unequal length.
    Empty cells and NaN are gaps, which are filled with the value before them.

    Columns that hold the time, the number of a row or of a step, or an id are not learnt from, nor those that are
    always the same; they are logged.

    Args:
        rest: The file, with commas, semicolons or tabs between columns, in UTF-8 or as `encoding_of` finds.
        wanted: The names of the channels, if a model has learnt them already; series are taken as they are.

    Raises:
        AnenasError: The file is not there, or is not as described; it names the row, the header being row 1.
    """
    path = expanded(rest)
    with open_table(path) as table:
        header, windows, values, times = _read(path, table, wanted.columns)
    check_windows(path, windows)
    bounds = [*(window.start for window in windows), len(values)]
    _check_lengths(path, header, windows, np.diff(bounds))
    if header.time is not None:
        tell_of_time(path, header.names[header.time], times, windows, bounds)
    names = [header.names[channel] for channel in header.channels]
    if wanted.columns is None:
        train = np.repeat([window.split == "train" for window in windows], np.diff(bounds))
        kept = learnable(path, names, values, train, bounds)
        names, values = [names[i] for i in kept], values[:, kept]
    check_there(path, windows, bounds, values, names)
    parts = {part: [i for i, window in enumerate(windows) if window.split == part] for part in PARTS}
    parts = {part: members for part, members in parts.items() if members}
    each = [values[start:end].T for start, end in itertools.pairwise(bounds)]
    series = read_series(
        f"'{path}'",
        {
            f"{part}_x": ending_in_nan([each[i] for i in rows], int(np.diff(bounds).max()))
            for part, rows in parts.items()
        },
        layout="nct",
        names=names,
        lengths={f"{part}_x": np.diff(bounds)[rows] for part, rows in parts.items()},
        known=wanted.columns is not None,
    )
    classes, labels = numbered([window.label for window in windows])
    groups = np.array([window.group for window in windows]) if header.said[3] is not None else None
    examples = {
        part: Examples(series[f"{part}_x"], labels[rows], None if groups is None else groups[rows])
        for part, rows in parts.items()
    }
    metadata = {"columns": json.dumps(names, ensure_ascii=False), "input": _meaning(names, series["train_x"].masked)}
    return RawData.of_parts(file_safe(path.stem), SERIES, classes, examples, metadata=metadata)


def _meaning(names: Sequence[str], masked: bool) -> str:
    """What the channels are, for the card."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}, in this order" + (", then a mask of the steps" if masked else "")


def _check_lengths(path: Path, header: _Header, windows: Sequence[Window], lengths: NDArray[np.int64]) -> None:
    """Check that windows have several steps, but not too many, and that there are some to train on."""
    longest = int(lengths.max())
    if longest > MAX_STEPS:
        window = windows[int(lengths.argmax())]
        raise AnenasError(
            f"'{path}', row {window.line}: window '{window.name}' has {longest:,} steps; at most {MAX_STEPS:,} "
            f"suit the Neural Engine: cut it into several windows"
        )
    if longest == 1:
        column = header.names[header.said[0] or 0]
        raise AnenasError(f"'{path}': {column} changes within a series; expected one value for all steps of a series")
    if not any(window.split == "train" for window in windows):
        raise AnenasError(f"'{path}': no window has the split train")


def _read(
    path: Path, table: Table, columns: tuple[str, ...] | None
) -> tuple[_Header, list[Window], NDArray[np.float32], NDArray[np.float64]]:
    """The header, the windows in the file's order, and of every row the values, (rows, C), and the time, (rows,)."""
    header = _header(table, columns)
    chunks = table.chunks(_CHUNK)
    first = next(chunks, None)
    if first is None:
        raise AnenasError(f"'{path}' has only a header; expected one row per step of each window")
    if columns is None:
        channels = [header.names[channel] for channel in header.channels]
        tell_words(path, words := of_words(channels, header.names, first[1]))
        kept = [name for name in channels if name not in words]
        header = dataclasses.replace(header, channels=_some(path, header.names, kept))
    numbers = Numbers(path)
    windows: list[Window] = []
    values: list[NDArray[np.float32]] = []
    times: list[NDArray[np.float64]] = []
    count = 0
    for lines, rows in itertools.chain([first], chunks):
        cells = list(zip(*rows, strict=True))
        measured = {header.names[channel]: cells[channel] for channel in header.channels}
        clock = {} if header.time is None else {header.names[header.time]: cells[header.time]}
        numbers.look({**clock, **measured}, lines)
        values.append(numbers.read(measured, lines).astype(np.float32))
        if clock:
            times.append(numbers.read(clock, lines, otherwise=math.nan)[:, 0])
        windows += windows_of(cells, lines, count, header.said, windows[-1] if windows else None)
        count += len(rows)
    return header, windows, np.concatenate(values), np.concatenate(times or [np.empty(0)])


def _header(table: Table, wanted: tuple[str, ...] | None) -> _Header:
    path, names = table.path, table.header
    window = next((name for name in SERIES_COLUMNS if name in names), None)
    if window is None or "label" not in names:
        found = f"found {', '.join(names)}" + ("" if len(names) > 1 else f"; are there {table.delimiter} between them?")
        missing = "label" if window else "window"
        hint = f"; to predict a column's next value, name it: forecast:{path}:COLUMN" if len(names) > 1 else ""
        raise AnenasError(f"'{path}', row 1: no column '{missing}'; expected window, label and channels, {found}{hint}")
    if window != "window":
        _log.info(f"'{path}': the column {window} names the series that a row belongs to")
    if set(_GROUPS) <= {*names}:
        raise AnenasError(f"'{path}', row 1: windows are grouped by group or by subject; leave one of the columns out")
    grouped = next((name for name in _GROUPS if name in names), "")
    said = tuple(names.index(name) if name in names else None for name in (window, "label", "split", grouped))
    others = [name for name in names if names.index(name) not in said]
    time = next((names.index(name) for name in others if is_time(name)), None)
    return _Header(names, said, _channels(path, names, others, wanted), time)


def _channels(path: Path, names: tuple[str, ...], others: list[str], wanted: tuple[str, ...] | None) -> tuple[int, ...]:
    """The columns that may be learnt from, or those that a model has learnt from."""
    if wanted is not None:
        for name in wanted:
            if name not in others:
                raise AnenasError(f"'{path}', row 1: no column '{name}'; expected {', '.join(wanted)}")
        return tuple(names.index(name) for name in wanted)
    if left_out := [name for name in others if is_bookkeeping(name)]:
        _log.warning(
            f"'{path}': columns ignored: {', '.join(left_out)}: times, row numbers and ids could give classes "
            f"away; rename a column to use it, or rename it to `group` to keep its series together"
        )
    return _some(path, names, [name for name in others if not is_bookkeeping(name)])


def _some(path: Path, names: tuple[str, ...], channels: Sequence[str]) -> tuple[int, ...]:
    if not channels:
        raise AnenasError(f"'{path}', row 1: no channels; expected columns of numbers besides {', '.join(names)}")
    return tuple(names.index(name) for name in channels)

"""Windows of series in one .csv file, a row for each time step."""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.ane import MAX_STEPS
from anenas.data._format import InputFormat
from anenas.data._raw import PARTS, Examples, RawData, file_safe, numbered
from anenas.data._series import ending_in_nan, read_series
from anenas.data._sources import source
from anenas.inputs import SERIES

_NEEDED = ("window", "label")
_GROUPS = ("group", "subject")
_SAID = (*_NEEDED, "split", *_GROUPS)
_CHUNK = 65_536  # rows that are in memory as text at once


@dataclass(frozen=True)
class _Header:
    """Where each column is; None where there is none."""

    names: tuple[str, ...]
    said: tuple[int | None, ...]
    """Of window, label, split and group."""
    channels: tuple[int, ...]


@dataclass(frozen=True)
class _Window:
    """Consecutive rows of the same window, label, split and group."""

    name: str
    label: str
    split: str
    group: str
    start: int
    """Its first row among those that hold values, from 0."""
    line: int
    """The same among all rows of the file, the header being row 1."""


# The csv module rather than pandas: so errors name the row, and at most 65,536 rows are in memory as text.
@source("csv", SERIES, rest="FILE", suffix=".csv")
def read_csv(rest: str, wanted: InputFormat) -> RawData:
    """Series from a file with a row for each step and a header.

    The column `window` names the series that a row belongs to; its rows are consecutive, in the order of time. The
    column `label` is its class, any text. Every other column is a channel, in the file's order, except `split`, which
    is train, validation or test, and `group` or `subject`: groups stay whole if a validation or test set is held out.
    Windows may be of unequal length.

    Args:
        rest: The file, in UTF-8, with commas between columns and points in numbers.
        wanted: Ignored: series are taken as they are.

    Raises:
        AnenasError: The file is not there, or is not as described; it names the row, the header being row 1.
    """
    path = Path(rest).expanduser()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, windows, values = _read(path, file)
    except UnicodeDecodeError as error:
        raise AnenasError(f"'{path}' is not UTF-8 text (byte {error.start:,}); save it as CSV in UTF-8") from error
    except OSError as error:
        raise AnenasError(f"cannot read '{path}': {error.strerror or error}") from error
    _check_windows(path, windows)
    bounds = [*(window.start for window in windows), len(values)]
    lengths = np.diff(bounds)
    longest = int(lengths.max())
    if longest > MAX_STEPS:
        window = windows[int(lengths.argmax())]
        raise AnenasError(
            f"'{path}', row {window.line}: window '{window.name}' has {longest:,} steps; at most {MAX_STEPS:,} "
            f"suit the Neural Engine: cut it into several windows"
        )
    parts = {part: [i for i, window in enumerate(windows) if window.split == part] for part in PARTS}
    if not parts["train"]:
        raise AnenasError(f"'{path}': no window has the split train")
    each = [values[start:end].T for start, end in itertools.pairwise(bounds)]
    arrays = {
        f"{part}_x": ending_in_nan([each[i] for i in members], longest) for part, members in parts.items() if members
    }
    names = [header.names[channel] for channel in header.channels]
    series = read_series(f"'{path}'", arrays, layout="nct", names=names)
    classes, labels = numbered([window.label for window in windows])
    examples = {
        part: Examples(
            series[f"{part}_x"],
            labels[members],
            np.array([windows[i].group for i in members]) if header.said[3] is not None else None,
        )
        for part, members in parts.items()
        if members
    }
    return RawData.of_parts(file_safe(path.stem), SERIES, classes, examples)


def _read(path: Path, file: TextIO) -> tuple[_Header, list[_Window], NDArray[np.float32]]:
    """The header, the windows in the file's order, and the values of every row, (rows, C)."""
    reader = csv.reader(file)
    try:
        header = _header(path, next(reader, []))
        windows: list[_Window] = []
        values: list[NDArray[np.float32]] = []
        count, line = 0, 2
        while rows := list(itertools.islice(reader, _CHUNK)):
            lines: Sequence[int] = range(line, line + len(rows))
            line += len(rows)
            if {*map(len, rows)} != {len(header.names)}:
                rows, lines = _filled(path, rows, lines, header)
            if not rows:
                continue
            columns = list(zip(*rows, strict=True))
            values.append(_values(path, columns, lines, header))
            windows += _windows(columns, lines, count, header, windows[-1] if windows else None)
            count += len(rows)
    except csv.Error as error:
        raise AnenasError(f"'{path}', line {reader.line_num}: {error}; write it as CSV again") from error
    if not values:
        raise AnenasError(f"'{path}' has no row but its header; expected a row for each step of each window")
    return header, windows, np.concatenate(values)


def _header(path: Path, row: list[str]) -> _Header:
    names = tuple(name.strip() for name in row)
    if not any(names):
        raise AnenasError(f"'{path}' is empty, or begins with an empty row; expected a header with window and label")
    found = f"found {', '.join(names)}" + ("" if len(names) > 1 else "; are there commas between columns?")
    for name in _NEEDED:
        if name not in names:
            raise AnenasError(f"'{path}', row 1: no column '{name}'; expected window, label and channels, {found}")
    for name in names:
        if not name or names.count(name) > 1:
            what = f"two columns are called '{name}'" if name else f"column {names.index(name) + 1} has no name"
            raise AnenasError(f"'{path}', row 1: {what}; give each a name of its own")
    if set(_GROUPS) <= {*names}:
        raise AnenasError(f"'{path}', row 1: windows are grouped by group or by subject; leave one of the columns out")
    channels = tuple(i for i, name in enumerate(names) if name not in _SAID)
    if not channels:
        raise AnenasError(f"'{path}', row 1: no channels; expected columns of numbers beside {', '.join(names)}")
    grouped = next((name for name in _GROUPS if name in names), "")
    said = tuple(names.index(name) if name in names else None for name in (*_NEEDED, "split", grouped))
    return _Header(names, said, channels)


def _filled(
    path: Path, rows: list[list[str]], lines: Sequence[int], header: _Header
) -> tuple[list[list[str]], Sequence[int]]:
    """The rows that are not empty, with their lines; each must have all columns."""
    filled = [(row, line) for row, line in zip(rows, lines, strict=True) if row]
    for row, line in filled:
        if len(row) != len(header.names):
            raise AnenasError(f"'{path}', row {line}: {len(row)} columns, but the header has {len(header.names)}")
    return [row for row, _ in filled], [line for _, line in filled]


def _values(path: Path, columns: list[tuple[str, ...]], lines: Sequence[int], header: _Header) -> NDArray[np.float32]:
    values = np.empty((len(lines), len(header.channels)), np.float32)
    with np.errstate(over="ignore"):  # to infinity
        for i, channel in enumerate(header.channels):
            try:
                values[:, i] = list(map(float, columns[channel]))
            except ValueError:
                values[:, i] = list(map(_number, columns[channel]))
    if not np.isfinite(values).all():
        row, i = np.argwhere(~np.isfinite(values))[0]
        name, text = header.names[header.channels[i]], columns[header.channels[i]][row]
        raise AnenasError(f"'{path}', row {lines[row]}: {name} is '{text}'; expected a finite number")
    return values


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _windows(
    columns: list[tuple[str, ...]], lines: Sequence[int], count: int, header: _Header, before: _Window | None
) -> Iterator[_Window]:
    """The windows that begin in a chunk, `count` rows after the first one."""
    nothing = [""] * len(lines)
    said = zip(*(nothing if i is None else columns[i] for i in header.said), strict=True)
    begun = before and (before.name, before.label, before.split, before.group)
    start = 0
    for words, members in itertools.groupby(said):
        window, label, split, group = (word.strip() for word in words)
        if header.said[2] is None:
            split = "train"
        if (window, label, split, group) != begun:
            yield _Window(window, label, split, group, count + start, lines[start])
        begun = window, label, split, group
        start += sum(1 for _ in members)


def _check_windows(path: Path, windows: Sequence[_Window]) -> None:
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
                        f"window a name of its own"
                    )
        if window.name in seen:
            raise AnenasError(
                f"{here}window '{window.name}' was there before, with others between; put its rows one after the "
                f"other, and give each window a name of its own"
            )
        seen.add(window.name)

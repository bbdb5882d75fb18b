"""Windows of series with the step after each to forecast, from one table with a row for each time step."""

from __future__ import annotations

import dataclasses
import itertools
import json
import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas._files import expanded, is_file
from anenas.ane import MAX_STEPS
from anenas.data._columns import SERIES_COLUMNS, is_bookkeeping, is_owner, is_time, of_words, tell_words
from anenas.data._format import InputFormat
from anenas.data._passed_over import some_of
from anenas.data._raw import Examples, RawData, file_safe
from anenas.data._series import is_constant, read_series
from anenas.data._sources import source
from anenas.data._stretches import Rows, are_dates, is_date, seconds_of
from anenas.data._whose import Whose, may_name
from anenas.inputs import SERIES
from anenas.tables import Numbers, Table, are_words, open_table
from anenas.tasks import REGRESSION, Predictions, find_metric

_log = logging.getLogger(__name__)

_NO_CHANNELS = ("label", "split", "group")
_STEPS = 32  # of a window, at most, unless asked for
_MOST_VALUES = 2**26  # of the training windows, which hold each row many times
_MOST_HELD = 5000  # windows
_NAMED = 10  # columns in a message
_FORM = "forecast:FILE:COLUMN"


@dataclass(frozen=True)
class _Header:
    """The columns that are read, by their places in the table; None where there is none."""

    names: tuple[str, ...]
    """Of channels and targets."""
    places: tuple[int, ...]
    """Of the same."""
    series: int | None
    time: int | None
    ignored: tuple[str, ...] = ()
    """Times, numbers of rows, ids and splits."""
    words: tuple[str, ...] = ()
    """Columns of words, which are no channels either."""

    def without(self, names: Sequence[str]) -> _Header:
        """The same without some columns, which turned out to name the series of each row."""
        kept = [i for i, name in enumerate(self.names) if name not in names]
        ignored, words = (tuple(one for one in some if one not in names) for some in (self.ignored, self.words))
        chosen, places = tuple(self.names[i] for i in kept), tuple(self.places[i] for i in kept)
        return dataclasses.replace(self, names=chosen, places=places, ignored=ignored, words=words)


@source("forecast", SERIES, rest="FILE:COLUMN")
def read_forecast(rest: str, wanted: InputFormat) -> RawData:
    """Series from a table with a row for each step, and the value of columns at the step after each window.

    The rows of a series are in the order of time, or all the other way round. The column `window`, `series`,
    `sequence`, `segment` or `id`, or one of these with `_id`, names the series that a row belongs to; without any,
    columns that do so by what they hold, such as the name of a stock beside each day (`Whose`), which is logged; else
    all rows are one series. Every other column is a channel, those to forecast among them; times, numbers of rows, ids
    and what never changes are not learnt from, which is logged. A column of times, as numbers, in ISO 8601 or with
    the name of the month, tells where steps are missing: no window reaches over a gap, a row that lacks a value, or
    the end of a series.

    The last fifth of each series is for tests, and the last fifth of the rest to validate with. No window reaches from
    one split into another. How well the last value of a window does as the forecast is logged.

    Args:
        rest: The file and the column to forecast, or several with commas between: "weather.csv:temperature,wind".
        wanted: `steps` of a window, by default up to 32; the names of the channels, if a model has learnt them already.

    Raises:
        AnenasError: The file is not there, is not as described, or too short; it names the row, the header being row 1.
    """
    path, asked = _asked(rest)
    with open_table(path) as table:
        targets = _targets(table, asked)
        chunks = table.chunks()
        first = next(chunks, None)
        if first is None:
            raise AnenasError(f"'{path}' has only a header; expected one row per step")
        header = _header(table, first[1], targets, wanted.columns)
        header, rows = _read(table, header, first[1], targets, wanted.columns or (), itertools.chain([first], chunks))
    if wanted.columns is None:
        if header.ignored:
            _log.warning(
                f"'{path}': columns ignored: {', '.join(header.ignored)}, as times, row numbers, ids and splits are; "
                f"rename a column to use it"
            )
        tell_words(path, header.words)
        header, rows = _learnable(header, rows, targets)
    channels = [header.names.index(name) for name in wanted.columns or header.names]
    chosen = [header.names.index(name) for name in targets]
    rows.tell(header.names)
    steps = wanted.steps or min(_STEPS, max(2, rows.longest() // 3))
    if steps > MAX_STEPS:
        raise AnenasError(f"windows of {steps:,} steps; at most {MAX_STEPS:,} suit the Neural Engine")
    most = max(1, _MOST_VALUES // (steps * len(channels)))
    held = min(most, _MOST_HELD)
    rows_of = rows.forecast(steps, {"train": most, "validation": held, "test": held})
    _tell(rows, rows_of, targets, chosen, steps)
    names = [header.names[channel] for channel in channels]
    series = read_series(
        f"'{path}'",
        {f"{part}_x": rows.windows(after, channels, steps) for part, after in rows_of.items()},
        layout="nct",
        names=names,
        known=wanted.columns is not None,
    )
    examples = {part: Examples(series[f"{part}_x"], rows.values[after][:, chosen]) for part, after in rows_of.items()}
    metadata = {"columns": json.dumps(names, ensure_ascii=False), "input": _meaning(names, targets)}
    found = RawData.of_parts(file_safe(path.stem), SERIES, targets, examples, metadata=metadata, task=REGRESSION)
    return dataclasses.replace(found, augmentation="none")


def _asked(rest: str) -> tuple[Path, str]:
    """The table, and the text that names columns of it; empty where nothing does."""
    file, _, columns = rest.rpartition(":")
    if file and not is_file(expanded(rest)):
        return expanded(file), columns.strip()
    return expanded(rest), ""


def _targets(table: Table, asked: str) -> tuple[str, ...]:
    wanted = (asked,) if asked in table.header else tuple(name.strip() for name in asked.split(","))
    there = some_of(table.header, _NAMED)
    if not any(wanted):
        raise AnenasError(f"'{table.path}': no column to forecast; name it as {_FORM}; the columns are {there}")
    for name in wanted:
        if name not in table.header:
            raise AnenasError(f"'{table.path}', row 1: no column '{name}' to forecast; the columns are {there}")
    if len(set(wanted)) < len(wanted):
        raise AnenasError(f"'{table.path}': a column to forecast is named twice in '{asked}'")
    return wanted


def _header(
    table: Table, rows: Sequence[Sequence[str]], targets: Sequence[str], known: Sequence[str] | None
) -> _Header:
    """What is a channel by its name, or what a model has learnt from; dates in the first row tell the time."""
    path, header = table.path, table.header
    series = next((name for name in SERIES_COLUMNS if name in header and name not in targets), None)
    if series:
        _log.info(f"'{path}': the column {series} names the series that a row belongs to")
    others = [name for name in header if name != series and name not in targets]
    firsts = [(name, cell) for name, cell in zip(header, rows[0], strict=True) if name in others]
    dates = [name for name, cell in firsts if any(c in "-/" or c.isalpha() for c in cell) and is_date(cell)]
    time = next((name for name in others if is_time(name)), next(iter(dates), None))
    if known is None:
        ignored = [name for name in others if is_bookkeeping(name) or name in (*dates, *_NO_CHANNELS)]
        words = of_words([name for name in others if name not in ignored], header, rows)
        names = [name for name in header if name in targets or (name in others and name not in (*ignored, *words))]
    else:
        ignored, words = [], []
        if missing := [name for name in known if name not in header]:
            raise AnenasError(f"'{path}', row 1: no column '{missing[0]}'; expected {', '.join(known)}")
        names = list(dict.fromkeys((*known, *targets)))
    series_at, time_at = (None if name is None else header.index(name) for name in (series, time))
    places = tuple(map(header.index, names))
    return _Header(tuple(names), places, series_at, time_at, tuple(ignored), tuple(words))


def _read(
    table: Table,
    header: _Header,
    firsts: Sequence[Sequence[str]],
    targets: Sequence[str],
    known: Sequence[str],
    chunks: Iterable[tuple[list[int], list[Sequence[str]]]],
) -> tuple[_Header, Rows]:
    """All rows, those of each series together, and the header without what turned out to name the series."""
    whose = None if header.series is not None else _whose(table, header, firsts, (*targets, *known))
    numbers = Numbers(table.path)
    clock = "" if header.time is None else table.header[header.time]
    values: list[NDArray[np.float32]] = []
    times: list[NDArray[np.float64]] = []
    series: list[NDArray[np.int64]] = []
    numbered: dict[str, int] = {}
    dated: bool | None = None
    for lines, chunk in chunks:
        cells = list(zip(*chunk, strict=True))
        measured = {name: cells[place] for name, place in zip(header.names, header.places, strict=True)}
        values.append(numbers.read(measured, lines).astype(np.float32))
        if header.time is not None:
            dated = are_dates(cells[header.time]) if dated is None else dated
            told = {clock: cells[header.time]}
            times.append(seconds_of(told[clock]) if dated else numbers.read(told, lines, otherwise=math.nan)[:, 0])
        series.append(_series_of(table.path, numbered, cells, header.series, lines))
        if whose:
            whose.add(cells)
    each, rows, time = np.concatenate(series), np.concatenate(values), _times(table.path, clock, times)
    if whose and (found := whose.series(time)):
        named, each = found
        _log.info(
            f"'{table.path}': rows are of {each.max() + 1:,} series, told apart by {' and '.join(named)}; leave "
            f"{'it' if len(named) == 1 else 'them'} out if all are one series"
        )
        rows = rows[:, [i for i, name in enumerate(header.names) if name not in named]]
        header = header.without(named)
    order = np.argsort(each, kind="stable")
    if time is not None and (steps := np.diff(time[order])[np.diff(each[order]) == 0]).size and (steps < 0).all():
        _log.info(f"'{table.path}': rows are from the newest to the oldest by {clock}, and read the other way round")
        order = len(each) - 1 - np.argsort(each[::-1], kind="stable")
    return header, Rows(table.path, each[order], rows[order], None if time is None else time[order], clock)


def _whose(table: Table, header: _Header, rows: Sequence[Sequence[str]], taken: Sequence[str]) -> Whose:
    """The columns that may name the series of a row: words, ids and whole numbers, but no times and counts."""
    clock = "" if header.time is None else table.header[header.time]
    places = {
        name: place
        for place, name in enumerate(table.header)
        if name not in (*taken, *_NO_CHANNELS, clock)
        and (is_owner(name) or not is_bookkeeping(name))
        and may_name(row[place] for row in rows)
    }
    words = [name for name, place in places.items() if is_owner(name) or are_words(row[place] for row in rows)]
    return Whose(places, words)


def _series_of(
    path: Path, known: dict[str, int], cells: Sequence[Sequence[str]], place: int | None, lines: Sequence[int]
) -> NDArray[np.int64]:
    """The number of the series of each row; `known` grows by those that are new."""
    if place is None:
        return np.zeros(len(lines), np.int64)
    names = [cell.strip() for cell in cells[place]]
    if "" in names:
        raise AnenasError(f"'{path}', row {lines[names.index('')]}: the name of the series is empty; expected a name")
    return np.array([known.setdefault(name, len(known)) for name in names])


def _times(path: Path, clock: str, times: Sequence[NDArray[np.float64]]) -> NDArray[np.float64] | None:
    if not clock:
        return None
    found = np.concatenate(times)
    if not np.isnan(found).all():
        return found
    _log.warning(
        f"'{path}': {clock} holds neither numbers nor dates such as 2024-01-31: gaps in it are not detected, and "
        "steps are treated as equally long"
    )
    return None


def _learnable(header: _Header, rows: Rows, targets: Sequence[str]) -> tuple[_Header, Rows]:
    """Without columns that are always the same in training, or clocks, which then tell the time if nothing else does.

    Raises:
        AnenasError: If a column to forecast is always the same.
    """
    train = rows.part == 0
    constant = [name for name, column in zip(header.names, rows.values[train].T, strict=True) if is_constant(column)]
    if always := [name for name in targets if name in constant]:
        raise AnenasError(f"'{rows.path}': {always[0]} is constant in the training rows; forecast another column")
    others = [name for name in header.names if name not in (*targets, *constant)]
    clocks = [name for name in others if rows.is_clock(header.names.index(name))]
    if clocks:
        _log.warning(f"'{rows.path}': columns ignored: {', '.join(clocks)}, which rises like a clock")
    if constant:
        _log.warning(f"'{rows.path}': columns ignored: {', '.join(constant)}, constant in the training rows")
    kept = [i for i, name in enumerate(header.names) if name not in (*clocks, *constant)]
    if running := [header.names[i] for i in kept if rows.is_running(i)]:
        _log.warning(
            f"'{rows.path}': columns that only rise or fall: {', '.join(running)}; tests are beyond all that is learnt "
            "from: give the change in each step, or leave out what is not forecast"
        )
    times, clock = rows.times, rows.clock
    if clocks and times is None:
        times, clock = rows.values[:, header.names.index(clocks[0])].astype(np.float64), clocks[0]
    names, places = tuple(header.names[i] for i in kept), tuple(header.places[i] for i in kept)
    learnt = _Header(names, places, header.series, header.time)
    return learnt, Rows(rows.path, rows.series, rows.values[:, kept], times, clock)


def _tell(
    rows: Rows, found: Mapping[str, NDArray[np.int64]], targets: Sequence[str], chosen: Sequence[int], steps: int
) -> None:
    """Log how the rows are split, and how well the last value does as the forecast."""
    count = len(np.unique(rows.series))
    _log.info(
        f"'{rows.path}': {', '.join(targets)} is forecast one step ahead from windows of {steps} steps; split by time, "
        f"the last fifth of {f'each of {count:,} series' if count > 1 else 'the rows'} for tests and a fifth of the "
        f"rest before it for validation: {len(found['train']):,} training, {len(found['validation']):,} validation and "
        f"{len(found['test']):,} test windows"
    )
    after = found["validation"]
    last = Predictions(rows.values[after - 1][:, chosen], rows.values[after][:, chosen], tuple(targets))
    errors = " and ".join(f"{one.title} {one.measure(last):.4g}" for one in map(find_metric, ("rmse", "mae")))
    several = f", means over {len(targets)} columns" if len(targets) > 1 else ""
    _log.info(
        f"'{rows.path}': baseline on validation windows: using the last value as the forecast has {errors}{several}"
    )


def _meaning(names: Sequence[str], targets: Sequence[str]) -> str:
    """What the channels and the outputs are, for the card."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    outputs = "the output is" if len(targets) == 1 else "the outputs are"
    return f"{', '.join(names[:_NAMED])}{more}, in this order; {outputs} {', '.join(targets)} at the step after"

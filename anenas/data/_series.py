"""Series of sensor readings and the like, of one length or several, as arrays (N, C, 1, T)."""

from __future__ import annotations

import dataclasses
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.ane import MAX_STEPS
from anenas.data._arrays import array_reader
from anenas.data._format import InputFormat
from anenas.data._raw import Inputs
from anenas.inputs import SERIES

FEWEST = 8  # series, through which what was measured goes up and down

_log = logging.getLogger(__name__)

_LAYOUTS = ("ntc", "nct")
_NAMED = 5  # channels with gaps
# Float32, which series are given in, has 24 bits: a channel that varies by less would keep fewer than eight.
_MOST_OFFSET = 2**16


@dataclass(frozen=True, eq=False)
class Series(Inputs):
    """Series of one shape, or recordings, in memory. They are never resized."""

    array: NDArray[np.float32]
    """Shape (N, C, 1, T)."""
    masked: bool = False
    """Whether they end at the last step, and their last channel is 1 at real steps and 0 before."""

    def __len__(self) -> int:
        return len(self.array)

    def take(self, indices: NDArray[np.int64]) -> Series:
        return Series(self.array[indices], self.masked)

    def settle(self, wanted: InputFormat, name: str) -> InputFormat:
        _, channels, _, steps = self.array.shape
        if wanted.channels not in (None, channels) or wanted.steps not in (None, steps):
            asked = [f"{wanted.channels} channels"] if wanted.channels else []
            asked += [f"{wanted.steps} steps"] if wanted.steps else []
            raise AnenasError(
                f"{name} has {wanted.kind} of {channels} channels and {steps} steps, not {' and '.join(asked)}; "
                f"{wanted.kind} are never resized: leave out the input shape, or change the data"
            )
        return dataclasses.replace(wanted, channels=channels, steps=steps)

    def draw(self, wanted: InputFormat) -> NDArray[np.float32]:
        return self.array


def read_series(
    where: str,
    parts: Mapping[str, NDArray[Any]],
    *,
    scale: NDArray[Any] | None = None,
    layout: str | None = None,
    names: Sequence[str] = (),
    lengths: Mapping[str, NDArray[np.int64]] | None = None,
    known: bool = False,
) -> dict[str, Series]:
    """The series of each part.

    Shorter ones end in NaN; other NaN are gaps, which are filled with the value before them, and counted. Shorter ones
    are moved to end at the last step, where a network that reads forward has just seen all of them; the steps before
    them are zero, and one more channel marks the real steps (1) and the padding (0). So shapes stay static, and the
    last step is always a valid one.

    Args:
        where: The origin of the series, for messages.
        parts: (n, T, C), (n, C, T) or (n, T) numbers, for "train_x" and others.
        scale: Factors, one for each channel or one for all.
        layout: "ntc" or "nct"; None takes the longer axis as time.
        names: Of the channels, for messages; their numbers by default.
        lengths: Steps of each series, where its last values may be missing; by default all before it ends in NaN.
        known: Whether a model has learnt from such channels, which then may be constant.

    Raises:
        AnenasError: If they are not as described, are too long, lack a channel, or float32 does not hold them.
    """
    layout = layout or _layout(where, parts["train_x"])
    arranged = {key: _arranged(where, key, array, scale, layout) for key, array in parts.items()}
    channels, steps = arranged["train_x"].shape[1:]
    for key, array in arranged.items():
        if array.shape[1:] != (channels, steps):
            raise AnenasError(
                f"{where}: train_x holds series of {channels} channels and {steps} steps, but {key} of "
                f"{array.shape[1]} and {array.shape[2]}; give all the same shape, and pad shorter ones with NaN"
            )
    if steps > MAX_STEPS:
        raise AnenasError(
            f"{where}: series of {steps:,} steps; at most {MAX_STEPS:,} suit the Neural Engine: "
            f"cut them into windows, or keep one step in {-(-steps // MAX_STEPS)}"
        )
    lengths = lengths or {key: _lengths(where, key, array) for key, array in arranged.items()}
    _fill_gaps(where, arranged, lengths, names or [f"channel {channel}" for channel in range(channels)])
    names = names or [f"channel {channel} of train_x" for channel in range(channels)]
    if not known:
        _check_channels(where, arranged["train_x"], names)
    unequal = any((length < steps).any() for length in lengths.values())
    return {key: Series(_at_the_end(array, lengths[key], unequal), unequal) for key, array in arranged.items()}


def ending_in_nan(series: Sequence[NDArray[np.float32]], steps: int) -> NDArray[np.float32]:
    """Series (C, T) as one array (n, C, steps), of which shorter ones end in NaN."""
    array = np.full((len(series), len(series[0]), steps), np.nan, np.float32)
    for row, one in zip(array, series, strict=True):
        row[:, : one.shape[1]] = one
    return array


def _layout(where: str, array: NDArray[Any]) -> str:
    if array.ndim < 3 or array.shape[1] > array.shape[2]:
        return "ntc"
    if array.shape[1] < array.shape[2]:
        return "nct"
    raise AnenasError(
        f"{where}: train_x {array.shape} may be (n, T, C) or (n, C, T); add an array layout of 'ntc' or 'nct'"
    )


def _arranged(
    where: str, key: str, array: NDArray[Any], scale: NDArray[Any] | None, layout: str
) -> NDArray[np.float32]:
    """As (n, C, T)."""
    if array.ndim not in (2, 3) or array.dtype.kind not in "fi":
        raise AnenasError(
            f"{where}: {key} must be series, (n, T, C) or (n, C, T) signed numbers, not {array.dtype} {array.shape}"
        )
    if array.size == 0:
        raise AnenasError(f"{where}: {key} has no series: its shape is {array.shape}")
    with np.errstate(over="ignore"):  # what is too large is reported by its channel
        numbers = array.astype(np.float32)
    if numbers.ndim == 2:
        numbers = numbers[..., None]
        layout = "ntc"
    if layout == "ntc":
        numbers = numbers.transpose(0, 2, 1)
    if scale is not None:
        factors = np.asarray(scale, np.float32).reshape(-1)
        if len(factors) not in (1, numbers.shape[1]):
            raise AnenasError(f"{where}: scale has {len(factors)} numbers for {numbers.shape[1]} channels")
        numbers = numbers * factors[:, None]
    return np.ascontiguousarray(numbers)


def _lengths(where: str, key: str, series: NDArray[np.float32]) -> NDArray[np.int64]:
    """How many steps each series has before it ends in NaN."""
    missing = np.isnan(series)
    there = ~np.all(missing, 1)
    if np.isinf(series).any():
        raise AnenasError(
            f"{where}: series {np.argwhere(np.isinf(series))[0][0]} of {key} has an infinite value; replace it"
        )
    lengths = np.where(np.any(there, 1), series.shape[2] - np.argmax(there[:, ::-1], 1), 0)
    if not lengths.all():
        raise AnenasError(f"{where}: series {np.flatnonzero(lengths == 0)[0]} of {key} is empty; leave it out")
    return lengths


def _fill_gaps(
    where: str, parts: Mapping[str, NDArray[np.float32]], lengths: Mapping[str, NDArray[np.int64]], names: Sequence[str]
) -> None:
    """Fill what is missing before the ends of series, in place, and log how much that was."""
    missing: Counter[str] = Counter()
    touched = 0
    for key, array in parts.items():
        gaps = np.isnan(array) & (np.arange(array.shape[2]) < lengths[key][:, None])[:, None]
        touched += int(gaps.any((1, 2)).sum())
        for which, channel in np.argwhere(gaps.any(2)):
            values = array[which, channel, : lengths[key][which]]
            there = np.flatnonzero(~np.isnan(values))
            if not len(there):
                raise AnenasError(f"{where}: series {which} of {key} has no value of {names[channel]}; leave it out")
            missing[names[channel]] += len(values) - len(there)
            before = np.searchsorted(there, np.arange(len(values)), "right") - 1
            values[:] = values[there[np.maximum(before, 0)]]
    if missing:
        most = ", ".join(f"{count:,} of {name}" for name, count in missing.most_common(_NAMED))
        more = ", …" if len(missing) > _NAMED else ""
        of = f"{touched:,} of {sum(map(len, parts.values())):,} series"
        _log.warning(
            f"{where}: {missing.total():,} values are missing in {of} ({most}{more}): filled with the previous value "
            f"(at the start, with the first one)"
        )


def _check_channels(where: str, series: NDArray[np.float32], names: Sequence[str]) -> None:
    """Check that float32 holds each channel, and that it is not constant."""
    for channel, name in enumerate(names):
        values = series[:, channel][~np.isnan(series[:, channel])].astype(np.float64)
        if np.isinf(values).any():
            raise AnenasError(f"{where}: {name} has values that are too large for float32: use another unit")
        mean, std = values.mean(), values.std()
        if is_constant(values):
            raise AnenasError(f"{where}: {name} is always {values[0]:g}; leave it out")
        if abs(mean) > _MOST_OFFSET * std:
            raise AnenasError(
                f"{where}: {name} varies by {std:.3g} around {mean:.6g}, which float32 cannot "
                "resolve: subtract its mean"
            )


def is_constant(values: NDArray[Any]) -> bool:
    """Whether (n,) values are too much alike to be told apart; NaN do not count."""
    there = values[~np.isnan(values)].astype(np.float64)
    return not len(there) or bool(there.std() <= 1e-6 * np.abs(there).max())


def counts_each(values: NDArray[np.float32], bounds: Sequence[int]) -> bool:
    """Whether (n,) values go one way within every series, begin alike in all, and go on at one rate (± a quarter).

    Rows that are missing and a clock that jitters leave it so; a measurement would have to be the same in all series.

    Args:
        values: Of all series, one after the other.
        bounds: Where each series begins, and the end of the last.
    """
    if len(bounds) <= FEWEST or np.isnan(values).any():
        return False
    first, last = values[list(bounds[:-1])].astype(np.float64), values[np.array(bounds[1:]) - 1].astype(np.float64)
    within = np.ones(len(values), bool)
    within[list(bounds[:-1])] = False
    steps = np.diff(values, prepend=values[:1])[within]
    if not len(steps) or not ((steps > 0).all() or (steps < 0).all()):
        return False
    lengths = np.diff(bounds)
    rates = ((last - first) / np.maximum(lengths - 1, 1))[lengths > 1]
    usual = np.median(rates)
    return bool(np.ptp(first) < abs(usual) and (np.abs(rates - usual) <= abs(usual) / 4).all())


def _at_the_end(series: NDArray[np.float32], lengths: NDArray[np.int64], with_mask: bool) -> NDArray[np.float32]:
    """(n, C, 1, T) with every series ending at the last step, and a channel that marks its steps."""
    count, channels, steps = series.shape
    if not with_mask:
        return series[:, :, None]
    source = np.arange(steps) - (steps - lengths[:, None])
    there = source >= 0
    moved = np.take_along_axis(series, np.maximum(source, 0)[:, None], 2)
    result = np.empty((count, channels + 1, 1, steps), np.float32)
    result[:, :channels, 0] = np.where(there[:, None], moved, 0)
    result[:, channels, 0] = there
    return result


@array_reader(SERIES)
def series_of_arrays(
    where: str, arrays: Mapping[str, NDArray[Any]], more: Mapping[str, NDArray[Any]], wanted: InputFormat
) -> dict[str, Series]:
    """The series of arrays, with optional scale and layout: see `read_series`."""
    layout = str(more["layout"]) if "layout" in more else None
    if layout not in (None, *_LAYOUTS):
        raise AnenasError(f"{where}: layout is '{layout}'; expected {' or '.join(_LAYOUTS)}")
    found = read_series(where, arrays, scale=more.get("scale"), layout=layout)
    _tell_counting(where, found["train_x"])
    return found


def _tell_counting(where: str, series: Series) -> None:
    """Log the channels that count the steps: arrays are learnt from as they are."""
    array = series.array[:, :, 0]
    there = array[:, -1] > 0 if series.masked else np.ones_like(array[:, 0], bool)
    bounds = [0, *there.sum(1).cumsum().tolist()]
    channels = range(array.shape[1] - series.masked)
    if counting := [str(channel) for channel in channels if counts_each(array[:, channel][there], bounds)]:
        _log.warning(
            f"{where}: channels of train_x that rise or fall evenly from one start in each series, like the number or "
            f"the time of a step: {', '.join(counting)}; they are learnt from, so leave out what was not measured"
        )

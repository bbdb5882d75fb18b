"""Recordings of sound as waveforms (N, 1, 1, S) of one rate and length."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.data._arrays import array_reader
from anenas.data._format import AudioFormat, InputFormat
from anenas.data._series import Series
from anenas.inputs import RECORDINGS

_log = logging.getLogger(__name__)

HIGHEST_RATE = 1_000_000
"""Samples a second: filters that resample from more would take memory without bound."""

_FINEST = 50_000
"""The largest denominator of a ratio of rates: filters grow with it. A finer one, such as that of 16,000 to 999,983, is
met to a few millionths, less than a tenth of a sample in 16,000."""


class Length(Enum):
    """How the length of a sound is known."""

    SAID = "as its header says"
    UNSAID = "as long as its file, as its header does not say"
    CUT_OFF = "shorter than its header says"


@dataclass(frozen=True, eq=False)
class Sound:
    """A sound that can be read in parts.

    Attributes:
        rate: Samples a second.
        count: Samples of each channel.
        channels: How many.
        read: The samples from one to before another, (n, channels): integers from −1 to 1, floats as they are.
        length: How `count` is known.
    """

    rate: int
    count: int
    channels: int
    read: Callable[[int, int], NDArray[np.float32]]
    length: Length = Length.SAID


@dataclass(frozen=True)
class Recording:
    """A sound brought to a format.

    Attributes:
        waveform: (samples,) from −1 to 1 at the format's rate, at most as long as the format.
        rate: Its original rate.
        channels: How many it had.
        length: How its length is known.
        longer: Whether it was longer than the format.
        peak: The largest magnitude before it was clipped to 1; NaN where samples are not numbers.
    """

    waveform: NDArray[np.float32]
    rate: int
    channels: int
    length: Length
    longer: bool
    peak: float


@dataclass
class Tally:
    """Counts of what was done to recordings, for the log."""

    audio: AudioFormat
    count: int = 0
    longer: int = 0
    shorter: int = 0
    unsaid: int = 0
    loudest: float = 0.0
    rates: Counter[int] = field(default_factory=Counter)
    channels: Counter[int] = field(default_factory=Counter)
    cut_off: list[str] = field(default_factory=list)
    clipped: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)

    def add(self, one: Recording, name: str) -> NDArray[np.float32]:
        """Count what was done to a recording, and return its waveform."""
        self.count += 1
        self.longer += one.longer
        self.shorter += len(one.waveform) < self.audio.samples
        self.unsaid += one.length is Length.UNSAID
        self.loudest = max(self.loudest, one.peak)
        if one.rate != self.audio.rate:
            self.rates[one.rate] += 1
        if one.channels > 1:
            self.channels[one.channels] += 1
        if one.length is Length.CUT_OFF:
            self.cut_off.append(name)
        if one.peak > 1:
            self.clipped.append(name)
        if not one.waveform.any():
            self.silent.append(name)
        return one.waveform

    def log(self, *, filled: bool) -> None:
        """Log a line for each kind of change; for padding only if they were `filled`."""
        of, seconds = f"of {self.count:,} recordings", self.audio.samples / self.audio.rate
        if self.channels:
            channels = " or ".join(map(str, sorted(self.channels)))
            _log.info(f"{self.channels.total():,} {of} have {channels} channels: averaged")
        if self.rates:
            rates = ", ".join(f"{rate:,}" for rate in sorted(self.rates))
            _log.info(f"{self.rates.total():,} {of} resampled to {self.audio.rate:,} Hz, from {rates}")
        if self.clipped:
            _log.info(
                f"{len(self.clipped):,} {of} exceed ±1 (up to {self.loudest:.3g}), such as {self.clipped[0]}: clipped"
            )
        if self.unsaid:
            _log.info(f"{self.unsaid:,} {of} do not state their length: read to the end of the file")
        if self.cut_off:
            _log.info(
                f"{len(self.cut_off):,} {of} are shorter than they state, such as {self.cut_off[0]}: read as far as "
                "they go"
            )
        if self.longer:
            _log.info(f"{self.longer:,} {of} are longer than {seconds:g} s: cut to their middle")
        if self.shorter and filled:
            _log.info(f"{self.shorter:,} {of} are shorter than {seconds:g} s: padded with silence at the start")
        if self.silent:
            _log.info(f"{len(self.silent):,} {of} are silent, such as {self.silent[0]}")


@array_reader(RECORDINGS)
def waveforms_of_arrays(
    where: str, arrays: Mapping[str, NDArray[Any]], more: Mapping[str, NDArray[Any]], wanted: InputFormat
) -> dict[str, Series]:
    """The waveforms of arrays, resampled, cut and padded like those of files.

    They are (n, samples) floats from −1 to 1, shorter ones ending in NaN, or 16-bit integers. Their rate is the number
    rate, by default the wanted one.

    Raises:
        AnenasError: If they are not as described.
    """
    audio, rate = wanted.audio, _rate(where, more)
    tally = Tally(audio)
    found = {}
    for key, array in arrays.items():
        each = enumerate(_each(where, key, array, rate or audio.rate, audio))
        waveforms = (tally.add(one, f"the one at {i} of {key}") for i, one in each)
        found[key] = Series(of_length(waveforms, len(array), audio))
    if rate is None:
        _log.info(f"{where} has no array `rate` (samples per second): assuming {audio.rate:,} Hz")
    tally.log(filled=True)
    return found


def _rate(where: str, arrays: Mapping[str, NDArray[Any]]) -> int | None:
    """Samples a second of the waveforms, if given."""
    if "rate" not in arrays:
        return None
    rate = arrays["rate"]
    if rate.size != 1 or rate.dtype.kind not in "iuf" or not 0 < (number := float(rate.reshape(()))) <= HIGHEST_RATE:
        raise AnenasError(f"{where}: rate must be one number, in samples per second, not {rate}")
    return round(number)


def _each(where: str, key: str, array: NDArray[Any], rate: int, audio: AudioFormat) -> Iterator[Recording]:
    is_float = array.dtype.kind == "f"
    if array.ndim != 2 or not (is_float or array.dtype == np.int16) or array.size == 0:
        raise AnenasError(
            f"{where}: {key} must be waveforms, (n, samples) floats from −1 to 1, not {array.dtype} {array.shape}"
        )
    if is_float and not (highest := max(np.fmax.reduce(array, None), -np.fmin.reduce(array, None))) <= 1:
        raise AnenasError(f"{where}: {key} reaches {highest:g}; expected waveforms from −1 to 1: scale them")
    for i, row in enumerate(array):
        missing = np.isnan(row) if is_float else np.zeros(len(row), bool)
        length = int(np.argmax(missing)) if missing.any() else len(row)
        if not length or not missing[length:].all():
            raise AnenasError(f"{where}: waveform {i} of {key} is empty, or has NaN before its end; leave it out")
        yield brought_to(_of_array(row[:length], rate), audio)


def _of_array(row: NDArray[Any], rate: int) -> Sound:
    factor = np.float32(1 if row.dtype.kind == "f" else 2.0**-15)
    return Sound(rate, len(row), 1, lambda start, end: row[start:end, None].astype(np.float32) * factor)


def middle_of(sound: Sound, most: int) -> NDArray[np.float32]:
    """So many samples of a sound, (n, channels), or all if it has no more."""
    start = max(0, sound.count - most) // 2
    return sound.read(start, start + most)


def brought_to(sound: Sound, audio: AudioFormat) -> Recording:
    """A sound with its channels averaged, clipped, resampled and cut to its middle; nothing else of it is read."""
    most = -(-audio.samples * sound.rate // audio.rate)
    samples = middle_of(sound, most)
    peak = float(np.abs(samples).max(initial=0))
    waveform = np.clip(samples, -1, 1).mean(1)
    if sound.rate != audio.rate:
        from scipy.signal import resample_poly

        ratio = Fraction(audio.rate, sound.rate).limit_denominator(_FINEST)
        waveform = resample_poly(waveform, ratio.numerator, ratio.denominator)
        waveform = np.clip(waveform, -1, 1)  # it overshoots
    waveform = waveform[: audio.samples]
    return Recording(waveform, sound.rate, sound.channels, sound.length, sound.count > most, peak)


def of_length(waveforms: Iterable[NDArray[np.float32]], count: int, audio: AudioFormat) -> NDArray[np.float32]:
    """(count, 1, 1, samples); shorter ones begin with silence."""
    filled = np.zeros((count, 1, 1, audio.samples), np.float32)
    for row, waveform in zip(filled, waveforms, strict=True):
        row[0, 0, audio.samples - len(waveform) :] = waveform
    return filled

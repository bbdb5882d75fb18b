"""Recordings of sound: waveforms (N, 1, 1, S) of one rate and length, or their log-mel spectrograms as series."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from math import gcd
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.ane import MAX_STEPS
from anenas.blocks import RATES, LogMel
from anenas.data._class_folders import read_class_folders
from anenas.data._series import Series, read_series
from anenas.data._source import Examples, Source, file_safe

_Files = Mapping[str, list[tuple[Path, int]]]  # with their labels, of each part of a split

_SUFFIXES = (".wav", ".wave")
_BANDS = 40


@dataclass(frozen=True)
class Heard:
    """What recordings are brought to.

    Attributes:
        rate: Samples a second.
        samples: Of each recording.
    """

    rate: int
    samples: int

    @property
    def facts(self) -> dict[str, str]:
        """What an app has to know to give a waveform to the model."""
        return {"sample_rate": str(self.rate), "input": f"a waveform from -1 to 1 at {self.rate:,} Hz"}


@dataclass(frozen=True)
class _Recording:
    """One recording, and what it was.

    Attributes:
        waveform: (samples,) from −1 to 1 at the rate that was asked for, no longer than was asked for.
        rate: That it had.
        longer: Whether it was longer.
    """

    waveform: NDArray[np.float32]
    rate: int
    longer: bool


@dataclass
class _Tally:
    """What was done to recordings, for the user to know."""

    heard: Heard
    count: int = 0
    longer: int = 0
    shorter: int = 0
    rates: Counter[int] = field(default_factory=Counter)
    silent: list[str] = field(default_factory=list)

    def add(self, one: _Recording, name: str) -> NDArray[np.float32]:
        """Note what was done to a recording, and give its waveform."""
        self.count += 1
        self.longer += one.longer
        self.shorter += len(one.waveform) < self.heard.samples
        if one.rate != self.heard.rate:
            self.rates[one.rate] += 1
        if not one.waveform.any():
            self.silent.append(name)
        return one.waveform

    def tell(self, say: Callable[[str], None], *, filled: bool) -> None:
        """A line for each kind of thing that was done to some; that they were filled up, if they were."""
        of, seconds = f"of {self.count:,} recordings", self.heard.samples / self.heard.rate
        if self.rates:
            rates = ", ".join(f"{rate:,}" for rate in sorted(self.rates))
            say(f"{self.rates.total():,} {of} resampled to {self.heard.rate:,} Hz, from {rates}")
        if self.longer:
            say(f"{self.longer:,} {of} are longer than {seconds:g} s: cut to their middle")
        if self.shorter and filled:
            say(f"{self.shorter:,} {of} are shorter than {seconds:g} s: they begin with silence")
        if self.silent:
            say(f"{len(self.silent):,} {of} are silent, such as {self.silent[0]}")


def read_recordings(path: Path, heard: Heard, say: Callable[[str], None]) -> Source:
    """The waveforms of the .wav files in class folders, as `read_class_folders` finds them.

    Channels are averaged; what has another rate is resampled; what is longer is cut to its middle; what is shorter
    begins with silence, so that it ends where all end. `say` is told of how many.

    Raises:
        AnenasError: The folder is not laid out like that, or a file is empty or cannot be read.
    """
    classes, files = read_class_folders(path, _SUFFIXES, "recordings")
    tally, examples = _Tally(heard), {}
    for part, labelled in files.items():
        waveforms = (tally.add(one, f"'{file}'") for file, one in _read_all(labelled, heard))
        examples[part] = Examples(Series(_of_length(waveforms, len(labelled), heard)), _labels(labelled))
    tally.tell(say, filled=True)
    return Source(file_safe(path.resolve().name), classes, 1, False, **examples, jitter=False, facts=heard.facts)


def read_spectrograms(path: Path, say: Callable[[str], None]) -> Source:
    """The log-mel spectrograms of the .wav files in class folders, as series that are as long as the longest.

    They are what block `log_mel` computes before it normalises, of 40 bands, every 16 ms, at the highest rate that
    most files have. `say` is told of it.

    Raises:
        AnenasError: The folder is not laid out like that, or a file is too short or cannot be read.
    """
    classes, files = read_class_folders(path, _SUFFIXES, "recordings")
    mel = _mel_for(files)
    heard = Heard(mel.rate, MAX_STEPS * mel.hop)
    tally = _Tally(heard)
    spectrograms: dict[str, list[NDArray[np.float32]]] = {}
    for part, labelled in files.items():
        spectrograms[part] = []
        for file, one in _read_all(labelled, heard):
            if len(one.waveform) < mel.hop:
                raise AnenasError(f"'{file}' is shorter than a step of {mel.hop / mel.rate:g} s; remove it")
            spectrograms[part].append(mel(tally.add(one, f"'{file}'")))
    tally.tell(say, filled=False)
    say(f"series of {mel}: an app computes them before the model")
    steps = max(one.shape[1] for part in spectrograms.values() for one in part)
    arrays = {f"{part}_x": _ending_in_nan(found, steps) for part, found in spectrograms.items()}
    series = read_series(path, arrays, scale=None, layout="nct")
    examples = {part: Examples(series[f"{part}_x"], _labels(labelled)) for part, labelled in files.items()}
    channels = series["train_x"].array.shape[1]
    mask = ", then a channel that is 1 where there is sound" if channels > mel.bands else ""
    facts = {"sample_rate": str(mel.rate), "input": f"{mel}: {mel.formula}{mask}"}
    return Source(file_safe(path.resolve().name), classes, channels, False, **examples, jitter=True, facts=facts)


def read_waveforms(
    path: Path, arrays: Mapping[str, NDArray[np.generic]], rate: int | None, heard: Heard, say: Callable[[str], None]
) -> dict[str, Series]:
    """The waveforms of arrays, resampled, cut and filled up as those of files are.

    Args:
        path: The file that they are of, for messages.
        arrays: (n, samples) floats from −1 to 1, of which shorter ones end in NaN, or 16-bit integers.
        rate: That they have; None is the rate they are to have.
        heard: What they are brought to.
        say: Is told of how many were changed.

    Raises:
        AnenasError: If they are not as described.
    """
    tally = _Tally(heard)
    found = {}
    for key, array in arrays.items():
        each = enumerate(_each(path, key, array, rate or heard.rate, heard))
        waveforms = (tally.add(one, f"the one at {i} of {key}") for i, one in each)
        found[key] = Series(_of_length(waveforms, len(array), heard))
    if rate is None:
        say(f"'{path}' has no array rate, of samples a second: taken for {heard.rate:,} Hz")
    tally.tell(say, filled=True)
    return found


def _each(path: Path, key: str, array: NDArray[np.generic], rate: int, heard: Heard) -> Iterator[_Recording]:
    is_float = array.dtype.kind == "f"
    if array.ndim != 2 or not (is_float or array.dtype == np.int16) or array.size == 0:
        raise AnenasError(
            f"'{path}': {key} must be waveforms, (n, samples) floats from −1 to 1, not {array.dtype} {array.shape}"
        )
    if is_float and not (highest := max(np.fmax.reduce(array, None), -np.fmin.reduce(array, None))) <= 1:
        raise AnenasError(f"'{path}': {key} reaches {highest:g}; expected waveforms from −1 to 1: divide them")
    for i, row in enumerate(array):
        missing = np.isnan(row) if is_float else np.zeros(len(row), bool)
        length = int(np.argmax(missing)) if missing.any() else len(row)
        if not length or not missing[length:].all():
            raise AnenasError(f"'{path}': waveform {i} of {key} is empty, or has NaN before its end; leave it out")
        yield _brought(row[:length], rate, heard)


def _mel_for(files: _Files) -> LogMel:
    """The spectrogram that suits the rate of most files."""
    with _threads() as threads:
        rates = [rate for rate, _ in threads.map(_open, [file for part in files.values() for file, _ in part])]
    rate = max((rate for rate in RATES if 2 * sum(own >= rate for own in rates) > len(rates)), default=RATES[0])
    return LogMel(rate, hop=rate * 16 // 1000, hops=2, bands=_BANDS)


def _ending_in_nan(spectrograms: list[NDArray[np.float32]], steps: int) -> NDArray[np.float32]:
    """(n, bands, steps)."""
    array = np.full((len(spectrograms), _BANDS, steps), np.nan, np.float32)
    for row, spectrogram in zip(array, spectrograms, strict=True):
        row[:, : spectrogram.shape[1]] = spectrogram
    return array


def _labels(labelled: list[tuple[Path, int]]) -> NDArray[np.int64]:
    return np.array([label for _, label in labelled], np.int64)


def _threads() -> ThreadPoolExecutor:
    from scipy.io.wavfile import WavFileWarning

    warnings.filterwarnings("ignore", category=WavFileWarning)  # of chunks that hold no sound
    warnings.filterwarnings("error", "Reached EOF prematurely", WavFileWarning)
    return ThreadPoolExecutor(os.cpu_count())


def _read_all(labelled: list[tuple[Path, int]], heard: Heard) -> Iterator[tuple[Path, _Recording]]:
    files = [file for file, _ in labelled]
    with _threads() as threads:
        yield from zip(files, threads.map(partial(_read, heard=heard), files), strict=True)


def _read(path: Path, heard: Heard) -> _Recording:
    rate, sound = _open(path)
    if sound.dtype.kind == "f" and not np.isfinite(sound).all():
        raise AnenasError(f"'{path}' holds samples that are no numbers; repair or remove it")
    return _brought(sound, rate, heard)


def _open(path: Path) -> tuple[int, NDArray[np.generic]]:
    """A file's rate and its samples, (n,) or (n, channels), which are read as they are needed."""
    from scipy.io import wavfile

    try:
        try:
            rate, sound = wavfile.read(path, mmap=True)
        except ValueError:  # 24-bit samples cannot be mapped
            rate, sound = wavfile.read(path)
    except Exception as error:  # of a dozen kinds
        raise AnenasError(f"'{path}' cannot be read as a .wav file ({error}); save it as 16-bit PCM") from error
    if not len(sound) or rate <= 0:
        raise AnenasError(f"'{path}' is empty; record it again or remove it")
    return int(rate), sound


def _brought(sound: NDArray[np.generic], rate: int, heard: Heard) -> _Recording:
    """A sound, (n,) or (n, channels), at the rate and cut to the length; of a long one only the middle is read."""
    most = -(-heard.samples * rate // heard.rate)
    start = max(0, len(sound) - most) // 2
    waveform = _as_floats(sound[start : start + most])
    if waveform.ndim == 2:
        waveform = waveform.mean(1)
    if rate != heard.rate:
        from scipy.signal import resample_poly

        common = gcd(rate, heard.rate)
        waveform = np.clip(resample_poly(waveform, heard.rate // common, rate // common), -1, 1)  # it overshoots
    return _Recording(waveform[: heard.samples], rate, len(sound) > most)


def _as_floats(sound: NDArray[np.generic]) -> NDArray[np.float32]:
    """From −1 to 1: of 8-bit samples, which are unsigned, of other integers, and of floats, which are cut there."""
    if sound.dtype == np.uint8:
        return sound.astype(np.float32) / np.float32(128) - np.float32(1)
    if sound.dtype.kind == "i":
        return sound.astype(np.float32) * np.float32(2.0 ** (1 - 8 * sound.dtype.itemsize))
    return np.clip(sound, -1, 1).astype(np.float32)


def _of_length(waveforms: Iterable[NDArray[np.float32]], count: int, heard: Heard) -> NDArray[np.float32]:
    """(count, 1, 1, samples), of which the shorter ones begin with silence."""
    filled = np.zeros((count, 1, 1, heard.samples), np.float32)
    for row, waveform in zip(filled, waveforms, strict=True):
        row[0, 0, heard.samples - len(waveform) :] = waveform
    return filled

"""Folders of recordings as series: their log-mel spectrograms."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas._files import expanded
from anenas.ane import MAX_STEPS
from anenas.blocks import RATES, LogMel
from anenas.data._audio import Tally
from anenas.data._broken import without_broken
from anenas.data._class_folders import read_class_folders
from anenas.data._format import AudioFormat, InputFormat
from anenas.data._raw import RawData, file_safe
from anenas.data._series import ending_in_nan, read_series
from anenas.data._sound_files import SOUND_SUFFIXES, UNREADABLE_SUFFIXES, check_sounds, look_at_sound, read_sounds
from anenas.data._sources import source
from anenas.inputs import RECORDINGS, SERIES

_BANDS, _HOP_MS = 40, 16
_LONGEST = AudioFormat(1000, MAX_STEPS * _HOP_MS)
"""What is used of a file, at any rate."""

_log = logging.getLogger(__name__)


@source("mel", SERIES, rest="FOLDER")
def read_spectrograms(rest: str, wanted: InputFormat) -> RawData:
    """The log-mel spectrograms of the recordings in class folders, as series as long as the longest.

    They are what the block `log_mel` computes before it normalises: 40 bands, every 16 ms, at the highest rate that
    most files have.

    Raises:
        AnenasError: The folder is not laid out like that, or a file is too short or cannot be read.
    """
    path = expanded(rest)
    classes, files = read_class_folders(path, RECORDINGS, SOUND_SUFFIXES, UNREADABLE_SUFFIXES)
    title = path.resolve().name
    check_sounds(path for found in files.values() for path in found.paths)
    files, rates = without_broken(title, files, RECORDINGS, _look, skip=wanted.skip_broken)
    mel = _mel_for(rates)
    tally = Tally(AudioFormat(mel.rate, MAX_STEPS * mel.hop))
    spectrograms = {part: _spectrograms(found.paths, mel, tally) for part, found in files.items()}
    tally.log(filled=False)
    _log.info(f"series of {mel}: the app must compute them before the model")
    steps = max(one.shape[1] for part in spectrograms.values() for one in part)
    arrays = {f"{part}_x": ending_in_nan(each, steps) for part, each in spectrograms.items()}
    series = read_series(f"'{path}'", arrays, layout="nct")
    examples = {part: found.examples(series[f"{part}_x"]) for part, found in files.items()}
    mask = ", then a channel that is 1 where there is sound" if series["train_x"].masked else ""
    metadata = {"sample_rate": str(mel.rate), "input": f"{mel}: {mel.formula}{mask}"}
    return RawData.of_parts(file_safe(title), SERIES, classes, examples, metadata=metadata)


def _look(path: Path) -> int:
    """Samples a second of a file that can be read and is long enough."""
    rate, count = look_at_sound(path, _LONGEST)
    if count * 1000 < _HOP_MS * rate:
        raise AnenasError(f"'{path}' is shorter than a step of {_HOP_MS} ms; remove it")
    return rate


def _mel_for(rates: Sequence[int]) -> LogMel:
    """The spectrogram that suits the rate of most files."""
    rate = max((rate for rate in RATES if 2 * sum(own >= rate for own in rates) > len(rates)), default=RATES[0])
    return LogMel(rate, hop=rate * _HOP_MS // 1000, hops=2, bands=_BANDS)


def _spectrograms(files: list[Path], mel: LogMel, tally: Tally) -> list[NDArray[np.float32]]:
    """(bands, steps) of each file."""
    return [mel(tally.add(one, f"'{file}'")) for file, one in read_sounds(files, tally.audio)]

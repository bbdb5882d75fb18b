"""Reading .wav files, in threads."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.data._audio import Recording, brought_to
from anenas.data._format import AudioFormat

WAV_SUFFIXES = (".wav", ".wave")
OTHER_SUFFIXES = dict.fromkeys(
    (".mp3", ".m4a", ".aac", ".ogg", ".oga", ".opus", ".flac", ".aif", ".aiff", ".caf", ".wma"),
    "to be converted to .wav, such as with ffmpeg",
)
"""Of recordings that cannot be read, and what they need."""


@contextlib.contextmanager
def wav_warnings() -> Iterator[None]:
    """Make scipy's warning about a truncated file an error, and silence its others."""
    from scipy.io.wavfile import WavFileWarning

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=WavFileWarning)  # of chunks that hold no sound
        warnings.filterwarnings("error", "Reached EOF prematurely", WavFileWarning)
        yield


def read_wavs(files: list[Path], audio: AudioFormat) -> Iterator[tuple[Path, Recording]]:
    """Each file with its sound, read in threads; to be used within `wav_warnings`.

    Raises:
        AnenasError: If one is empty or cannot be read.
    """
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        yield from zip(files, threads.map(partial(_read, audio=audio), files), strict=True)


def read_rate(path: Path) -> int:
    """Samples a second of a file; to be used within `wav_warnings`.

    Raises:
        AnenasError: If it is empty or cannot be read.
    """
    return _open(path)[0]


def _read(path: Path, audio: AudioFormat) -> Recording:
    rate, sound = _open(path)
    return brought_to(sound, rate, audio)


def _open(path: Path) -> tuple[int, NDArray[Any]]:
    """A file's rate and its samples, (n,) or (n, channels), memory-mapped so that only what is used is read."""
    from scipy.io import wavfile

    try:
        try:
            rate, sound = wavfile.read(path, mmap=True)
        except ValueError:  # 24-bit samples cannot be mapped
            rate, sound = wavfile.read(path)
    except Exception as error:  # scipy raises a dozen kinds
        raise AnenasError(f"'{path}' cannot be read as a .wav file ({error}); save it as 16-bit PCM") from error
    if not len(sound) or rate <= 0:
        raise AnenasError(f"'{path}' is empty; record it again or remove it")
    if sound.dtype.kind == "f" and not np.isfinite(sound).all():
        raise AnenasError(f"'{path}' holds samples that are not numbers; repair or remove it")
    return int(rate), sound

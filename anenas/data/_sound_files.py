"""Reading files of recordings, in threads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from anenas._errors import AnenasError
from anenas.data._audio import Recording, Sound, brought_to
from anenas.data._format import AudioFormat
from anenas.data._soundfile import OTHER_SUFFIXES, check_soundfile, open_sound
from anenas.data._wav import WAV_SUFFIXES, UnknownCodecError, open_wav

SOUND_SUFFIXES = (*WAV_SUFFIXES, *OTHER_SUFFIXES)
_LOUDEST = 32.0  # 30 dB above full scale: floats beyond are integers that nobody divided


def read_sounds(files: list[Path], audio: AudioFormat) -> Iterator[tuple[Path, Recording]]:
    """Each file with its sound, read in threads.

    Raises:
        AnenasError: If one is empty or cannot be read, or needs a package that is not there.
    """
    check_soundfile(files)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        yield from zip(files, threads.map(partial(_read, audio=audio), files), strict=True)


def read_rates(files: list[Path]) -> list[int]:
    """Samples a second of each file.

    Raises:
        AnenasError: As `read_sounds`.
    """
    check_soundfile(files)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return [sound.rate for sound in threads.map(_open, files)]


def _read(path: Path, audio: AudioFormat) -> Recording:
    recording = brought_to(_open(path), audio)
    if not np.isfinite(recording.peak):
        raise AnenasError(f"'{path}' holds samples that are not numbers; repair or remove it")
    if recording.peak > _LOUDEST:
        raise AnenasError(f"'{path}' reaches {recording.peak:,.0f}; expected floats from −1 to 1: divide them")
    return recording


def _open(path: Path) -> Sound:
    try:
        sound = open_wav(path) if path.suffix.lower() in WAV_SUFFIXES else open_sound(path)
    except UnknownCodecError:
        sound = open_sound(path)
    if not sound.count:
        raise AnenasError(f"'{path}' is empty; record it again or remove it")
    return sound

"""Reading files of recordings, in threads."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
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
UNREADABLE_SUFFIXES = dict.fromkeys(
    (".m4a", ".aac", ".wma", ".amr", ".3gp"), "to be converted to .wav, such as with ffmpeg"
)
"""Of recordings that cannot be read, and what they need."""
_LOUDEST = 32.0  # 30 dB above full scale: floats beyond are integers that nobody divided


def read_sounds(files: list[Path], audio: AudioFormat) -> Iterator[tuple[Path, Recording]]:
    """Each file with its sound, read in threads; `check_sounds` and `read_rate` come before.

    Raises:
        AnenasError: If one cannot be read.
    """
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        yield from zip(files, threads.map(partial(_read, audio=audio), files), strict=True)


def check_sounds(files: Iterable[Path]) -> None:
    """Check that what reads these files is there.

    Raises:
        AnenasError: If some need a package that is not.
    """
    check_soundfile(list(files))


def look_at_sound(path: Path, audio: AudioFormat) -> tuple[int, int]:
    """Samples a second of a file, and how many; what `read_sounds` will use is decoded, to see whether it can be.

    Raises:
        AnenasError: As `read_sounds`.
    """
    sound = _open(path)
    _checked(path, sound, AudioFormat(sound.rate, -(-audio.samples * sound.rate // audio.rate)))  # at its own rate
    return sound.rate, sound.count


def _read(path: Path, audio: AudioFormat) -> Recording:
    return _checked(path, _open(path), audio)


def _checked(path: Path, sound: Sound, audio: AudioFormat) -> Recording:
    recording = brought_to(sound, audio)
    if not np.isfinite(recording.peak):
        raise AnenasError(f"'{path}' contains samples that are not numbers; repair or remove it")
    if recording.peak > _LOUDEST:
        raise AnenasError(f"'{path}' reaches {recording.peak:,.0f}; expected floats from −1 to 1: scale them")
    return recording


def _open(path: Path) -> Sound:
    try:
        sound = open_wav(path) if path.suffix.lower() in WAV_SUFFIXES else open_sound(path)
    except UnknownCodecError:
        sound = open_sound(path)
    if not sound.count:
        raise AnenasError(f"'{path}' is empty; record it again or remove it")
    return sound

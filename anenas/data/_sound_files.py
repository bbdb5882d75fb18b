"""Reading files of recordings, in threads."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from anenas._errors import AnenasError
from anenas.data._audio import Recording, Sound, brought_to, middle_of
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


def read_rate(path: Path, seconds: float) -> int:
    """Samples a second of a file, the middle of which can be read.

    Args:
        path: The file.
        seconds: How much of its middle is needed.

    Raises:
        AnenasError: If it is empty or cannot be read, or its samples are none.
    """
    sound = _open(path)
    samples = middle_of(sound, math.ceil(seconds * sound.rate))
    peak = float(np.abs(samples).max(initial=0))
    if not np.isfinite(peak):
        raise AnenasError(f"'{path}' holds samples that are not numbers; repair or remove it")
    if peak > _LOUDEST:
        raise AnenasError(f"'{path}' reaches {peak:,.0f}, where floats end at 1; divide its samples")
    return sound.rate


def _read(path: Path, audio: AudioFormat) -> Recording:
    return brought_to(_open(path), audio)


def _open(path: Path) -> Sound:
    try:
        sound = open_wav(path) if path.suffix.lower() in WAV_SUFFIXES else open_sound(path)
    except UnknownCodecError:
        sound = open_sound(path)
    if not sound.count:
        raise AnenasError(f"'{path}' is empty; record it again or remove it")
    return sound

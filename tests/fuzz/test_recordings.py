"""Compressed recordings."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from fuzzing import damaged, fuzz, lawful
from hypothesis import given
from hypothesis import strategies as st

from anenas.data import InputFormat
from anenas.data._sound_files import check_sounds, look_at_sound, read_sounds
from anenas.inputs import RECORDINGS

AUDIO = InputFormat(RECORDINGS, rate=8000, steps=1000).audio
FORMATS = {
    "flac": ("FLAC", "PCM_16"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "aiff": ("AIFF", "PCM_24"),
    "au": ("AU", "ULAW"),
    "caf": ("CAF", "ALAC_16"),
    "w64": ("W64", "FLOAT"),
}


def _sounds() -> dict[str, bytes]:
    tone, found = np.sin(np.arange(6000) / 5)[:, None] * [0.5, 0.25], {}
    for suffix, (kind, subtype) in FORMATS.items():
        stream = io.BytesIO()
        soundfile.write(stream, tone, 16_000, format=kind, subtype=subtype)
        found[suffix] = stream.getvalue()
    return found


SOUNDS = _sounds()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sounds")


def _read(path: Path) -> None:
    check_sounds([path])
    look_at_sound(path, AUDIO)
    list(read_sounds([path], AUDIO))


@pytest.mark.parametrize("suffix", SOUNDS)
def test_a_whole_recording_is_read(folder: Path, suffix: str) -> None:
    path = folder / f"whole.{suffix}"
    path.write_bytes(SOUNDS[suffix])
    _read(path)


@fuzz()
@given(data=st.data())
def test_a_recording_of_which_bytes_are_others(folder: Path, data: st.DataObject) -> None:
    suffix = data.draw(st.sampled_from(sorted(SOUNDS)))
    path = folder / f"a.{suffix}"
    path.write_bytes(data.draw(damaged(SOUNDS[suffix])))
    with lawful(folder):
        _read(path)

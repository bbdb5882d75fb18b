"""Compressed recordings, which the package soundfile reads."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from anenas._errors import AnenasError
from anenas.data import Dataset, InputFormat, load_data
from anenas.inputs import RECORDINGS, SERIES

RATE = 8000
TONE = 0.5 * np.sin(2 * np.pi * 440 * np.arange(8000) / RATE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of four .wav files."""
    for hz, name in ((300, "low"), (1500, "high")):
        (tmp_path / "tones" / name).mkdir(parents=True)
        for i in range(4):
            sound = 0.3 * np.sin(2 * np.pi * (hz + 20 * i) * np.arange(8000) / RATE)
            soundfile.write(tmp_path / "tones" / name / f"{i}.wav", sound, RATE)
    return tmp_path / "tones"


def load(folder: Path) -> Dataset:
    return load_data(f"wav:{folder}", InputFormat(RECORDINGS, rate=RATE, steps=8000))


def everything(dataset: Dataset) -> np.ndarray:
    """All waveforms, (n, samples)."""
    return np.concatenate([part.inputs for part in (dataset.train, dataset.validation, dataset.test)])[:, 0, 0]


@pytest.mark.parametrize("suffix", [".flac", ".ogg", ".opus", ".mp3", ".aiff", ".FLAC"])
def test_compressed_recordings_are_read_beside_others(suffix: str, folder: Path) -> None:
    soundfile.write(folder / "low" / f"4{suffix}", np.stack([TONE, TONE], 1), RATE, format=_form(suffix))
    sounds = everything(load(folder))
    assert len(sounds) == 9
    spectra = np.abs(np.fft.rfft(sounds[:, 2000:6000]))
    (found,) = np.flatnonzero(spectra.argmax(1) == 440 // 2)
    assert spectra[found].max() == pytest.approx(0.5 * 2000, rel=0.05)


def _form(suffix: str) -> str | None:
    return {".opus": "OGG"}.get(suffix)


def test_only_the_middle_of_a_long_one_is_read(folder: Path) -> None:
    soundfile.write(folder / "low" / "0.flac", np.concatenate([np.zeros(5000), TONE, np.zeros(5000)]), RATE)
    sounds = everything(load(folder))
    assert np.abs(sounds - TONE).max(1).min() < 1e-3


def test_wav_files_of_a_rare_codec_are_read(folder: Path) -> None:
    soundfile.write(folder / "low" / "0.wav", TONE, RATE, subtype="IMA_ADPCM")
    sounds = everything(load(folder))
    spectra = np.abs(np.fft.rfft(sounds[:, 2000:6000]))  # its samples come in blocks, so that it is a little longer
    assert (spectra.argmax(1) == 440 // 2).sum() == 1


@pytest.mark.parametrize("wanted", [InputFormat(RECORDINGS, rate=RATE, steps=8000), InputFormat(SERIES)])
def test_a_damaged_one_is_named(wanted: InputFormat, folder: Path) -> None:
    (folder / "low" / "0.mp3").write_bytes(b"no sound")
    source = "wav" if wanted.kind is RECORDINGS else "mel"
    with pytest.raises(AnenasError, match=r"low.0\.mp3' cannot be read as a sound \(.*\); save it again") as raised:
        load_data(f"{source}:{folder}", wanted)
    assert "\n" not in str(raised.value)


def test_without_the_package_the_files_and_the_extra_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)  # an import of it fails
    assert len(load(folder).train) == 4  # .wav files do not need it
    (folder / "low" / "4.flac").write_bytes(b"")
    with pytest.raises(
        AnenasError,
        match=r"4\.flac' is \.flac, which needs the package soundfile: pip install 'anenas\[audio\]', .* it as",
    ):
        load(folder)
    (folder / "low" / "5.mp3").write_bytes(b"")
    with pytest.raises(
        AnenasError, match=r"2 files, such as '.*4\.flac', are \.flac, \.mp3, which .* soundfile: .*, or save them as"
    ):
        load(folder)


def test_without_the_package_a_wav_file_of_a_rare_codec_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    soundfile.write(folder / "low" / "0.wav", TONE, RATE, subtype="IMA_ADPCM")
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(AnenasError, match=r"0\.wav' needs the package soundfile: pip install 'anenas\[audio\]'"):
        load(folder)


def test_a_rate_beyond_all_bounds_is_refused(folder: Path) -> None:
    path = folder / "low" / "0.w64"
    soundfile.write(path, TONE, 1_500_007)
    with pytest.raises(
        AnenasError, match=r"0\.w64' has 1,500,007 samples per second; save it again with 48,000 or fewer"
    ):
        load(folder)

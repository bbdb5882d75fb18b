from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from anenas._errors import AnenasError
from anenas.data import InputFormat
from anenas.data._class_folders import read_class_folders
from anenas.data.sources.wav import read_recordings, read_waveforms
from anenas.inputs import RECORDINGS

WANTED = InputFormat(RECORDINGS, rate=8000, steps=50)


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "anenas")
    return caplog


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of constant sound, each of another volume, in tenths by its name; some shorter than fifty samples."""
    for name, samples in (("train/low/1", 50), ("train/low/2", 40), ("train/high/3", 60), ("val/low/4", 50)):
        path = tmp_path / "my tones" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        wavfile.write(path, 8000, np.full(samples, int(name[-1]) / 10, np.float32))
    return tmp_path / "my tones"


def test_class_folders_of_recordings_are_waveforms_by_split(folder: Path, log: pytest.LogCaptureFixture) -> None:
    raw = read_recordings(str(folder), WANTED)
    assert (raw.name, raw.kind, raw.classes, raw.test) == ("my_tones", RECORDINGS, ("high", "low"), None)
    assert raw.validation is not None
    assert (raw.train.names, raw.train.labels.tolist()) == (
        ("train/high/3.wav", "train/low/1.wav", "train/low/2.wav"), [0, 1, 1],
    )  # fmt: skip
    expected = np.repeat([[0.3], [0.1], [0.2]], 50, 1)
    expected[2, :10] = 0  # silence before what is shorter
    np.testing.assert_allclose(raw.train.inputs.draw(WANTED)[:, 0, 0], expected)
    np.testing.assert_allclose(raw.validation.inputs.draw(WANTED), np.full((1, 1, 1, 50), 0.4))
    assert log.messages[-2:] == [
        "1 of 4 recordings are longer than 0.00625 s: cut to their middle",
        "1 of 4 recordings are shorter than 0.00625 s: padded with silence at the start",
    ]


def test_broken_files_are_an_error_or_left_out(folder: Path, log: pytest.LogCaptureFixture) -> None:
    (folder / "train" / "low" / "1.wav").write_bytes(b"")
    with pytest.raises(AnenasError, match=r"1\.wav' cannot be read as a \.wav file"):
        read_recordings(str(folder), WANTED)
    raw = read_recordings(str(folder), InputFormat(RECORDINGS, rate=8000, steps=50, skip_broken=True))
    np.testing.assert_allclose(raw.train.inputs.draw(WANTED)[:, 0, 0, -1], [0.3, 0.2])
    assert (raw.train.names, raw.train.labels.tolist()) == (("train/high/3.wav", "train/low/2.wav"), [0, 1])
    assert any(line.startswith("my tones: 1 of 4 recordings are left out: train/low/1.wav") for line in log.messages)


def test_files_of_any_origin_are_read_under_their_title(folder: Path, log: pytest.LogCaptureFixture) -> None:
    _, files = read_class_folders(folder, RECORDINGS, (".wav",))
    found = read_waveforms("mine", files, WANTED)
    assert {part: len(examples.labels) for part, examples in found.items()} == {"train": 3, "validation": 1}


def test_a_format_without_a_rate_is_told_before_any_file_is_read(folder: Path) -> None:
    (folder / "train" / "low" / "1.wav").write_bytes(b"")
    with pytest.raises(AnenasError, match="recordings need a `rate`"):
        read_recordings(str(folder), InputFormat(RECORDINGS, steps=50))

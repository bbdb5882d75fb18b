from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.io import wavfile

from anenas._errors import AnenasError
from anenas.blocks._mel import LogMel
from anenas.blocks._spectrogram import LogMelSpectrogram
from anenas.data import InputFormat, RawData
from anenas.data.sources.mel import read_spectrograms
from anenas.inputs import SERIES

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes tones of so many samples below a folder "my tones": write({"low/0": 1000}, rate=8000)."""

    def write(lengths: Mapping[str, int], rate: int = 8000) -> Path:
        for i, (name, samples) in enumerate(lengths.items()):
            path = tmp_path / "my tones" / f"{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            tone = 0.5 * np.sin(2 * np.pi * (300 + 40 * i) * np.arange(samples) / rate)
            wavfile.write(path, rate, tone.astype(np.float32))
        return tmp_path / "my tones"

    return write


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "anenas")
    return caplog


def read(path: Path, *, skip_broken: bool = False) -> RawData:
    return read_spectrograms(str(path), InputFormat(SERIES, skip_broken=skip_broken))


def drawn(raw: RawData) -> np.ndarray:
    """(n, C, T), of the training series."""
    return raw.train.inputs.draw(InputFormat(SERIES))[:, :, 0]


def test_spectrograms_are_what_the_block_computes(write: Write, log: pytest.LogCaptureFixture) -> None:
    path = write(dict.fromkeys(("low/0", "low/1", "high/0"), 1000))
    raw = read(path)
    messages = list(log.messages)
    assert (raw.name, raw.kind, raw.classes) == ("my_tones", SERIES, ("high", "low"))
    assert (raw.train.names, raw.train.labels.tolist()) == (("high/0.wav", "low/0.wav", "low/1.wav"), [0, 1, 1])
    waveforms = np.stack([wavfile.read(path / name)[1] for name in raw.train.names or ()])
    with torch.no_grad():
        block = LogMelSpectrogram(LogMel(8000, hop=128, hops=2, bands=40)).eval()
        expected = block.spectrogram(torch.from_numpy(waveforms)[:, None, None]).numpy()[:, :, 0]
    assert drawn(raw).shape == (3, 40, 7)
    np.testing.assert_allclose(drawn(raw), expected, atol=2e-4)
    assert messages == [
        "series of 40 mel bands every 128 samples, in Hann windows of 256, at 8,000 Hz: the app must compute them "
        "before the model"
    ]


def test_the_app_is_told_what_to_compute(write: Write) -> None:
    mel = LogMel(8000, hop=128, hops=2, bands=40)
    lengths = dict.fromkeys(("low/0", "high/0"), 1000)
    assert read(write(lengths)).metadata == {"sample_rate": "8000", "input": f"{mel}: {mel.formula}"}
    assert read(write({"low/0": 500})).metadata["input"] == (
        f"{mel}: {mel.formula}, then a channel that is 1 where there is sound"
    )


def test_series_are_as_long_as_the_longest_of_all_splits_and_shorter_ones_end_with_it(
    write: Write, log: pytest.LogCaptureFixture
) -> None:
    lengths = {"train/low/0": 900, "train/high/0": 400, "train/high/1": 127 + 3 * 128, "test/low/0": 1300}
    raw = read(write(lengths))
    assert raw.validation is None and raw.test is not None
    assert raw.train.inputs.draw(InputFormat(SERIES)).shape == (3, 41, 1, 10)
    np.testing.assert_array_equal(drawn(raw)[:, 40], np.arange(10) >= np.array([[7], [7], [3]]))
    assert (raw.test.inputs.draw(InputFormat(SERIES))[:, 40] == 1).all()
    assert not any("shorter" in line for line in log.messages)  # nothing is filled with silence


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ((8000, 8000, 16000), 8000),
        ((8000, 16000), 8000),  # half of them are not most
        ((8000, 16000, 16000), 16000),
        ((8000, 22050, 44100), 16000),
        ((8000, 15999, 44100), 8000),
        ((4000, 4000, 16000), 8000),  # none is lower
        ((4000, 8000, 16000), 8000),
    ],
)
def test_the_rate_is_the_highest_that_most_files_have(
    rates: tuple[int, ...], expected: int, write: Write, log: pytest.LogCaptureFixture
) -> None:
    for i, rate in enumerate(rates):
        path = write({f"{'low' if i else 'high'}/{i}": rate // 8}, rate)
    raw = read(path)
    assert raw.metadata["sample_rate"] == str(expected)
    assert f"every {expected * 16 // 1000} samples, in Hann windows of {expected * 32 // 1000}," in log.messages[-1]
    assert drawn(raw).shape == (len(rates), 40, 7)
    others = sorted({rate for rate in rates if rate != expected})
    count = sum(rate != expected for rate in rates)
    listed = ", ".join(f"{rate:,}" for rate in others)
    assert log.messages[0] == f"{count} of {len(rates)} recordings resampled to {expected:,} Hz, from {listed}"


def test_recordings_of_a_step_are_long_enough_and_shorter_ones_are_told(write: Write) -> None:
    assert drawn(read(write({"low/0": 128, "high/0": 255}))).shape == (2, 40, 1)
    path = write({"low/1": 127})
    message = f"'{path / 'low' / '1.wav'}' is shorter than a step of 16 ms; remove it"
    with pytest.raises(AnenasError) as raised:
        read(path)
    assert str(raised.value).startswith(message)
    (path / "low" / "1.wav").unlink()
    assert len(read(write({"low/2": 706}, rate=44_100)).train.labels) == 3
    with pytest.raises(AnenasError, match=r"2\.wav' is shorter than a step of 16 ms"):
        read(write({"low/2": 705}, rate=44_100))


def test_recordings_that_are_too_short_are_left_out_if_broken_ones_may_be(
    write: Write, log: pytest.LogCaptureFixture
) -> None:
    raw = read(write({"low/0": 128, "low/1": 127, "high/0": 255}), skip_broken=True)
    assert raw.train.names == ("high/0.wav", "low/0.wav")
    assert log.messages[0] == ("my tones: 1 of 3 recordings are left out: low/1.wav is shorter than a step of 16 ms")


def test_long_recordings_are_cut_to_as_many_steps_as_suit_the_engine(
    write: Write, log: pytest.LogCaptureFixture
) -> None:
    raw = read(write({"low/0": 1024 * 128 + 1, "high/0": 1024 * 128, "high/1": 1000}))
    assert drawn(raw).shape == (3, 41, 1024)
    assert log.messages[0] == "1 of 3 recordings are longer than 16.384 s: cut to their middle"


def test_what_cannot_be_read_beyond_what_is_used_does_not_matter(write: Write) -> None:
    path = write({"low/0": 128_000 * 2, "high/0": 1000})
    _, samples = wavfile.read(path / "low" / "0.wav")
    samples = samples.copy()
    samples[[0, -1]] = np.nan
    wavfile.write(path / "low" / "0.wav", 8000, samples)
    assert np.isfinite(drawn(read(path))).all()
    samples[128_000] = np.nan
    wavfile.write(path / "low" / "0.wav", 8000, samples)
    with pytest.raises(AnenasError, match=r"0\.wav' contains samples that are not numbers"):
        read(path)

from __future__ import annotations

import logging
import wave
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from anenas._errors import AnenasError
from anenas.data import Dataset, InputFormat, absolute_source, load_data
from anenas.inputs import IMAGES, RECORDINGS, SERIES, InputKind


def tone(hz: float, rate: int = 8000, samples: int = 1000, volume: float = 0.5) -> np.ndarray:
    return volume * np.sin(2 * np.pi * hz * np.arange(samples) / rate)


def pcm(sound: np.ndarray, bits: int = 16) -> np.ndarray:
    return (sound * (2 ** (bits - 1) - 1)).astype(f"int{bits}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of six tones, all of 1,000 samples at 8,000 Hz."""
    for hz, name in ((300, "low"), (1500, "high")):
        (tmp_path / "tones" / name).mkdir(parents=True)
        for i in range(6):
            wavfile.write(tmp_path / "tones" / name / f"{i}.wav", 8000, pcm(tone(hz + 10 * i)))
    return tmp_path / "tones"


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "anenas")
    return caplog


WAVEFORMS = InputFormat(RECORDINGS, rate=8000, steps=1000)
FORMATS = {"wav": WAVEFORMS, "mel": InputFormat(SERIES)}


def load(folder: Path, kind: str = "wav") -> Dataset:
    return load_data(f"{kind}:{folder}", FORMATS[kind])


def everything(dataset: Dataset) -> np.ndarray:
    return np.concatenate([split.inputs for split in (dataset.train, dataset.validation, dataset.test)])


def test_class_folders_of_recordings_become_waveforms(folder: Path, log: pytest.LogCaptureFixture) -> None:
    dataset = load(folder)
    assert (dataset.name, dataset.classes, dataset.input_shape, dataset.flip) == (
        "tones", ("high", "low"), (1, 1, 1000), False,
    )  # fmt: skip
    assert everything(dataset).shape == (12, 1, 1, 1000)
    assert dataset.metadata == {"sample_rate": "8000", "input": "a waveform from -1 to 1 at 8,000 Hz"}
    assert not log.messages


def test_a_class_with_too_few_recordings_is_named(folder: Path) -> None:
    for i in range(2, 6):
        (folder / "low" / f"{i}.wav").unlink()
    for kind, of in (("wav", "recordings"), ("mel", "series")):
        with pytest.raises(AnenasError, match=f"class 'low' has 2 training {of} but needs at least 3"):
            load(folder, kind)


@pytest.mark.parametrize("kind", ["wav", "mel"])
def test_recordings_of_other_formats_are_counted_and_said(
    kind: str, folder: Path, log: pytest.LogCaptureFixture
) -> None:
    for i in range(20):
        (folder / "low" / f"{i}.m4a").write_bytes(b"ID3")
    load(folder, kind)
    wanted = "tones: 20 .m4a files need to be converted to .wav, such as with ffmpeg: low/0.m4a, low/1.m4a, low/10.m4a"
    assert log.messages[0] == f"{wanted}, … (20 .m4a)"


@pytest.mark.parametrize("kind", ["wav", "mel"])
def test_a_recording_that_was_cut_off_is_read_as_it_is_and_named(
    kind: str, folder: Path, log: pytest.LogCaptureFixture
) -> None:
    path = folder / "low" / "3.wav"
    path.write_bytes(path.read_bytes()[:1044])
    dataset = load(folder, kind)
    assert (
        log.messages[0] == f"1 of 12 recordings are shorter than they state, such as '{path}': read as far as they go"
    )
    quiet = (everything(dataset) == 0).all(1)[:, 0, :] if kind == "wav" else everything(dataset)[:, -1, 0] == 0
    assert sorted(quiet.sum(1))[-1] == (502 if kind == "wav" else 4)  # two samples of the tone are 0


def test_a_stream_of_unknown_length_is_read_to_its_end(folder: Path, log: pytest.LogCaptureFixture) -> None:
    path = folder / "low" / "3.wav"
    content = path.read_bytes()
    path.write_bytes(content[:40] + b"\xff\xff\xff\xff" + content[44:])
    assert np.abs(everything(load(folder))[..., 500:]).max((1, 2, 3)).min() > 0.4
    assert log.messages == ["1 of 12 recordings do not state their length: read to the end of the file"]


def test_floats_beyond_one_are_clipped_and_counted(folder: Path, log: pytest.LogCaptureFixture) -> None:
    path = folder / "low" / "3.wav"
    wavfile.write(path, 8000, tone(300, volume=1.5).astype(np.float32))
    assert np.abs(everything(load(folder))).max() == 1
    assert log.messages == [f"1 of 12 recordings exceed ±1 (up to 1.5), such as '{path}': clipped"]


def test_floats_that_are_integers_are_refused(folder: Path) -> None:
    path = folder / "low" / "3.wav"
    wavfile.write(path, 8000, tone(300, volume=20_000).astype(np.float32))
    with pytest.raises(AnenasError, match=rf"'{path}' reaches \d\d,\d+; expected floats from −1 to 1: scale them"):
        load(folder)


@pytest.mark.parametrize("kind", ["uint8", "int16", "int24", "int32", "float32", "stereo"])
def test_every_kind_of_samples_is_read(kind: str, folder: Path, log: pytest.LogCaptureFixture) -> None:
    sound, path = tone(440, volume=0.9), folder / "low" / "0.wav"
    if kind == "int24":
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(3)
            file.setframerate(8000)
            file.writeframes(b"".join(int(v).to_bytes(3, "little", signed=True) for v in sound * (2**23 - 1)))
    else:
        written = {
            "uint8": (sound * 128 + 128).round().astype(np.uint8), "int16": pcm(sound), "int32": pcm(sound, 32),
            "float32": sound.astype(np.float32), "stereo": np.stack([pcm(0 * sound), pcm(sound)], 1),
        }[kind]  # fmt: skip
        wavfile.write(path, 8000, written)
    read = everything(load(folder))[:, 0, 0]
    expected = sound / 2 if kind == "stereo" else sound  # the mean of its channels
    assert np.abs(read - expected).max(1).min() < (0.01 if kind == "uint8" else 1e-3)
    assert log.messages == (["1 of 12 recordings have 2 channels: averaged"] if kind == "stereo" else [])


def test_another_rate_is_resampled_and_logged(folder: Path, log: pytest.LogCaptureFixture) -> None:
    wavfile.write(folder / "low" / "0.wav", 44100, pcm(tone(440, 44100, 5513)))
    wavfile.write(folder / "low" / "1.wav", 4000, pcm(tone(440, 4000, 500)))
    dataset = load(folder)
    assert log.messages == ["2 of 12 recordings resampled to 8,000 Hz, from 4,000, 44,100"]
    away = np.abs(everything(dataset)[:, 0, 0, 100:900] - tone(440)[100:900]).max(1)
    assert (away < 0.02).sum() == 2


def test_what_is_longer_is_cut_to_its_middle_and_what_is_shorter_begins_with_silence(
    folder: Path, log: pytest.LogCaptureFixture
) -> None:
    long = np.concatenate([np.zeros(700), tone(440), np.zeros(701)])
    wavfile.write(folder / "low" / "0.wav", 8000, pcm(long))
    wavfile.write(folder / "low" / "1.wav", 8000, pcm(tone(440, samples=400)))
    dataset = load(folder)
    assert log.messages == [
        "1 of 12 recordings are longer than 0.125 s: cut to their middle",
        "1 of 12 recordings are shorter than 0.125 s: padded with silence at the start",
    ]
    read = everything(dataset)[:, 0, 0]
    assert np.abs(read - tone(440)).max(1).min() < 1e-3
    assert np.abs(read - np.concatenate([np.zeros(600), tone(440, samples=400)])).max(1).min() < 1e-3


def test_silent_recordings_are_named(folder: Path, log: pytest.LogCaptureFixture) -> None:
    wavfile.write(folder / "low" / "3.wav", 8000, np.zeros(1000, np.int16))
    load(folder)
    assert log.messages == [f"1 of 12 recordings are silent, such as '{folder / 'low' / '3.wav'}'"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no sound at all", "cannot be read as a .wav file .*; save it as 16-bit PCM"),
        (b"", "cannot be read as a .wav file .*; save it as 16-bit PCM"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "cannot be read as a .wav file .*; save it as 16-bit PCM"),
        (None, "is empty; record it again or remove it"),
        (np.full(1000, np.nan, np.float32), "contains samples that are not numbers"),
    ],
)
def test_a_file_that_is_of_no_use_is_named(content: bytes | np.ndarray | None, message: str, folder: Path) -> None:
    path = folder / "high" / "2.wav"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        wavfile.write(path, 8000, np.zeros(0, np.int16) if content is None else content)
    for kind in FORMATS:
        with pytest.raises(AnenasError, match=f"^'{path}' {message}") as error:
            load(folder, kind)
        assert "\n" not in str(error.value)


def test_waveforms_may_be_arrays(tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    rng, labels = np.random.default_rng(0), np.arange(12) % 2
    sound = rng.uniform(-1, 1, (12, 1000)).astype(np.float32)
    sound[0, 600:] = np.nan
    parts = {"train_y": labels, "test_y": labels}
    np.savez(tmp_path / "a.npz", train_x=sound, test_x=sound, rate=8000, **parts)
    np.savez(tmp_path / "b.npz", train_x=pcm(np.nan_to_num(sound)), test_x=pcm(np.nan_to_num(sound)), **parts)
    a, b = (load_data(str(tmp_path / name), WAVEFORMS) for name in ("a.npz", "b.npz"))
    np.testing.assert_array_equal(a.test.inputs[0, 0, 0], np.concatenate([np.zeros(400), sound[0, :600]]))
    np.testing.assert_allclose(a.test.inputs[1:], b.test.inputs[1:], atol=1e-4)
    assert log.messages == [
        "2 of 24 recordings are shorter than 0.125 s: padded with silence at the start",
        f"'{tmp_path / 'b.npz'}' has no array `rate` (samples per second): assuming 8,000 Hz",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train_x": np.full((12, 1000), 2.0)}, "train_x reaches 2; expected waveforms from −1 to 1"),
        ({"train_x": np.zeros((12, 10, 10))}, r"train_x must be waveforms, \(n, samples\)"),
        ({"train_x": np.full((12, 1000), np.nan)}, "train_x reaches nan"),
        ({"train_x": np.array([[0.0, np.nan, 0.5, 0.5]] * 12)}, "waveform 0 of train_x is empty, or has NaN"),
        ({"rate": -1}, "rate must be one number"),
        ({"rate": np.zeros(3)}, "rate must be one number"),
    ],
)
def test_arrays_that_are_no_waveforms_are_refused(change: dict[str, object], message: str, tmp_path: Path) -> None:
    sound, labels = np.zeros((12, 1000)), np.arange(12) % 2
    np.savez(tmp_path / "a.npz", **{"train_x": sound, "test_x": sound, "train_y": labels, "test_y": labels} | change)
    with pytest.raises(AnenasError, match=message):
        load_data(tmp_path / "a.npz", WAVEFORMS)


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        (
            None,
            RECORDINGS,
            "no recordings are included in anenas; name yours with `data`: FILE.npz, table:FILE, wav:FOLDER",
        ),
        ("images:x", RECORDINGS, "images:x has images, not recordings: .*, or name recordings: FILE.npz, table:FILE"),
        ("fashion_mnist", RECORDINGS, "fashion_mnist has images, not recordings"),
        ("mel:x", RECORDINGS, "mel:x has series, not recordings"),
        ("mel:x", IMAGES, "search with a space for series, such as sequence_rnn"),
        ("wav:x", IMAGES, "has recordings, not images: search with a space for recordings, such as speech_crnn"),
        ("wav:x", SERIES, "or name series: FILE.csv, FILE.npz, forecast:FILE:COLUMN, mel:FOLDER, wrist_motion"),
        ("wav:/no/such", RECORDINGS, "'/no/such' is not there; expected a folder of class"),
    ],
)
def test_what_does_not_fit_the_space_is_said(source: str | None, kind: InputKind, message: str) -> None:
    wanted = {IMAGES: InputFormat(size=(8, 8)), SERIES: InputFormat(SERIES), RECORDINGS: WAVEFORMS}[kind]
    with pytest.raises(AnenasError, match=message):
        load_data(source, wanted)


def test_a_bare_folder_is_answered_with_its_form(folder: Path) -> None:
    with pytest.raises(AnenasError, match=f"use wav:{folder}"):
        load_data(folder, WAVEFORMS)


def test_recordings_are_found_again_from_any_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for kind in ("wav", "mel"):
        assert absolute_source(f"{kind}:mine") == f"{kind}:{tmp_path / 'mine'}"

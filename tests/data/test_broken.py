from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from anenas._errors import AnenasError
from anenas._progress import shown_by
from anenas.data import Dataset, InputFormat, load_data
from anenas.inputs import RECORDINGS, SERIES

Paint = Callable[..., Path]
FORMATS = {"wav": InputFormat(RECORDINGS, rate=8000, steps=1000), "mel": InputFormat(SERIES)}


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "anenas")
    return caplog


@pytest.fixture
def photos(paint: Paint) -> Path:
    return paint(*(f"{name}/{index:02}.png" for name in ("cat", "dog") for index in range(20)))


@pytest.fixture
def tones(tmp_path: Path) -> Path:
    for name in ("low", "high"):
        (tmp_path / "tones" / name).mkdir(parents=True)
        for i in range(6):
            noise = np.random.default_rng(i).integers(-9999, 9999, 1000, np.int16)
            wavfile.write(tmp_path / "tones" / name / f"{i}.wav", 8000, noise)
    return tmp_path / "tones"


def cut_short(path: Path, *names: str) -> None:
    for name in names:
        (path / name).write_bytes((path / name).read_bytes()[:200])


def names(dataset: Dataset) -> list[str]:
    return sorted(name for split in (dataset.train, dataset.validation, dataset.test) for name in split.names or ())


def test_all_broken_images_are_named_at_once(photos: Path) -> None:
    cut_short(photos, "cat/03.png", "dog/01.png")
    (photos / "dog" / "02.png").write_text("no image")
    (photos / "dog" / "03.png").write_bytes(b"")
    message = (
        r"pets: 4 of 40 images cannot be read: cat/03\.png cannot be read as an image \(.*truncated.*\), "
        r"dog/01\.png cannot be read as an image \(.*truncated.*\), dog/02\.png .* \(its format is unknown\), "
        r"dog/03\.png cannot be read as an image \(it is empty\); "
        r"repair or remove them, or skip them with `skip_broken=True`$"
    )
    with pytest.raises(AnenasError, match=message):
        load_data(f"images:{photos}", size=(6, 6))


def test_of_many_broken_images_ten_are_named(photos: Path) -> None:
    for i in range(14):
        (photos / "cat" / f"{i:02}.png").write_bytes(b"")
    with pytest.raises(AnenasError, match=r"14 of 40 images .* cat/09\.png cannot [^,]*, …; repair") as raised:
        load_data(f"images:{photos}", size=(6, 6))
    assert "cat/10.png" not in str(raised.value)


def test_how_far_it_is_is_shown(photos: Path) -> None:
    shown: list[tuple[str, int, int]] = []
    with shown_by(lambda *far: shown.append(far)):
        load_data(f"images:{photos}", size=(6, 6))
    assert shown[:40] == [("looking through images", done, 40) for done in range(1, 41)]


def test_one_broken_image_is_named_with_how_to_go_on(photos: Path) -> None:
    cut_short(photos, "cat/03.png")
    with pytest.raises(AnenasError, match=r"03\.png' cannot be read .*; repair or remove it, .* `skip_broken=True`$"):
        load_data(f"images:{photos}", size=(6, 6))


@pytest.mark.parametrize("broken", [("cat/03.png",), ("cat/03.png", "dog/01.png")])
def test_where_only_the_very_same_images_will_do_no_way_without_them_is_offered(
    photos: Path, broken: tuple[str, ...]
) -> None:
    cut_short(photos, *broken)
    with pytest.raises(AnenasError, match=r"03\.png'? cannot be read .*; repair (it|them)$"):
        load_data(f"images:{photos}", size=(6, 6), skip_broken=None)


def test_broken_images_can_be_left_out_and_the_rest_is_as_if_they_had_never_been(
    photos: Path, log: pytest.LogCaptureFixture
) -> None:
    cut_short(photos, "cat/03.png", "dog/01.png")
    dataset = load_data(f"images:{photos}", size=(6, 6), skip_broken=True)
    [said] = [record.getMessage() for record in log.records if record.levelno == logging.WARNING]
    assert said.startswith("pets: 2 of 40 images are left out: cat/03.png cannot be read as an image (")
    assert ", dog/01.png cannot" in said
    assert len(names(dataset)) == 38
    for name in ("cat/03.png", "dog/01.png"):
        (photos / name).unlink()
    without = load_data(f"images:{photos}", size=(6, 6))
    assert (dataset.fingerprint, names(dataset)) == (without.fingerprint, names(without))


def test_where_nothing_can_be_read_there_is_nothing_to_go_on_with(photos: Path) -> None:
    for path in photos.glob("*/*.png"):
        path.write_bytes(b"")
    with pytest.raises(AnenasError, match="none of its train images can be read: repair or replace them"):
        load_data(f"images:{photos}", size=(6, 6), skip_broken=True)


@pytest.mark.parametrize("kind", ["wav", "mel"])
def test_broken_recordings_are_named_at_once_and_can_be_left_out(
    tones: Path, log: pytest.LogCaptureFixture, kind: str
) -> None:
    (tones / "low" / "2.wav").write_bytes(b"")
    (tones / "high" / "4.wav").write_text("no recording")
    wavfile.write(tones / "low" / "5.wav", 8000, np.full(1000, np.nan, np.float32))
    message = r"3 of 12 recordings .*: high/4\.wav cannot .*, low/2\.wav .*, low/5\.wav contains samples .*; repair or "
    with pytest.raises(AnenasError, match=message):
        load_data(f"{kind}:{tones}", FORMATS[kind])
    dataset = load_data(f"{kind}:{tones}", FORMATS[kind], skip_broken=True)
    assert len(names(dataset)) == 9
    assert not {"low/2.wav", "low/5.wav", "high/4.wav"} & {*names(dataset)}
    assert log.messages[0].startswith("tones: 3 of 12 recordings are left out: high/4.wav cannot be read as a .wav")


def test_recordings_too_short_for_a_spectrogram_are_named_at_once(tones: Path) -> None:
    for name, count in (("low/1.wav", 127), ("high/2.wav", 1), ("high/3.wav", 128)):
        wavfile.write(tones / name, 8000, np.arange(count, dtype=np.int16))
    message = r"2 of 12 recordings .*: high/2\.wav is shorter than a step of 16 ms, low/1\.wav is shorter .*; repair or"
    with pytest.raises(AnenasError, match=message):
        load_data(f"mel:{tones}", FORMATS["mel"])
    assert "high/3.wav" in names(load_data(f"mel:{tones}", FORMATS["mel"], skip_broken=True))

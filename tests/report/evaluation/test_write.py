from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anenas.inputs import IMAGES, SERIES, TEXTS
from anenas.report.evaluation import ClassReport, InputView, report_files, write_report
from anenas.tasks import CLASSIFICATION

IMAGE = InputView(IMAGES)


@pytest.fixture
def inputs() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (8, 3, 12, 10), dtype=np.uint8)


def test_a_page_json_and_pictures_are_written(report: ClassReport, inputs: np.ndarray, tmp_path: Path) -> None:
    written = write_report(report, inputs, IMAGE, tmp_path, title="m on <d>", facts={"model": "m"}, about=["x"])
    assert [one.name for one in written] == list(report_files(CLASSIFICATION))
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(report_files(CLASSIFICATION))
    found = json.loads((tmp_path / "report.json").read_text())
    assert (found["model"], found["inputs"]) == ("m", 8)
    page = (tmp_path / "report.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "m on &lt;d&gt;" in page and "$&lt;b&gt;" in page and "<b>" not in page
    assert "62.5%" in page and "1 class has no inputs and is not in the averages" in page
    assert "nan" not in re.sub(r"base64,[^'\"]*", "", page).lower()
    assert not re.search(r"(src|href)=[\"']http", page)


def test_wrong_inputs_are_shown_with_the_files_to_open(report: ClassReport, inputs: np.ndarray, tmp_path: Path) -> None:
    source, folder = tmp_path / "photos", tmp_path / "report"
    (source / "dog").mkdir(parents=True)
    folder.mkdir()
    (source / "dog" / "5.png").touch()
    write_report(report, inputs, IMAGE, folder, title="m", source=source)
    page = (folder / "report.html").read_text()
    assert page.count("<figure>") == 3
    assert f'<a href="{(source / "dog" / "5.png").as_uri()}">dog/5.png</a>' in page
    assert "cat/2.png" in page and 'cat/2.png">' not in page  # it is not there any more


@pytest.mark.parametrize("count", [2, 40, 160])
def test_pictures_of_many_classes_are_made(count: int, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    scores = random.dirichlet(np.ones(count), 400).astype(np.float32)
    labels = random.integers(0, count, 400)
    found = ClassReport(scores, labels, tuple(f"{i} a long name $ that goes on and on {i}" for i in range(count)))
    images = np.zeros((400, 1, 4, 4), np.uint8)
    write_report(found, images, IMAGE, tmp_path, title="m")
    for name in ("confusion.png", "calibration.png"):
        with Image.open(tmp_path / name) as picture:
            assert min(picture.size) > 300 and max(picture.size) < 4000


def test_images_are_shown_as_they_are(inputs: np.ndarray) -> None:
    assert IMAGE.html(inputs[0]).startswith("<img alt='' src='data:image/png;base64,")
    assert "<small>" not in IMAGE.html(inputs[0][:1])
    assert "the first of 4 channels" in IMAGE.html(np.zeros((4, 5, 5), np.uint8))


def test_series_are_drawn_channel_by_channel_without_their_padding() -> None:
    series = np.zeros((3, 1, 20), np.float32)
    series[0, 0, 10:] = np.arange(10)
    series[1, 0, 10:] = 5
    series[2, 0, 10:] = 1  # the mask
    lines = re.findall(r"points='([^']*)'", InputView(SERIES, masked=True).html(series))
    assert [len(line.split()) for line in lines] == [10, 10]
    heights = [float(point.split(",")[1]) for point in lines[0].split()]
    assert heights == sorted(heights, reverse=True)  # a rising line ends at the top
    assert "6 of 8 channels" in InputView(SERIES).html(np.zeros((8, 1, 20), np.float32))


def test_of_long_recordings_a_short_peak_is_still_seen() -> None:
    wave = np.zeros((1, 1, 16000), np.float32)
    wave[0, 0, 7777] = 1
    (line,) = re.findall(r"points='([^']*)'", InputView(SERIES).html(wave))
    heights = [float(point.split(",")[1]) for point in line.split()]
    assert len(heights) < 500
    assert max(heights) - min(heights) > 90


def test_texts_are_shown_as_their_words() -> None:
    ids = np.array([[[0, 0, 2, 1, 3]]], np.float32)
    words = InputView(TEXTS, metadata={"vocabulary": json.dumps(["good", "<i>"]), "tokens": "words"})
    assert words.html(ids) == "<p class='text'>good � &lt;i&gt;</p>"
    letters = InputView(TEXTS, metadata={"vocabulary": json.dumps(["a", "b"]), "tokens": "characters"})
    assert letters.html(ids) == "<p class='text'>a�b</p>"

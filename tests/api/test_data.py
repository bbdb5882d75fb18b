from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anenas import AnenasError, check_data, load_data
from anenas.api import _data


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Thirty noisy photos of each of two classes, one of which is in both."""
    random = np.random.default_rng(0)
    for name in ("cat", "dog"):
        for number in range(30):
            path = tmp_path / "photos" / name / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(random.integers(0, 256, (20, 20, 3), np.uint8)).save(path)
    (tmp_path / "photos" / "dog" / "copy.png").write_bytes((tmp_path / "photos" / "cat" / "7.png").read_bytes())
    return tmp_path / "photos"


def test_a_report_counts_inputs_and_names_files(photos: Path) -> None:
    report = check_data(f"images:{photos}", input_shape=(3, 32, 32), fewest=5)
    assert (report.data, report.kind, report.input_shape) == ("photos", "images", (3, 32, 32))
    assert {part: sum(counts.values()) for part, counts in report.counts.items()} == {
        "train": 40, "validation": 10, "test": 11,
    }  # fmt: skip
    mixed = [concern for concern in report.concerns if concern.check == "same input in two classes"]
    assert [set(one) for one in mixed[0].affected] == [{"cat/7.png (cat)", "dog/copy.png (dog)"}]
    read = json.loads(report.to_json())
    assert read["concerns"] == [json.loads(json.dumps(concern.to_dict())) for concern in report.concerns]
    assert read["counts"]["test"] == report.counts["test"]


def test_the_source_tells_the_kind_of_input() -> None:
    report = check_data("wrist_motion")
    assert (report.kind, report.concerns) == ("series", ())


def test_texts_are_read_with_a_space_of_texts(tmp_path: Path) -> None:
    rows = [f"{('good', 'bad')[i % 2]} film number {i},{('good', 'bad')[i % 2]}" for i in range(60)]
    (tmp_path / "reviews.csv").write_text("text,label\n" + "\n".join([*rows, "good film number 0,bad"]) + "\n")
    report = check_data(f"text:{tmp_path / 'reviews.csv'}")
    assert report.kind == "texts"
    assert "same input in two classes" in [concern.check for concern in report.concerns]


def test_arrays_are_read_with_the_space_that_is_named(tmp_path: Path) -> None:
    series = np.random.default_rng(0).normal(size=(40, 20, 3)).astype(np.float32)
    labels = np.arange(40) % 2
    np.savez(tmp_path / "a.npz", train_x=series, train_y=labels, test_x=series[:8], test_y=labels[:8])
    report = check_data(str(tmp_path / "a.npz"), "sequence_rnn", fewest=0)
    assert report.kind == "series"
    found = {concern.message for concern in report.concerns if concern.check == "same input in two splits"}
    assert {message.partition(" of ")[2] for message in found} == {
        "8 test series are the same as training series", "8 test series is the same as validation series",
    }  # fmt: skip


def test_a_number_below_nothing_is_refused() -> None:
    with pytest.raises(AnenasError, match="`fewest` must be 0 or more, got -1"):
        check_data(fewest=-1)


def test_a_search_logs_the_worst_and_counts_the_others(
    photos: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = load_data(f"images:{photos}", size=(32, 32))
    caplog.set_level(logging.WARNING, "anenas")
    _data.log_concerns(dataset)
    lines = [record.getMessage() for record in caplog.records]
    assert any(line.startswith("photos: 2 images are the same as one of another class: ") for line in lines)
    caplog.clear()
    _data.log_concerns(dataset, mended=("same input in two classes",))
    assert len(caplog.records) == len(lines) - 1
    caplog.clear()
    monkeypatch.setattr(_data, "_MOST_LINES", 0)
    _data.log_concerns(dataset)
    [record] = caplog.records
    assert record.getMessage() == f"photos: {len(lines)} more possible problems; `anenas data check` lists them"

from __future__ import annotations

from pathlib import Path

import pytest
from studies import trained_study
from tiny import write_tiny

import anenas
from anenas import AnenasError
from anenas.data import load_data
from anenas.space import read_space

TRIAL = "1x1x16x16-conv_r1_s2_c16_k3_relu-dsconv_r1_s2_c16_k3_relu-head_n3"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a study of one trial, whose package is there."""
    folder = tmp_path_factory.mktemp("study")
    write_tiny(folder)
    data = str(folder / "data.npz")
    dataset, space = load_data(data, size=(16, 16), channels=1), read_space(folder / "tiny.yaml")
    trained_study(folder / "store", space, dataset, data, [TRIAL], epochs=1)
    return folder / "store"


def test_the_page_looks_into_the_knee_and_is_the_answer_too(store: Path, tmp_path: Path) -> None:
    found = anenas.write_report("tiny", tmp_path / "page.html", store=store)
    page = found.path.read_text(encoding="utf-8")
    assert (found.path, found.trial) == (tmp_path / "page.html", 0)
    assert found.answer[0].startswith("Trial 0, the knee of the front: accuracy ")
    assert "Where the time of a prediction goes" in page and "Time of trial 0" in page
    assert found.to_dict()["bytes"] == found.path.stat().st_size < 1e6


def test_mistakes_are_told_and_write_nothing(store: Path, tmp_path: Path) -> None:
    for options, said in (
        ({"out": tmp_path / "nowhere" / "page.html"}, "there is no folder .*nowhere"),
        ({"out": tmp_path}, "is a folder; name the page"),
        ({"out": tmp_path / "page.html", "pick": "7"}, "tiny has no trial 7"),
    ):
        with pytest.raises(AnenasError, match=said):
            anenas.write_report("tiny", store=store, **options)
    with pytest.raises(AnenasError, match="tiny"):
        anenas.write_report("tyni", tmp_path / "page.html", store=store)
    assert list(tmp_path.iterdir()) == []


def test_without_its_package_the_page_is_told_to_lack_its_times(
    store: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    [package] = list(store.rglob("00000/model.mlpackage"))
    package.rename(package.with_name("away"))
    try:
        anenas.write_report("tiny", tmp_path / "page.html", store=store)
    finally:
        package.with_name("away").rename(package)
    assert "does not show where trial 0 spends its time" in caplog.text
    assert "Time of trial 0" not in (tmp_path / "page.html").read_text(encoding="utf-8")

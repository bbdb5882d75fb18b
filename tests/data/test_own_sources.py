from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from anenas._errors import AnenasError
from anenas.data import (
    Dataset,
    Encoding,
    Examples,
    InputFormat,
    RawData,
    absolute_source,
    load_data,
    source_folder,
    with_splits,
)
from anenas.data._own_sources import of_own_sources
from anenas.data._series import Series
from anenas.inputs import SERIES, TEXTS
from anenas.tasks import CLASSIFICATION, MULTILABEL, REGRESSION, Task

Paint = Callable[..., Path]


@pytest.fixture
def folders(paint: Paint) -> Path:
    """Class folders in "home", and in "field" those of fewer classes."""
    home = [f"home/{name}/{i}.png" for name in ("ant", "cat", "dog") for i in range(10)]
    return paint(*home, *(f"field/{name}/{i}.png" for name in ("cat", "dog") for i in range(4)))


def load(data: object) -> Dataset:
    return load_data(data, size=(6, 6))  # type: ignore[arg-type]


def split_names(dataset: Dataset) -> list[set[str]]:
    return [set(split.names or ()) for split in (dataset.train, dataset.validation, dataset.test)]


def test_another_folder_is_the_test_set_with_the_labels_of_the_training_classes(folders: Path) -> None:
    dataset = load(with_splits(f"images:{folders / 'home'}", test=folders / "field"))
    assert (dataset.name, dataset.classes) == ("home", ("ant", "cat", "dog"))
    assert dataset.test.names == tuple(f"{name}/{i}.png" for name in ("cat", "dog") for i in range(4))
    np.testing.assert_array_equal(dataset.test.labels, [1, 1, 1, 1, 2, 2, 2, 2])
    assert [len(split) for split in (dataset.train, dataset.validation)] == [24, 6]


def test_another_folder_is_the_validation_set_and_nothing_is_held_out_for_it(folders: Path) -> None:
    dataset = load(with_splits(f"images:{folders / 'home'}", validation=f"images:{folders / 'field'}"))
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [24, 8, 6]


def test_splits_of_the_data_that_are_replaced_are_said(
    folders: Path, paint: Paint, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    paint(*(f"both/{part}/{name}/{i}.png" for part in ("train", "test") for name in ("cat", "dog") for i in range(3)))
    dataset = load(with_splits(f"images:{folders / 'both'}", test=str(folders / "field")))
    assert len(dataset.test) == 8
    assert f"both: its own test split is not used, but images:{folders / 'field'}" in caplog.messages
    with pytest.raises(AnenasError, match="both has its own splits and cannot be the test split; name one of its"):
        load(with_splits(f"images:{folders / 'home'}", test=folders / "both"))


def test_a_class_that_training_lacks_is_one_clear_line(folders: Path) -> None:
    with pytest.raises(AnenasError, match=r"home has the class 'ant', which does not occur in .*; expected one of "):
        load(with_splits(f"images:{folders / 'field'}", test=folders / "home"))
    (folders / "field" / "cat").rename(folders / "field" / "Cat")
    with pytest.raises(
        AnenasError, match=r"field has the class 'Cat', which does not occur in .*; expected one of ant, cat, dog"
    ):
        load(with_splits(f"images:{folders / 'home'}", validation=folders / "field"))


@pytest.mark.parametrize(
    ("task", "classes", "message"),
    [
        (
            CLASSIFICATION,
            ("a", "b"),
            "field has labels of classification for .*; expected those of home, of reg",
        ),
        (REGRESSION, ("b",), "field: there is no column for the number 'a'; there are b"),
    ],
)
def test_labels_of_another_kind_or_too_few_are_one_clear_line(
    task: Task, classes: tuple[str, ...], message: str
) -> None:
    labels = np.zeros(4, np.int64) if task is CLASSIFICATION else np.zeros((4, len(classes)), np.float32)
    with pytest.raises(AnenasError, match=message):
        beside(classes, labels, task, training=np.zeros((4, 2), np.float32))


@pytest.mark.parametrize(
    ("task", "rows", "wanted"),
    [
        (REGRESSION, np.array([[1, 2]], np.float32), [[2, 1]]),
        (MULTILABEL, np.array([[1, 0]], np.uint8), [[0, 1]]),
        (CLASSIFICATION, np.array([0, 1]), [1, 0]),
    ],
)
def test_labels_in_another_order_are_brought_to_that_of_training(
    task: Task, rows: np.ndarray, wanted: list[list[int]]
) -> None:
    found = beside(("b", "a"), rows, task, training=rows, trained=task)
    assert found.test is not None and found.test.labels.tolist() == wanted


def beside(
    classes: tuple[str, ...], labels: np.ndarray, task: Task, training: np.ndarray, trained: Task = REGRESSION
) -> RawData:
    """Data for the classes or numbers a and b, with a test split of its own source."""
    home, field = (Examples(Series(np.zeros((len(one), 1, 1, 8), np.float32)), one) for one in (training, labels))
    found = {
        "home": RawData("home", SERIES, ("a", "b"), home, task=trained),
        "field": RawData("field", SERIES, classes, field, task=task),
    }
    return of_own_sources({"train": "home", "test": "field"}, lambda text, metadata: found[text])


def test_the_names_of_all_splits_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = with_splits("images:home", validation="field", test="wav:elsewhere")
    assert absolute_source(data) == {
        "train": f"images:{tmp_path}/home",
        "validation": f"images:{tmp_path}/field",
        "test": f"wav:{tmp_path}/elsewhere",
    }
    assert with_splits("images:home") == "images:home"
    for part, folder in (("train", "home"), ("validation", "field"), ("test", "elsewhere")):
        assert source_folder(absolute_source(data), part) == tmp_path / folder
    assert source_folder(with_splits("images:home", validation="field"), "test") == Path("home")


@pytest.mark.parametrize("data", [None, {"train_x": 1}])
def test_what_has_no_name_cannot_be_given_another_test_set(data: object) -> None:
    with pytest.raises(AnenasError, match="`test` is a split of named data: name the data with `data`"):
        with_splits(data, test="field")  # type: ignore[arg-type]


def test_tables_of_texts_can_be_splits_too(tmp_path: Path) -> None:
    rows = "text,label\n" + "".join(f"{word} {i},{word}\n" for word in ("yes", "no") for i in range(9))
    (tmp_path / "home.csv").write_text(rows)
    (tmp_path / "field.csv").write_text("text,label\nno way,no\n")
    wanted = InputFormat.of_shape(TEXTS, (1, 1, 8), encoding=Encoding("words", 16))
    dataset = load_data(with_splits(f"text:{tmp_path / 'home.csv'}", test=f"text:{tmp_path / 'field.csv'}"), wanted)
    assert [dataset.classes[label] for label in dataset.test.labels] == ["no"]
    assert "way" not in dataset.metadata["vocabulary"]


def test_spectrograms_of_another_rate_or_length_are_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(-9999, 9999, 32000, np.int16)
    for folder, rate, count in (("home", 16000, 16000), ("slow", 8000, 8000), ("long", 16000, 32000)):
        for name in ("low", "high"):
            (tmp_path / folder / name).mkdir(parents=True)
            for i in range(3):
                wavfile.write(tmp_path / folder / name / f"{i}.wav", rate, noise[i : count - 9 + i])
    with pytest.raises(
        AnenasError, match=r"slow is not read in the same way as .*: sample_rate is '8000', not '16000'; put both "
    ):
        load_data(with_splits(f"mel:{tmp_path / 'home'}", test=tmp_path / "slow"), InputFormat(SERIES))
    with pytest.raises(AnenasError, match=r"long has series of 40 channels and .* steps, not "):
        load_data(with_splits(f"mel:{tmp_path / 'home'}", test=tmp_path / "long"), InputFormat(SERIES))


def test_another_table_of_series_is_read_with_the_columns_of_the_first(tmp_path: Path) -> None:
    for name, still in (("a", False), ("b", True)):
        rows = [f"w{w},{'ab'[w % 2]},{5 if still else t % 3},{t * w % 7}" for w in range(12) for t in range(8)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["window,label,x,y", *rows]), encoding="utf-8")
    names = {"train": f"{tmp_path / 'a.csv'}", "validation": f"{tmp_path / 'b.csv'}"}
    dataset = load_data(names, InputFormat(SERIES))
    assert (dataset.validation.inputs[:, 0] == 5).all()  # alone it would be left out
    assert json.loads(dataset.metadata["columns"]) == ["x", "y"]

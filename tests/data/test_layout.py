from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from anenas._errors import AnenasError
from anenas.data._layout import class_folders, entries, find_parts, is_of_tool, split_of
from anenas.data._passed_over import PassedOver
from anenas.inputs import IMAGES, RECORDINGS, InputKind

Place = Callable[..., Path]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Places empty folders, and empty files that end in .png, below a folder "photos"."""

    def place(*names: str) -> Path:
        root = tmp_path / "photos"
        root.mkdir(exist_ok=True)
        for path in (root / name for name in names):
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".png":
                path.touch()
            else:
                path.mkdir(exist_ok=True)
        return root

    return place


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "anenas")
    return caplog


def parts_of(path: Path, kind: InputKind = IMAGES) -> list[tuple[str, str]]:
    """The splits in order with their folders, once what is passed over is logged."""
    passed = PassedOver(path)
    found = find_parts(path, kind, passed)
    passed.log()
    return [(part, folder.relative_to(path).as_posix()) for part, folder in found.items()]


def pets(*folders: str) -> list[str]:
    return [f"{folder}/{pet}/1.png" for folder in folders for pet in ("cat", "dog")]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        *[(name, "train") for name in ("train", "Training", "TRAIN", "Training Data", "train_set", "training-data")],
        *[(name, "validation") for name in ("val", "Valid", "validation", "DEV", "val-set", "Validation Data")],
        *[(name, "test") for name in ("test", "Testing", "test_data", "Test Set")],
        *[
            (name, None)
            for name in ("trainer", "tests", "data", "set", "dataset", "train data set", "traindata", "my test")
        ],
    ],
)
def test_folders_are_called_like_a_split_in_any_case_and_perhaps_as_its_data_or_set(
    name: str, part: str | None
) -> None:
    assert split_of(name) == part


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [("train", "val", "test"), ("Training Data", "Validation Data", "Testing Data"), ("train_data", "dev", "test-set")],
)
def test_folders_of_all_three_names_are_the_splits(
    place: Place, log: pytest.LogCaptureFixture, train: str, validation: str, test: str
) -> None:
    assert parts_of(place(*pets(train, validation, test))) == [
        ("train", train), ("validation", validation), ("test", test),
    ]  # fmt: skip
    assert log.messages == [
        f"photos: folders {train} (training), {validation} (validation) and {test} (test) are the splits"
    ]


@pytest.mark.parametrize(("folder", "part"), [("val", "validation"), ("Test", "test")])
def test_a_validation_folder_is_no_test_set(
    place: Place, log: pytest.LogCaptureFixture, folder: str, part: str
) -> None:
    assert parts_of(place(*pets("Train", folder))) == [("train", "Train"), (part, folder)]
    assert log.messages == [f"photos: folders Train (training) and {folder} ({part}) are the splits"]


def test_a_training_folder_alone_is_read_and_said(place: Place, log: pytest.LogCaptureFixture) -> None:
    assert parts_of(place(*pets("train"))) == [("train", "train")]
    assert log.messages == [
        "photos: only the folder train is a split: the others are held out of it unless they are given"
    ]
    log.clear()
    assert parts_of(place("test/1.png")) == [("train", "train")]
    assert log.messages[1:] == ["photos: 1 folder called like a split has no class folders and is passed over: test"]


def test_folders_beside_the_splits_are_passed_over_and_said(place: Place, log: pytest.LogCaptureFixture) -> None:
    path = place(
        *pets("train", "val"), "test/1.png", "Dev/1.png", "unlabelled/1.png", "more/cat/1.png", ".git", "1.png"
    )
    assert parts_of(path) == [("train", "train"), ("validation", "val")]
    warned = [record.getMessage() for record in log.records if record.levelno == logging.WARNING]
    assert sorted(warned) == [
        "photos: 2 folders beside the splits are passed over: more, unlabelled",
        "photos: 2 folders called like a split have no class folders and are passed over: Dev, test",
    ]
    assert len(log.messages) == 3


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            pets("train", "Training", "test"),
            "'{}/Training' and '{}/train' both have the name of the training split; keep one of them",
        ),
        (
            pets("train", "val", "dev"),
            "'{}/dev' and '{}/val' both have the name of the validation split; keep one of them",
        ),
        (
            pets("Test"),
            "'{}' has class folders in 'Test' but none for training: put the training recordings into '{}/train', or "
            "name only the folder to split",
        ),
        (
            [*pets("test", "val"), "train/1.png"],
            "'{}' has class folders in 'test' and 'val' but none for training: put the training recordings into "
            "'{}/train', or name only the folder to split",
        ),
        (
            ["cat/1.png", "ant/1.png", "train/1.png", *pets("test")],
            "'{}': 'test' is named like a split and holds folders, but next to it there is ant, cat: put classes into "
            "'{}/train', or rename what is named like a split",
        ),
        (
            ["ant/1.png", "bee/1.png", "cat/1.png", "cow/1.png", *pets("test", "val")],
            "'{}': 'test' and 'val' are named like a split and hold folders, but next to them there is ant, bee, cat, "
            "…: put classes into '{}/train', or rename what is named like a split",
        ),
        (
            [*pets("train"), "bus/1.png"],
            "'{}': 'train' is named like a split and holds folders, but next to it there is bus: put classes into "
            "'{}/train', or rename what is named like a split",
        ),
    ],
)
def test_what_may_be_a_split_or_a_class_is_one_clear_line(place: Place, names: list[str], message: str) -> None:
    path = place(*names)
    with pytest.raises(AnenasError) as raised:
        parts_of(path, RECORDINGS)
    assert str(raised.value) == message.format(path, path)


def test_classes_called_like_splits_are_classes_and_said(place: Place, log: pytest.LogCaptureFixture) -> None:
    assert parts_of(place("train/1.png", "test/1.png", "bus/1.png")) == [("train", ".")]
    told = "photos: {}: treated as classes, not splits, because they contain no folders"
    assert log.messages == [told.format("test, train")]
    log.clear()
    assert parts_of(place("Valid/1.png", "dev/.thumbnails")) == [("train", ".")]
    assert log.messages == [told.format("Valid, dev, test, …")]


def test_classes_alone_are_for_training_and_need_no_word(place: Place, log: pytest.LogCaptureFixture) -> None:
    assert parts_of(place("bus/train/1.png", "car/1.png")) == [("train", ".")]
    assert not log.messages


@pytest.mark.parametrize(
    ("name", "is_tool"),
    [(".git", True), ("__MACOSX", True), ("@eaDir", True), ("#Recycle", True), ("a.b", False), ("macosx", False)],
)
def test_hidden_folders_and_those_that_tools_leave_are_no_classes(place: Place, name: str, is_tool: bool) -> None:
    path = place("zebra", name, "1.png")
    assert is_of_tool(path / name) == is_tool
    assert [folder.name for folder in class_folders(path)] == ([] if is_tool else [name]) + ["zebra"]


def test_what_a_folder_holds_is_sorted_or_told_as_what_cannot_be_read(place: Place) -> None:
    path = place("b.png", "a", "c.png", "B.png")
    assert [entry.name for entry in entries(path)] == ["B.png", "a", "b.png", "c.png"]
    with pytest.raises(AnenasError) as raised:
        entries(path / "none")
    assert str(raised.value) == f"cannot read the folder '{path / 'none'}': No such file or directory"

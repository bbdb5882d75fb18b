from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from anenas._errors import AnenasError
from anenas.data._class_folders import read_class_folders
from anenas.inputs import IMAGES, RECORDINGS

Place = Callable[..., Path]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Places empty files below a folder "photos": what is in them does not matter here."""

    def place(*names: str) -> Path:
        for name in names:
            path = tmp_path / "photos" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path / "photos"

    return place


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "anenas")
    return caplog


def read(path: Path) -> tuple[tuple[str, ...], dict[str, list[str]]]:
    """The classes, and the names of the files by split."""
    classes, files = read_class_folders(path, IMAGES, (".png", ".jpg"), {".heic": "a reader: pip install reader"})
    return classes, {part: list(found.names) for part, found in files.items()}


def pets(*folders: str) -> list[str]:
    return [f"{folder}/{pet}/1.png" for folder in folders for pet in ("cat", "dog")]


def test_what_is_no_folder_is_told_as_what_it_is(place: Place) -> None:
    with pytest.raises(AnenasError, match=r"1\.png' is a file; expected a folder of class folders"):
        read(place("1.png") / "1.png")
    with pytest.raises(AnenasError, match=r"none' is not there; expected a folder of class folders"):
        read(place("1.png") / "none")


def test_classes_at_the_top_need_no_word(place: Place, log: pytest.LogCaptureFixture) -> None:
    classes, files = read_class_folders(place("dog/1.png", "cat/1.png", "cat/2.JPG"), IMAGES, (".png", ".jpg"))
    assert classes == ("cat", "dog")
    assert files.keys() == {"train"}
    assert files["train"].names == ("cat/1.png", "cat/2.JPG", "dog/1.png")
    np.testing.assert_array_equal(files["train"].labels, [0, 0, 1])
    assert not log.messages


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("train", "val", "test"),
        ("Train", "valid", "TEST"),
        ("training", "validation", "testing"),
        ("Training Data", "Validation Data", "Testing Data"),
        ("train_data", "dev", "test-set"),
    ],
)
def test_split_folders_of_any_usual_name_are_the_splits(
    place: Place, log: pytest.LogCaptureFixture, train: str, validation: str, test: str
) -> None:
    classes, files = read(place(*pets(train, validation, test)))
    assert classes == ("cat", "dog")
    assert files == {
        "train": pets(train),
        "validation": pets(validation),
        "test": pets(test),
    }
    assert log.messages == [
        f"photos: folders {train} (training), {validation} (validation) and {test} (test) are the splits"
    ]


@pytest.mark.parametrize(("folder", "part"), [("val", "validation"), ("Test", "test")])
def test_a_validation_folder_is_no_test_set(
    place: Place, log: pytest.LogCaptureFixture, folder: str, part: str
) -> None:
    assert read(place(*pets("Train", folder)))[1].keys() == {"train", part}
    assert log.messages == [f"photos: folders Train (training) and {folder} ({part}) are the splits"]


def test_a_training_folder_alone_is_read_and_said(place: Place, log: pytest.LogCaptureFixture) -> None:
    assert read(place(*pets("train"))) == (("cat", "dog"), {"train": pets("train")})
    assert log.messages == [
        "photos: only the folder train is a split: the others are held out of it unless they are given"
    ]


def test_folders_beside_the_splits_are_passed_over_and_said(place: Place, log: pytest.LogCaptureFixture) -> None:
    assert read(place(*pets("train", "val"), "test/1.jpg", "unlabelled/1.jpg"))[1].keys() == {"train", "validation"}
    warned = [record.getMessage() for record in log.records if record.levelno == logging.WARNING]
    assert warned == [
        "photos: 1 folder called like a split has no class folders and is passed over: test",
        "photos: 1 folder beside the splits is passed over: unlabelled",
    ]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            pets("train", "Training", "test"),
            "'.*Training' and '.*train' both have the name of the training split; keep",
        ),
        (pets("test"), "class folders in 'test' but none for training: put the training images into '.*train'"),
        (pets("test", "val"), "class folders in 'test' and 'val' but none for training"),
        (
            ["cat/1.png", "cow/1.png", *pets("test")],
            "'test' is named like a split and holds folders, but next to it there is cat, cow: put classes into",
        ),
        ([*pets("train"), "bus/1.png"], "'train' is named like a split and holds folders, .* there is bus: put "),
    ],
)
def test_what_may_be_a_split_or_a_class_is_one_clear_line(place: Place, names: list[str], message: str) -> None:
    with pytest.raises(AnenasError, match=message) as raised:
        read(place(*names))
    assert "\n" not in str(raised.value)


def test_classes_called_like_splits_are_classes_and_said(place: Place, log: pytest.LogCaptureFixture) -> None:
    assert read(place("train/1.png", "test/1.png", "bus/1.png"))[0] == ("bus", "test", "train")
    assert log.messages == ["photos: test, train: treated as classes, not splits, because they contain no folders"]


def test_folders_within_class_folders_are_read_and_said(place: Place, log: pytest.LogCaptureFixture) -> None:
    names = ["cat/1.png", "cat/monday/1.png", "cat/monday/noon/1.png", "dog/tuesday/1.png", "dog/tuesday/2.png"]
    assert read(place(*names)) == (("cat", "dog"), {"train": names})
    assert log.messages == [
        "photos: 4 images in subfolders of class folders belong to these classes: "
        "cat/monday, cat/monday/noon, dog/tuesday"
    ]


def test_folders_of_tools_are_no_classes_and_said(place: Place, log: pytest.LogCaptureFixture) -> None:
    tools = ("__MACOSX/cat/._1.png", ".ipynb_checkpoints/1.png", "cat/@eaDir/1.png", "cat/.thumbs/1.png")
    assert read(place("cat/1.png", "dog/1.png", *tools)) == (("cat", "dog"), {"train": ["cat/1.png", "dog/1.png"]})
    assert log.messages == [
        "photos: 4 folders of tools are passed over: .ipynb_checkpoints, __MACOSX, cat/.thumbs, … "
        "(1 .ipynb_checkpoints, 1 __MACOSX, 1 .thumbs, 1 others)"
    ]


def test_files_that_are_not_read_are_counted_by_reason(place: Place, log: pytest.LogCaptureFixture) -> None:
    others = [".DS_Store", "cat/.DS_Store", "dog/notes.txt", "dog/more.txt"]
    read(place("cat/1.png", "dog/1.png", "1.png", "cat/._1.png", "cat/1.heic", "dog/1.HEIC", *others))
    assert sorted(log.messages) == [
        "photos: 1 hidden file is passed over: cat/._1.png",
        "photos: 1 image is in no class folder: it is passed over: 1.png",
        "photos: 2 .heic files need a reader: pip install reader: cat/1.heic, dog/1.HEIC",
        "photos: 4 files are no images: .DS_Store, cat/.DS_Store, dog/more.txt, … (2 .DS_Store, 2 .txt)",
    ]


def test_links_are_followed_but_not_in_circles(place: Place, log: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    path = place("cat/1.png", "dog/1.png")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "2.png").touch()
    (path / "cat" / "more").symlink_to(tmp_path / "elsewhere")
    (path / "cat" / "again").symlink_to(path)
    assert read(path)[1] == {"train": ["cat/1.png", "cat/more/2.png", "dog/1.png"]}
    assert "photos: 1 link leads back to a folder above it: cat/again" in log.messages


def test_a_class_without_files_says_what_it_holds(place: Place) -> None:
    with pytest.raises(AnenasError, match=r"dog' has no images \(\.png, \.jpg\) but 1\.heic; .*; \.heic files need "):
        read(place("cat/1.png", "dog/1.heic"))
    with pytest.raises(AnenasError, match=r"'.*dog' has no class folders; .* such as .*dog.cat.1\.wav"):
        read_class_folders(place() / "dog", RECORDINGS, (".wav",))


def test_a_class_of_a_split_that_training_lacks_is_named(place: Place, tmp_path: Path) -> None:
    names = [f"train/class {number:03}/1.png" for number in range(200)]
    with pytest.raises(AnenasError, match="Class 007' is a class with no training images; did you mean 'class 007'"):
        read(place(*names, "test/Class 007/1.png"))
    (tmp_path / "photos" / "test" / "Class 007").rename(tmp_path / "elsewhere")
    with pytest.raises(AnenasError, match=r"Cow' is a class .*; expected one of class 000, .* class 009, …$"):
        read(place("test/Cow/1.png"))

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


def test_files_are_read_by_split_as_folders_say(place: Place, log: pytest.LogCaptureFixture) -> None:
    files = {part: [f"{part}/{pet}/1.png" for pet in ("cat", "dog")] for part in ("train", "validation", "test")}
    assert read(place(*(name for names in files.values() for name in names), "more/1.png")) == (("cat", "dog"), files)
    assert log.messages == [
        "photos: folders train (training), validation (validation) and test (test) are the splits",
        "photos: 1 folder beside the splits is passed over: more",
    ]


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

from __future__ import annotations

import dataclasses
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anenas._errors import AnenasError
from anenas.data import InputFormat, absolute_source, load_data
from anenas.inputs import IMAGES
from anenas.tasks import REGRESSION, Classification

WriteNpz = Callable[..., Path]


def test_the_seed_changes_the_validation_split_and_never_the_test_set(write_npz: WriteNpz) -> None:
    path = str(write_npz())
    first, again, other = (load_data(path, size=(8, 8), seed=seed) for seed in (1, 1, 2))
    assert first.fingerprint == again.fingerprint != other.fingerprint
    np.testing.assert_array_equal(first.test.inputs, other.test.inputs)


def test_images_keep_their_labels_through_the_cut(write_npz: WriteNpz) -> None:
    labels = np.arange(30) % 3
    images = np.broadcast_to(labels.astype(np.uint8)[:, None, None] * 100, (30, 8, 8))
    dataset = load_data(str(write_npz(train_x=images, train_y=labels)), size=(4, 4))
    for split in (dataset.train, dataset.validation):
        np.testing.assert_array_equal(
            split.inputs, np.broadcast_to(split.labels[:, None, None, None] * 100, split.inputs.shape)
        )
    assert (len(dataset.train), len(dataset.validation)) == (24, 6)


def test_validation_is_capped(write_npz: WriteNpz) -> None:
    images, labels = np.zeros((30_000, 1, 1), np.uint8), np.arange(30_000) % 3
    dataset = load_data(str(write_npz(train_x=images, train_y=labels)), size=(1, 1))
    assert len(dataset.validation) == 4998  # 1,666 of each class


def test_channels_turn_grey_into_colour_and_back(write_npz: WriteNpz) -> None:
    path = str(write_npz())
    assert load_data(path, size=(8, 8), channels=1).channels == 1
    assert load_data(path, size=(8, 8), channels=3).channels == 3
    with pytest.raises(AnenasError, match="my_set has 1 channels, which cannot be made 4"):
        load_data(path, size=(8, 8), channels=4)


@pytest.mark.parametrize(
    ("shape", "channels", "said"),
    [
        ((8, 8), 3, "are grey: they get three equal channels"),
        ((8, 8, 3), 1, "lose their colours"),
    ],
)
def test_a_change_of_channels_is_said(
    write_npz: WriteNpz, caplog: pytest.LogCaptureFixture, shape: tuple[int, ...], channels: int, said: str
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    images = np.zeros((9, *shape), np.uint8)
    labels = np.arange(9) % 3
    path = write_npz(train_x=images, train_y=labels, test_x=images, test_y=labels)
    assert load_data(str(path), size=(8, 8), channels=channels).channels == channels
    assert [record.getMessage() for record in caplog.records] == [f"my_set: the images {said}"]


def test_four_channels_stay_four(write_npz: WriteNpz) -> None:
    rgba = np.zeros((30, 8, 8, 4), np.uint8)
    path = str(write_npz(train_x=rgba, test_x=rgba[:9]))
    assert load_data(path, size=(4, 4)).channels == 4
    with pytest.raises(AnenasError, match="has 4 channels, which cannot be made 3"):
        load_data(path, size=(4, 4), channels=3)


@pytest.mark.parametrize(
    ("names", "flip"),
    [(None, True), (["cat", "dog", "cow"], True), (["left", "right", "up"], False), (["7", "8", "9"], False)],
)
def test_colour_images_are_mirrored_unless_their_classes_are_called_by_sides_or_characters(
    write_npz: WriteNpz, names: list[str] | None, flip: bool
) -> None:
    colour = np.zeros((30, 8, 8, 3), np.uint8)
    named = {} if names is None else {"class_names": np.array(names)}
    assert load_data(str(write_npz(train_x=colour, test_x=colour[:9], **named)), size=(8, 8)).flip == flip


@pytest.mark.parametrize("form", ["{}", "{}.npz", "images:{}"])
def test_a_name_that_is_longer_than_any_files_is_one_clear_line(form: str) -> None:
    with pytest.raises(AnenasError, match=r"a{200}") as raised:
        load_data(form.format("a" * 300), size=(8, 8))
    assert "\n" not in str(raised.value)


def test_an_empty_name_is_no_source() -> None:
    with pytest.raises(AnenasError, match="unknown data source ''"):
        load_data("", size=(8, 8))


def test_a_class_with_too_few_images_is_named(write_npz: WriteNpz) -> None:
    names = np.array(["cat", "dog", "cow", "yak"])
    with pytest.raises(AnenasError, match="class 'yak' has no training images but needs at least 2"):
        load_data(str(write_npz(class_names=names)), size=(8, 8))
    labels = np.append(np.arange(29) % 3, 3)
    with pytest.raises(AnenasError, match="class '3' has 1 training images but needs at least 2"):
        load_data(str(write_npz(train_y=labels)), size=(8, 8))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": (0, 8)}, "size must be"),
        ({"size": (8, 8), "validation": 0.0}, "validation must be a fraction between 0 and 1"),
        ({"size": (8, 8), "validation": 1.0}, "validation must be a fraction between 0 and 1"),
        ({"size": (8, 8), "seed": -1}, "seed must be 0 or more"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(AnenasError, match=message):
        load_data(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("fashion-mnist", "did you mean fashion_mnist"),
        ("cifar10", "did you mean torchvision:CIFAR10"),
        ("torchvison:CIFAR10", "did you mean torchvision:NAME"),
        ("image:photos", "did you mean images:FOLDER"),
        ("images:", "did you mean images:FOLDER"),
        ("/no/such/thing", "known: FILE.csv, FILE.npz, fashion_mnist, forecast:FILE:COLUMN, images:FOLDER, "),
    ],
)
def test_an_unknown_source_is_answered_with_the_nearest_form(source: str, message: str) -> None:
    with pytest.raises(AnenasError, match=message):
        load_data(source, size=(8, 8))


def test_a_bare_folder_is_answered_with_its_form(tmp_path: Path) -> None:
    with pytest.raises(AnenasError, match=f"use images:{tmp_path}"):
        load_data(str(tmp_path), size=(8, 8))


@pytest.mark.parametrize(
    ("source", "absolute"),
    [
        ("mine.npz", "{}/mine.npz"),
        ("windows.CSV", "{}/windows.CSV"),
        ("images:photos", "images:{}/photos"),
        ("torchvision:CIFAR10", "torchvision:CIFAR10"),
        ("fashion_mnist", "fashion_mnist"),
        (None, None),
    ],
)
def test_a_source_is_found_from_any_folder(
    source: str | None, absolute: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute_source(source) == (absolute and absolute.format(tmp_path))


def test_a_tilde_is_the_home_folder(write_npz: WriteNpz, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_npz()
    monkeypatch.setenv("HOME", str(path.parent))
    assert load_data(f"~/{path.name}", size=(8, 8)).name == "my_set"


def test_data_sets_need_no_torch() -> None:
    code = "import sys, anenas.data; anenas.data.load_data(size=(8, 8)); sys.exit('torch' in sys.modules)"
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root, env=os.environ | {"PYTHONPATH": str(root)})


def test_a_source_of_classes_alone_is_of_a_task_that_takes_them_and_of_no_other(write_npz: WriteNpz) -> None:
    class Ordered(Classification):
        pass

    source = f"images:{class_folders(write_npz().parent)}"
    wanted = InputFormat(IMAGES, (8, 8), 1)
    assert load_data(source, dataclasses.replace(wanted, task=Ordered("ordered"))).task == Ordered("ordered")
    with pytest.raises(AnenasError, match="has labels of classification, not of regression: labels must be float32"):
        load_data(source, dataclasses.replace(wanted, task=REGRESSION))


def class_folders(folder: Path) -> Path:
    for name in ("a", "b"):
        (folder / "photos" / name).mkdir(parents=True)
        for i in range(8):
            pixels = np.full((8, 8), 30 * i + (name == "b"), np.uint8)
            Image.fromarray(pixels).save(folder / "photos" / name / f"{i}.png")
    return folder / "photos"

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anenas._errors import AnenasError
from anenas.data import Dataset, _heic, load_data
from anenas.data._heic import HEIC_SUFFIXES
from anenas.data.sources.images import _SUFFIXES

HEIC = Path(__file__).with_name("corners.heic")
Paint = Callable[..., Path]


def names(*classes: str, count: int = 5) -> list[str]:
    return [f"{name}/{index}.png" for name in classes for index in range(count)]


def load(path: Path, *, channels: int | None = None, seed: int = 0) -> Dataset:
    return load_data(f"images:{path}", size=(6, 6), channels=channels, seed=seed)


def test_class_folders_become_classes_in_sorted_order(paint: Paint) -> None:
    dataset = load(paint(*names("dog", "cat", "ant")))
    assert (dataset.name, dataset.classes, dataset.channels, dataset.flip) == ("pets", ("ant", "cat", "dog"), 3, True)


def test_pictures_of_every_usual_format_are_read(paint: Paint) -> None:
    writes = {suffix for suffix, name in Image.registered_extensions().items() if name in Image.SAVE}
    suffixes = [suffix for suffix in _SUFFIXES if suffix in writes - {*HEIC_SUFFIXES}]  # older Pillows write fewer
    pictures = [f"cat/1{suffix}" for suffix in (*suffixes, ".JPG")]
    dataset = load(paint(*names("dog"), *pictures))
    read = [name for split in (dataset.train, dataset.validation, dataset.test) for name in split.names or ()]
    assert sorted(read) == sorted([*pictures, *names("dog")])
    assert {".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff", ".jfif"} <= {*suffixes}
    assert ".avif" in _SUFFIXES


def test_what_pillow_would_run_a_program_for_is_no_image(paint: Paint) -> None:
    path = paint(*names("cat", "dog"))
    Image.new("RGB", (4, 4)).save(path / "cat" / "x.png", "EPS")
    with pytest.raises(AnenasError, match=r"x\.png' cannot be read as an image"):
        load(path)


def test_without_a_split_a_fifth_is_cut_for_testing_and_then_for_validation(paint: Paint) -> None:
    dataset = load(paint(*names("cat", "dog", count=25)))
    counts = [np.bincount(split.labels).tolist() for split in (dataset.train, dataset.validation, dataset.test)]
    assert counts == [[16, 16], [4, 4], [5, 5]]
    together = np.concatenate([split.inputs for split in (dataset.train, dataset.validation, dataset.test)])
    assert len(np.unique(together, axis=0)) == 50


def test_each_image_keeps_the_name_of_its_file(paint: Paint) -> None:
    path = paint(*names("cat", "dog", count=10))
    dataset = load_data(load_data(f"images:{path}", size=(10, 12)), size=(10, 12))
    together = []
    for split in (dataset.train, dataset.validation, dataset.test):
        assert split.names
        together += split.names
        for image, name in zip(split.inputs, split.names, strict=True):
            np.testing.assert_array_equal(image, np.moveaxis(np.asarray(Image.open(path / name)), 2, 0))
    assert sorted(together) == sorted(names("cat", "dog", count=10))


def test_the_same_seed_cuts_the_same_way_and_another_does_not(paint: Paint) -> None:
    path = paint(*names("cat", "dog", count=10))
    assert load(path, seed=1).fingerprint == load(path, seed=1).fingerprint
    assert load(path, seed=1).fingerprint != load(path, seed=2).fingerprint


@pytest.mark.parametrize(("other", "counts"), [("test", [8, 2, 6]), ("val", [8, 6, 2])])
def test_a_split_into_folders_is_taken(
    paint: Paint, caplog: pytest.LogCaptureFixture, other: str, counts: list[int]
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    dataset = load(paint(*names("train/cat", "train/dog"), *names(f"{other}/cat", f"{other}/dog", count=3)))
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == counts
    assert dataset.classes == ("cat", "dog")
    held_out = "pets has a validation split but no test split: 2 of the 10 training images are held out for it"
    assert (held_out in caplog.messages) == (other == "val")


def test_train_val_and_test_folders_are_the_three_splits(paint: Paint) -> None:
    path = paint(*names("train/a", "train/b"), *names("val/a", "val/b", count=1), *names("test/a", "test/b", count=2))
    dataset = load(path)
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [10, 2, 4]


def test_classes_called_train_and_test_are_classes(paint: Paint) -> None:
    assert load(paint(*names("train", "test"))).classes == ("test", "train")


def test_a_folder_is_grey_only_if_every_image_is(paint: Paint) -> None:
    path = paint(*names("cat", "dog"), mode="L")
    assert (load(path).channels, load(path).flip) == (1, False)
    paint("dog/colour.png")
    assert (load(path).channels, load(path).flip) == (3, True)
    assert (load(path, channels=1).channels, load(path, channels=1).flip) == (1, True)


def test_shapes_that_lie_in_the_transparency_alone_are_seen(paint: Paint, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "anenas")
    path = paint(*names("cat", "dog"), mode="L")
    for folder, rows in (("cat", slice(0, 5)), ("dog", slice(5, 10))):
        for index in range(3):
            alpha = np.zeros((10, 12), np.uint8)
            alpha[rows] = 255
            black = Image.new("L", (12, 10))
            Image.merge("LA", (black, Image.fromarray(alpha))).save(path / folder / f"{index}.png")
    dataset = load_data(f"images:{path}", size=(10, 12))
    assert (dataset.channels, dataset.metadata) == (1, {"pixels": "transparent parts are drawn on white"})
    assert "pets: 6 of 10 images are transparent, at least in part: drawn on white" in caplog.messages
    for split in (dataset.train, dataset.validation, dataset.test):
        for image, label, name in zip(split.inputs, split.labels, split.names or (), strict=True):
            if name[-5] in "012":
                black = image[0, :5] if label == 0 else image[0, 5:]
                assert black.max() == 0 and (image == 0).mean() == 0.5 and image.max() == 255


def test_a_broken_image_is_named(paint: Paint) -> None:
    path = paint(*names("cat", "dog"))
    broken = path / "dog" / "3.png"
    content = broken.read_bytes()
    for damage in (b"not an image", b"", content[: len(content) // 2]):
        broken.write_bytes(damage)
        with pytest.raises(AnenasError, match="cannot be read as an image") as raised:
            load(path)
        assert str(broken) in str(raised.value)


def test_a_cut_short_jpeg_is_named(tmp_path: Path, paint: Paint) -> None:
    path = paint(*names("cat", "dog"))
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(path / "cat" / "x.jpg")
    (path / "cat" / "x.jpg").write_bytes((path / "cat" / "x.jpg").read_bytes()[:2000])
    with pytest.raises(AnenasError, match=r"x\.jpg' cannot be read as an image"):
        load(path)


def test_a_layout_that_does_not_fit_is_one_clear_line(paint: Paint, tmp_path: Path) -> None:
    with pytest.raises(AnenasError, match="nowhere' is not there; expected a folder of class folders"):
        load(tmp_path / "nowhere")
    path = paint("1.png")
    with pytest.raises(AnenasError, match=r"1\.png' is a file; expected a folder"):
        load(path / "1.png")
    with pytest.raises(AnenasError, match="has no class folders; expected one per class"):
        load(path)
    paint(*names("cat"))
    with pytest.raises(AnenasError, match="pets has only the class 'cat'"):
        load(path)
    (path / "dog").mkdir()
    with pytest.raises(AnenasError, match="dog' has no images"):
        load(path)
    paint(*names("dog", count=2))
    with pytest.raises(AnenasError, match="class 'dog' has 2 training images but needs at least 3"):
        load(path)


def test_a_test_class_that_is_never_trained_is_an_error(paint: Paint) -> None:
    path = paint(*names("train/cat", "train/dog", "test/cat", "test/cow"))
    with pytest.raises(AnenasError, match="cow' is a class with no training images; expected one of cat, dog"):
        load(path)


def test_heic_is_read_by_an_extra(paint: Paint) -> None:
    pytest.importorskip("pi_heif")
    path = paint(*names("cat", "dog"))
    for name in ("cat/1.heic", "dog/1.HEIF"):
        shutil.copy(HEIC, path / name)
    dataset = load_data(f"images:{path}", size=(24, 32))
    red, green, blue = (220, 0, 0), (0, 200, 0), (0, 0, 180)  # above, and below on the left and on the right
    found = 0
    for split in (dataset.train, dataset.validation, dataset.test):
        for image, name in zip(split.inputs, split.names or (), strict=True):
            if name.lower().endswith(("heic", "heif")):
                found += 1
                for (row, column), colour in {(5, 16): red, (18, 8): green, (18, 24): blue}.items():
                    np.testing.assert_allclose(image[:, row, column], colour, atol=8)
    assert found == 2


def test_without_the_extra_heic_among_others_is_told(paint: Paint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    _heic._register.cache_clear()
    path = paint(*names("cat", "dog"))
    for name in ("1.heic", "2.HEIC"):
        shutil.copy(HEIC, path / "cat" / name)
    with pytest.raises(AnenasError, match=r"1\.heic' and 1 more are HEIC; to read them: pip"):
        load(path)

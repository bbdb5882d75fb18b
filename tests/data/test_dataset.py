from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from anenas import _errors
from anenas.data import PARTS, Dataset, Split, _dataset
from anenas.inputs import IMAGES, SERIES

MakeDataset = Callable[..., Dataset]


def changed(split: Split, *, images: bool) -> Split:
    """`split` with its very last pixel or label changed."""
    array = (split.inputs if images else split.labels).copy()
    array.flat[-1] ^= 1
    return Split(array, split.labels) if images else Split(split.inputs, array)


def test_a_saved_data_set_opens_as_memory_maps_of_the_same_content(tiny: MakeDataset, tmp_path: Path) -> None:
    saved = tiny(augmentation="none")
    saved.save(tmp_path / "new" / "folder")
    opened = Dataset.open(tmp_path / "new" / "folder", PARTS)
    assert isinstance(opened.train.inputs, np.memmap)
    assert (opened.name, opened.classes, opened.flip) == (saved.name, saved.classes, saved.flip)
    assert opened.augmentation == saved.augmentation == "none"
    for name in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(opened, name).inputs, getattr(saved, name).inputs)
        np.testing.assert_array_equal(getattr(opened, name).labels, getattr(saved, name).labels)


def test_names_of_files_are_saved_and_kept_at_another_size(tiny: MakeDataset, tmp_path: Path) -> None:
    named = dataclasses.replace(tiny().test, names=("a/1.png", "a/ü\udc80.png", "b\n.png", "c.png"))
    tiny(test=named).save_sizes(tmp_path, [(1, 1)])
    assert Dataset.open(tmp_path, PARTS).test.names == Dataset.open(tmp_path, PARTS, (1, 1)).test.names == named.names
    assert Dataset.open(tmp_path, PARTS).train.names is None
    tiny().save(tmp_path)
    assert Dataset.open(tmp_path, PARTS).test.names is None
    with pytest.raises(_errors.AnenasError, match="expected 4 names, one per input, not 1"):
        dataclasses.replace(named, names=("a",))


def test_what_a_saved_data_set_remembers_is_what_its_pixels_say(tiny: MakeDataset, tmp_path: Path) -> None:
    tiny().save(tmp_path)
    opened = Dataset.open(tmp_path, PARTS)
    recomputed = Dataset(opened.name, opened.classes, opened.train, opened.validation, opened.test, kind=IMAGES)
    assert (opened.fingerprint, opened.mean, opened.std) == (recomputed.fingerprint, recomputed.mean, recomputed.std)


def test_saving_over_an_open_data_set_does_not_disturb_it(tiny: MakeDataset, tmp_path: Path) -> None:
    tiny().save(tmp_path)
    opened = Dataset.open(tmp_path, PARTS)
    before = opened.train.inputs.copy()
    tiny(train=changed(opened.train, images=True)).save(tmp_path)
    np.testing.assert_array_equal(opened.train.inputs, before)
    assert Dataset.open(tmp_path, PARTS).fingerprint != opened.fingerprint


def test_a_save_that_was_cut_short_is_not_opened(tiny: MakeDataset, tmp_path: Path) -> None:
    tiny().save(tmp_path)
    (tmp_path / "test_labels.npy").write_bytes(b"")
    with pytest.raises(_errors.AnenasError, match="has no complete data set"):
        Dataset.open(tmp_path, PARTS)
    with pytest.raises(_errors.AnenasError, match="has no complete data set"):
        Dataset.open(tmp_path / "nowhere", PARTS)


def test_a_damaged_data_folder_opens_or_is_one_line_that_names_it(tiny: MakeDataset, tmp_path: Path) -> None:
    tiny().save(tmp_path)
    files = sorted(file for file in tmp_path.rglob("*") if file.is_file())
    random, refused = np.random.default_rng(0), 0
    for _ in range(60):
        file = files[random.integers(len(files))]
        whole = file.read_bytes()
        damaged = bytearray(whole)
        for place in random.integers(0, min(len(whole), 200), 2):  # headers and JSON
            damaged[place] = random.integers(256)
        file.write_bytes(damaged)
        try:
            Dataset.open(tmp_path, PARTS)
        except _errors.AnenasError as error:
            refused += 1
            assert str(tmp_path) in str(error) and "\n" not in str(error)
        file.write_bytes(whole)
    assert refused


def test_saving_where_a_file_lies_is_one_clear_error(tiny: MakeDataset, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(_errors.AnenasError, match="cannot save the data set in"):
        tiny().save(tmp_path / "file")


@pytest.mark.parametrize("split", ["train", "validation", "test"])
@pytest.mark.parametrize("images", [True, False])
def test_one_changed_pixel_or_label_changes_the_fingerprint(tiny: MakeDataset, split: str, images: bool) -> None:
    before = tiny()
    after = tiny(**{split: changed(getattr(before, split), images=images)})
    assert before.fingerprint != after.fingerprint


def test_the_fingerprint_does_not_depend_on_where_and_how_it_is_read(
    tiny: MakeDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = tiny()
    dataset.save(tmp_path)
    monkeypatch.setattr(_dataset, "_CHUNK", 30)
    train = Split(np.load(tmp_path / "train_inputs.npy", mmap_mode="r"), dataset.train.labels)
    assert len(list(_dataset._chunks(train.inputs))) == 4
    assert tiny(train=train).fingerprint == dataset.fingerprint


def test_renamed_classes_and_swapped_splits_change_the_fingerprint(tiny: MakeDataset) -> None:
    before = tiny()
    assert before.fingerprint == tiny().fingerprint
    assert before.fingerprint != tiny(classes=("cat", "cow")).fingerprint
    assert before.fingerprint != tiny(validation=before.test, test=before.validation).fingerprint


def test_mean_and_std_are_those_of_the_training_pixels_from_0_to_1(tiny: MakeDataset) -> None:
    dataset = tiny()
    pixels = dataset.train.inputs / 255
    np.testing.assert_allclose(dataset.mean, pixels.mean(axis=(0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(dataset.std, pixels.std(axis=(0, 2, 3)), rtol=1e-12)


def test_moments_take_in_every_batch(tiny: MakeDataset) -> None:
    images = np.zeros((3000, 3, 2, 2), np.uint8)
    images[-1500:] = 255
    dataset = tiny(train=Split(images, np.zeros(3000, np.int64)))
    assert dataset.mean == dataset.std == (0.5, 0.5, 0.5)


def test_images_of_one_colour_have_a_std_one_can_divide_by(tiny: MakeDataset) -> None:
    dataset = tiny(train=Split(np.full((2, 3, 2, 2), 77, np.uint8), np.array([0, 1])))
    np.testing.assert_allclose(dataset.std, 1 / 255)


def test_shapes_are_named(tiny: MakeDataset) -> None:
    images = np.zeros((4, 3, 5, 7), np.uint8)
    split = Split(images, np.array([0, 1, 0, 1]))
    dataset = tiny(train=split, validation=split, test=split)
    assert dataset.input_shape == (dataset.channels, dataset.height, dataset.width) == (3, 5, 7)
    assert len(dataset.train) == 4


def test_arrays_of_the_wrong_kind_are_refused(tiny: MakeDataset) -> None:
    images, labels = np.zeros((4, 3, 2, 2), np.uint8), np.zeros(4, np.int64)
    with pytest.raises(_errors.AnenasError, match="images must be uint8"):
        tiny(test=Split(images.astype(np.float32), labels))
    with pytest.raises(_errors.AnenasError, match=r"series must be float32 \(N, C, 1, T\), not uint8"):
        tiny(kind=SERIES)
    with pytest.raises(_errors.AnenasError, match="labels must be 0 to 1, places in the classes"):
        tiny(test=Split(images, labels + 2))
    with pytest.raises(_errors.AnenasError, match=r"labels must be int64 \(4,\)"):
        tiny(test=Split(images, labels[:3]))
    with pytest.raises(_errors.AnenasError, match="images of the same shape"):
        tiny(test=Split(images[..., :1], labels))

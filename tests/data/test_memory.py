"""Data that are given as objects are the same data set as a file of the same content."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import Subset, TensorDataset

from anenas._errors import AnenasError
from anenas.data import Dataset, Encoding, InputFormat, Split, absolute_source, load_data
from anenas.inputs import IMAGES, RECORDINGS, SERIES, TEXTS

random = np.random.default_rng(0)
GREY = random.integers(0, 256, (39, 8, 8), np.uint8)
COLOUR = random.integers(0, 256, (39, 8, 8, 3), np.uint8)
LABELS = np.arange(39) % 3
NAMES = ("cat", "cow", "dog")
KEYS = ("train_x", "train_y", "test_x", "test_y")
TEXT_FORMAT = InputFormat(TEXTS, steps=4, encoding=Encoding("words", 64))


class Items:
    """A map-style data set, perhaps with names of its classes."""

    def __init__(self, inputs: Sequence[Any], labels: Sequence[Any] = LABELS, **more: Any) -> None:
        self._items = list(zip(inputs, labels, strict=False))
        vars(self).update(more)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._items[index]


def arrays(images: np.ndarray, labels: np.ndarray = LABELS) -> tuple[Any, ...]:
    """Images cut into 30 to train on and 9 to test on."""
    return images[:30], labels[:30], images[30:], labels[30:]


def of_file(folder: Path, images: np.ndarray, wanted: InputFormat | None = None, **more: Any) -> Dataset:
    np.savez(folder / "set.npz", **dict(zip(KEYS, arrays(images), strict=True)), **more)
    return load_data(folder / "set.npz", wanted or InputFormat(size=(8, 8)))


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name.startswith("anenas")]


def test_arrays_as_a_mapping_or_a_tuple_are_the_file_of_them(tmp_path: Path) -> None:
    file = of_file(tmp_path, COLOUR, class_names=np.array(NAMES))
    mapping = dict(zip(KEYS, arrays(COLOUR), strict=True)) | {"class_names": NAMES}
    for given in (mapping, (*arrays(COLOUR), NAMES)):
        dataset = load_data(given, size=(8, 8))
        assert (dataset.fingerprint, dataset.name) == (file.fingerprint, "data")
    assert load_data(arrays(COLOUR), size=(8, 8)).classes == ("0", "1", "2")


def test_a_data_set_stays_itself_and_keeps_its_splits(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "anenas")
    file = of_file(tmp_path, COLOUR)
    dataset = load_data(file, size=(8, 8), seed=7)
    assert (dataset.fingerprint, dataset.name, dataset.flip) == (file.fingerprint, "set", True)
    assert not logged(caplog)
    assert load_data(file, size=(4, 4)).input_shape == (3, 4, 4)
    assert logged(caplog) == ["39 images of 8×8 pixels are resized to 4×4"]


def tensors(images: np.ndarray) -> list[torch.Tensor]:
    return [torch.from_numpy(image).movedim(2, 0) for image in images]


@pytest.mark.parametrize("form", ["pil", "array", "tensor", "float tensor", "float array"])
@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_a_pair_are_those_of_the_file(
    form: str, channels: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    images = COLOUR if channels == 3 else GREY[..., None]
    given: Sequence[Any] = {
        "pil": [Image.fromarray(image if channels == 3 else image[..., 0]) for image in images],
        "array": list(images),
        "tensor": tensors(images),
        "float tensor": [image / 255 for image in tensors(images)],
        "float array": [image / np.float32(255) for image in images],
    }[form]
    dataset = load_data((Items(given[:30]), Items(given[30:])), size=(8, 8))
    assert dataset.fingerprint == of_file(tmp_path, images).fingerprint
    scaled = ["`data`: 39 images of floats from 0 to 1 are read as pixels from 0 to 255"]
    assert logged(caplog) == (scaled if form.startswith("float") else [])


def test_splits_may_be_a_mapping_and_subsets_with_the_classes_of_the_whole(tmp_path: Path) -> None:
    whole = Items(tensors(COLOUR), classes=list(NAMES))
    parts = {"train": Subset(whole, range(30)), "test": Subset(whole, range(30, 39))}
    dataset = load_data(parts, size=(8, 8))
    assert dataset.fingerprint == of_file(tmp_path, COLOUR, class_names=np.array(NAMES)).fingerprint
    assert (dataset.name, dataset.classes) == ("Items", NAMES)
    held = load_data(parts | {"validation": Subset(whole, range(9))}, size=(8, 8))
    assert [len(split) for split in (held.train, held.validation, held.test)] == [30, 9, 9]


def test_one_data_set_is_cut_in_three() -> None:
    dataset = load_data(Items(tensors(COLOUR)), size=(8, 8))
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [27, 6, 6]
    assert dataset.fingerprint == load_data(list(zip(COLOUR, LABELS, strict=True)), size=(8, 8)).fingerprint


def test_float_images_of_arrays_are_scaled_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "anenas")
    dataset = load_data(arrays(COLOUR / 255), size=(8, 8))
    assert logged(caplog) == ["`data`: 39 images of floats from 0 to 1 are read as pixels from 0 to 255"]
    assert dataset.fingerprint == of_file(tmp_path, COLOUR).fingerprint


def test_grey_images_among_colour_ones_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "anenas")
    images = [Image.fromarray(GREY[i] if i < 6 else COLOUR[i]) for i in range(39)]
    assert load_data(Items(images), size=(8, 8)).channels == 3
    assert logged(caplog) == ["Items: 6 of 39 images are grey: three equal channels are made of one"]


def test_series_texts_and_recordings_are_given_alike(tmp_path: Path) -> None:
    series = random.standard_normal((39, 20, 3)).astype(np.float32)
    wanted = InputFormat(SERIES)
    file = of_file(tmp_path, series, wanted)
    labels = torch.from_numpy(LABELS)
    pairs = [TensorDataset(torch.from_numpy(series[part]), labels[part]) for part in (slice(30), slice(30, 39))]
    for given in (arrays(series), tuple(pairs)):
        assert load_data(given, wanted).fingerprint == file.fingerprint

    texts = np.array([f"word{i} {NAMES[i % 3]}" for i in range(39)])
    file = of_file(tmp_path, texts, TEXT_FORMAT)
    for given in (arrays(texts), arrays(texts.astype(object)), (Items(list(texts[:30])), Items(list(texts[30:])))):
        dataset = load_data(given, TEXT_FORMAT)
        assert (dataset.fingerprint, dataset.metadata) == (file.fingerprint, file.metadata)

    waveforms = random.uniform(-1, 1, (39, 100)).astype(np.float32)
    wanted = InputFormat(RECORDINGS, rate=8000, steps=100)
    file = of_file(tmp_path, waveforms, wanted)
    assert load_data((Items(waveforms[:30]), Items(waveforms[30:])), wanted).fingerprint == file.fingerprint


@pytest.mark.parametrize("wanted", [TEXT_FORMAT, InputFormat(RECORDINGS, rate=8000, steps=100)])
def test_a_data_set_of_texts_or_recordings_must_be_in_the_format(wanted: InputFormat) -> None:
    if wanted.kind is TEXTS:
        given: Any = arrays(np.array([f"word{i}" for i in range(39)]))
        others = [
            InputFormat(TEXTS, steps=4, encoding=Encoding("characters", 64)),
            InputFormat(TEXTS, steps=4, encoding=Encoding("words", 4)),
            InputFormat(TEXTS, steps=4, encoding=Encoding("words", 64), vocabulary=("other",)),
        ]
        messages = [
            r"names \d+ words as .* expected 1 to 62 characters",
            "expected 1 to 2 words",
            "with another vocabulary",
        ]
    else:
        given = arrays(random.uniform(-1, 1, (39, 100)))
        others = [InputFormat(RECORDINGS, rate=4000, steps=100)]
        messages = ["recordings with 8000 samples per second in its metadata, not 4000; load them at that rate"]
    dataset = load_data(given, wanted)
    assert load_data(dataset, wanted).fingerprint == dataset.fingerprint
    for other, message in zip(others, messages, strict=True):
        with pytest.raises(AnenasError, match=message):
            load_data(dataset, other)


def test_a_data_set_without_its_vocabulary_is_one_clear_line() -> None:
    split = Split(np.ones((6, 1, 1, 4), np.float32), np.arange(6) % 2)
    dataset = Dataset("ids", ("a", "b"), split, split, split, kind=TEXTS, masked=True, metadata={"tokens": "words"})
    with pytest.raises(
        AnenasError, match="ids names 0 words as the vocabulary in its metadata; expected 1 to 62 words"
    ):
        load_data(dataset, TEXT_FORMAT)


photos = tensors(COLOUR)
normalised = [(image / 255 - 0.5) / 0.25 for image in photos]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (7, "`data` is a int; expected arrays train_x, train_y, test_x, test_y as a mapping or tuple, map-style data"),
        ((1, 2, 3), "`data` is a tuple; expected arrays"),
        ([], "`data`: train is a list; expected map-style data sets, with items and a length"),
        ({"train_x": COLOUR, "train_y": LABELS}, "`data` has no array 'test_x'; expected train_x, train_y, test_x"),
        (
            {"train": Items(photos), "dev": Items(photos)},
            "`data`: dev is a Items; expected map-style data sets, .* for",
        ),
        ({"train": Items(photos), "test": None}, "`data`: test is a NoneType; expected map-style data sets"),
        ((Items(photos), iter(photos)), "`data`: test is a list_iterator; expected map-style data sets"),
        ((*arrays(COLOUR)[:3], [[1], [2, 3]]), r"`data`: test_y is not an array \("),
        (
            arrays(COLOUR.astype(object)),
            "`data`: train_x contains Python objects; expected a plain array of numbers or",
        ),
        (arrays(COLOUR / 127), "`data`: train_x has floats from 0 to 2.*; expected uint8 .*, or floats from 0 to 1"),
        (arrays(COLOUR / 255 * np.nan), "`data`: train_x has floats from nan to nan; expected uint8"),
        (arrays(GREY.astype(np.int64)), "`data`: train_x must be uint8 with pixels from 0 to 255, not int64"),
        (list(COLOUR), "`data`: item 0 of train is a ndarray; expected a pair"),
        (Items(photos, ["cat"] * 39), "`data`: item 0 of train has the label 'cat'; expected an integer from 0"),
        (Items(photos, [[[0, 1]]] * 39), r"`data`: item 0 of train has the label \[\[0, 1\]\]; expected an integer"),
        (Items(photos, LABELS - 1), "`data`: train_y has the negative label -1"),
        (Items(photos, 2 * LABELS), "`data`: train_y has the label 4 but not 1"),
        (Items(photos, classes=["cat", "dog"]), "train_y has the label 2, but there are only 2 classes"),
        (Items(normalised), r"`data`: item 0 of train has floats from -1.9.* to 2; .* or floats from 0 to 1,"),
        (Items(list(COLOUR.transpose(0, 3, 1, 2))), r"`data`: item 0 of train is ndarray of uint8 \(3, 8, 8\); expect"),
        (
            Items(list(torch.from_numpy(COLOUR))),
            r"item 0 of train is Tensor of .* \(8, 8, 3\); .* a tensor \(C, H, W\)",
        ),
        (Items([*photos[:38], torch.zeros(0, 8, 8)]), r"item 38 of train is Tensor of float32 \(0, 8, 8\)"),
        (Items([*photos[:38], torch.zeros(3, 0, 8)]), r"item 38 of train is Tensor of float32 \(3, 0, 8\)"),
        (Items([*photos[:38], "7.png"]), "`data`: item 38 of train is str of .*; expected an image of PIL or an array"),
        (Items([*photos[:38], None]), "`data`: item 38 of train: its image contains Python objects"),
    ],
)
def test_what_is_broken_or_ambiguous_is_one_clear_line(given: Any, message: str) -> None:
    with pytest.raises(AnenasError, match=message) as raised:
        load_data(given, size=(8, 8))
    assert "\n" not in str(raised.value)


def test_series_of_unequal_length_are_told() -> None:
    series = [random.standard_normal((20 + i % 2, 3)) for i in range(39)]
    with pytest.raises(
        AnenasError, match="`data`: train has items of different shapes; give one array, in which shorter"
    ):
        load_data(Items(series), InputFormat(SERIES))


def test_another_kind_is_told_of_a_data_set(tmp_path: Path) -> None:
    with pytest.raises(AnenasError, match="set has images, not series: search with a space for images"):
        load_data(of_file(tmp_path, COLOUR), InputFormat(SERIES))
    with pytest.raises(AnenasError, match="`data` has texts, not images: search with a space for texts"):
        load_data(arrays(np.array(["a text"] * 39)), size=(8, 8))


def test_size_and_a_format_are_not_given_both() -> None:
    with pytest.raises(AnenasError, match="give size and channels of images, or `wanted`, not both"):
        load_data(arrays(COLOUR), InputFormat(IMAGES, (8, 8)), size=(8, 8))


def test_objects_are_not_found_again() -> None:
    place = absolute_source(arrays(COLOUR))
    with pytest.raises(
        AnenasError, match="given as Python objects, which are not stored: pass the same objects again as `data`"
    ):
        load_data(place, size=(8, 8))

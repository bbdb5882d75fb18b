from __future__ import annotations

from pathlib import Path

import numpy as np

import anenas.data
from anenas.data import InputFormat, load_data
from anenas.data._pictures import ArrayPictures
from anenas.data.sources.embedded import read_fashion_mnist
from anenas.inputs import IMAGES, SERIES


def test_the_embedded_images_are_a_balanced_cut_of_fashion_mnist() -> None:
    raw = read_fashion_mnist("", InputFormat(IMAGES, (8, 8)))
    assert isinstance(raw.train.inputs, ArrayPictures)
    assert (raw.name, raw.flip, raw.train.inputs.array.shape) == ("fashion_mnist", True, (10_000, 28, 28, 1))
    assert raw.classes[0] == "T-shirt/top" and len(raw.classes) == 10
    assert raw.test is not None
    assert np.bincount(raw.train.labels).tolist() == [1000] * 10
    assert np.bincount(raw.test.labels).tolist() == [200] * 10


def test_the_embedded_images_are_the_default_at_any_size() -> None:
    dataset = load_data(size=(16, 24), channels=3)
    assert (dataset.name, dataset.input_shape) == ("fashion_mnist", (3, 16, 24))
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [8000, 2000, 2000]


def test_the_embedded_series_are_the_default_and_have_every_class_in_each_split_of_the_file() -> None:
    dataset = load_data(wanted=InputFormat(SERIES))
    assert (dataset.name, dataset.input_shape, dataset.flip) == ("wrist_motion", (6, 1, 128), False)
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [858, 392, 583]
    for split in (dataset.train, dataset.validation, dataset.test):
        assert len(np.unique(split.labels)) == len(dataset.classes) == 7


def test_embedded_series_are_small() -> None:
    assert Path(anenas.data.__file__).with_name("wrist_motion.npz").stat().st_size < 2e6

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from anenas.data import Dataset, Split, check_dataset
from anenas.inputs import SERIES

OfImages = Callable[..., Dataset]


def messages(dataset: Dataset, check: str) -> list[str]:
    return [concern.message for concern in check_dataset(dataset) if concern.check == check]


def test_a_channel_that_never_changes_is_told(of_images: OfImages) -> None:
    images = np.random.default_rng(0).integers(0, 256, (600, 8, 8, 4))
    images[..., 3] = 255
    assert messages(of_images(images), "constant channel") == [
        "channel 3 (from 0) of the training images is always 255"
    ]
    images[599, 0, 0, 3] = 254
    assert messages(of_images(images), "constant channel") == []


def test_padding_and_mask_of_series_are_no_values(of_images: OfImages) -> None:
    values = np.random.default_rng(0).normal(size=(30, 3, 1, 9)).astype(np.float32)
    values[:, 1], values[:, 2] = 5, 1
    values[:9, :, :, :4] = 0  # before they begin
    split = Split(values, np.arange(30) % 2)
    dataset = Dataset("walks", ("a", "b"), split, split, split, kind=SERIES, masked=True)
    assert messages(dataset, "constant channel") == ["channel 1 (from 0) of the training series is always 5"]


def test_images_of_a_single_colour_are_named(of_images: OfImages) -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3))
    images[2] = 0
    images[4] = (10, 20, 30)
    [concern] = [one for one in check_dataset(of_images(images)) if one.check == "blank image"]
    assert str(concern) == "2 images are of a single colour: train 2, train 4; remove images that show nothing"

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from anenas.data import Dataset, check_dataset
from anenas.data.checks import _inspected

OfImages = Callable[..., Dataset]
Picture = Callable[[int], Image.Image]


@pytest.fixture
def with_a_near_duplicate(picture: Picture, of_images: OfImages) -> Dataset:
    near = np.asarray(picture(5)).copy()
    near[0, 0] = 0
    return of_images([*map(picture, range(40))], [], [near], [[0] * 40, [], [0]])


def found(dataset: Dataset, *, quick: bool) -> list[str]:
    return [one.check for one in check_dataset(dataset, quick=quick, fewest=0) if "near" in one.check]


def test_near_duplicates_are_looked_for_quickly_in_few_images(with_a_near_duplicate: Dataset) -> None:
    assert found(with_a_near_duplicate, quick=True) == ["near-duplicate in two splits"]


def test_of_many_images_a_quick_look_says_that_it_leaves_them_out(
    with_a_near_duplicate: Dataset, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_inspected, "_IMAGES_QUICKLY", 40)
    caplog.set_level(logging.INFO, "anenas")
    assert found(with_a_near_duplicate, quick=True) == []
    [record] = caplog.records
    assert record.getMessage() == (
        "pets: finding near-duplicates among 41 images takes a while: `anenas data check` does it"
    )
    assert found(with_a_near_duplicate, quick=False) == ["near-duplicate in two splits"]


def test_that_not_all_pairs_were_compared_is_said(
    picture: Picture, of_images: OfImages, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_inspected, "_MOST_CANDIDATES", 10)
    caplog.set_level(logging.INFO, "anenas")
    pictures = [*map(picture, range(40))]
    found(of_images(pictures, [], pictures), quick=False)
    [record] = caplog.records
    assert (
        record.getMessage() == "pets: so many images look alike that only the 10 closest pairs are compared in detail"
    )

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from PIL import Image

from anenas.data import Dataset, Split
from anenas.inputs import IMAGES


@pytest.fixture
def picture() -> Callable[[int], Image.Image]:
    """Paints a picture of soft shapes, 64×64 in colour; each number gives another."""

    def picture(number: int) -> Image.Image:
        random = np.random.default_rng(number)
        shapes = random.integers(30, 226, (9, 9, 1)) + random.integers(-30, 31, (9, 9, 3))
        return Image.fromarray(shapes.astype(np.uint8)).resize((64, 64), Image.Resampling.BICUBIC)

    return picture


@pytest.fixture
def of_images() -> Callable[..., Dataset]:
    """A data set of images, (H, W) or (H, W, C) each, of classes cat and dog in turn, unless `labels` are given."""

    def of_images(
        train: Sequence[np.ndarray],
        validation: Sequence[np.ndarray] = (),
        test: Sequence[np.ndarray] = (),
        labels: Sequence[Sequence[int]] | None = None,
        names: Sequence[Sequence[str]] | None = None,
        groups: Sequence[Sequence[str]] | None = None,
        classes: Sequence[str] = ("cat", "dog"),
    ) -> Dataset:
        splits = []
        for i, images in enumerate((train, validation, test)):
            array = np.array([np.asarray(image) for image in images], np.uint8)
            array = array.reshape((0, *np.shape(train[0]))) if not len(images) else array
            array = array[..., None] if array.ndim == 3 else array
            splits.append(
                Split(
                    np.moveaxis(array, 3, 1),
                    np.array(labels[i], np.int64) if labels else np.arange(len(images)) % 2,
                    None if names is None else tuple(names[i]),
                    None if groups is None else np.array(groups[i], str),
                )
            )
        return Dataset("pets", tuple(classes), *splits, kind=IMAGES)

    return of_images

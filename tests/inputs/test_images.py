from __future__ import annotations

import numpy as np

from anenas.inputs._images import shifted


def test_grey_images_are_mirrored_or_left_as_they_are() -> None:
    images = np.arange(2 * 64 * 3 * 4, dtype=np.uint16).astype(np.uint8).reshape(-1, 1, 3, 4)
    changed = shifted(images, flip=True, rng=np.random.default_rng(0))
    as_is = (changed == images).all((1, 2, 3))
    mirrored = (changed == images[..., ::-1]).all((1, 2, 3))
    assert (as_is | mirrored).all()
    assert 0.3 < mirrored.mean() < 0.7
    assert np.array_equal(shifted(images, flip=False, rng=np.random.default_rng(0)), images)


def test_colour_images_are_shifted_by_a_sixteenth_at_most() -> None:
    images = np.zeros((50, 3, 32, 32), np.uint8)
    images[:, :, 16, 16] = 255
    changed = shifted(images, flip=False, rng=np.random.default_rng(0))
    _, _, rows, columns = np.nonzero(changed)
    assert changed.shape == images.shape
    assert set(rows) == set(columns) == {14, 15, 16, 17, 18}

from __future__ import annotations

import random

import numpy as np
import pytest

from anenas.inputs._strong import strengthened

MEAN = (0.5, 0.4, 0.3)


def images(channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (24, channels, 16, 24), np.uint8)


def test_what_is_made_of_images_follows_from_the_generator_alone() -> None:
    given = images()
    before = given.copy()
    one = strengthened(given, True, MEAN, np.random.default_rng(1))
    random.seed(5)
    np.random.seed(5)
    same, other = (strengthened(given, True, MEAN, np.random.default_rng(seed)) for seed in (1, 2))
    np.testing.assert_array_equal(given, before)
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_the_callers_own_random_numbers_go_on_as_if_nothing_had_been_drawn() -> None:
    random.seed(5)
    np.random.seed(5)
    expected = random.random(), np.random.random()
    random.seed(5)
    np.random.seed(5)
    strengthened(images(), True, MEAN, np.random.default_rng(0))
    assert (random.random(), np.random.random()) == expected


@pytest.mark.parametrize("channels", [1, 3])
def test_images_keep_their_shape_and_most_of_them_change(channels: int) -> None:
    given = images(channels)
    changed = strengthened(given, False, MEAN[:channels], np.random.default_rng(0))
    assert (changed.shape, changed.dtype) == (given.shape, np.uint8)
    assert (changed != given).any((1, 2, 3)).mean() > 0.5


def test_half_are_mirrored_only_where_that_keeps_the_class() -> None:
    given = np.zeros((64, 3, 16, 16), np.uint8)
    given[..., :8] = 255  # bright on the left: no other operation changes sides
    sides = []
    for flip in (False, True):
        changed = strengthened(given, flip, MEAN, np.random.default_rng(0)).mean((1, 2))
        sides.append((changed[:, :4].mean(1) < changed[:, -4:].mean(1)).mean())
    assert sides[0] < 0.25 < sides[1]  # solarised or inverted pictures are darker there as well

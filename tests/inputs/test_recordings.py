from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from anenas.inputs import RECORDINGS
from anenas.inputs._recordings import interrupted, louder, moved, noisier


@dataclasses.dataclass
class Traits:
    augmentation: str
    flip: bool = False
    masked: bool = False
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)


def sounds(count: int = 200, samples: int = 1000) -> np.ndarray:
    """Recordings of a tone, each of its own loudness."""
    volume = np.random.default_rng(1).uniform(0.05, 0.6, (count, 1, 1, 1)).astype(np.float32)
    return volume * np.sin(1 + np.arange(samples, dtype=np.float32) / 5)


def test_recordings_move_by_a_tenth_of_their_length_at_most_and_leave_silence() -> None:
    given = np.arange(1, 101, dtype=np.float32).reshape(1, 1, 1, 100).repeat(200, 0)
    found = moved(given, np.random.default_rng(0))[:, 0, 0]
    offsets = set()
    for one in found:
        there = np.flatnonzero(one)
        offset = int(there[0] + 1 - one[there[0]])
        np.testing.assert_array_equal(one[there], there + 1 - offset)
        assert len(there) == 100 - abs(offset)
        offsets.add(offset)
    assert offsets == set(range(-10, 11))


def test_each_recording_gets_one_silent_gap_of_a_fifth_of_it_at_most() -> None:
    given = np.ones((300, 1, 1, 100), np.float32)
    silent = (interrupted(given, np.random.default_rng(0)) == 0)[:, 0, 0]
    assert silent.sum(1).max() == 20 and (silent.sum(1) > 0).mean() > 0.9
    assert (np.abs(np.diff(silent.astype(int), axis=1)).sum(1) <= 2).all()
    assert silent.any(0).all()


def test_recordings_are_6_db_louder_or_softer_at_most_and_stay_within_one() -> None:
    given = sounds()
    found = louder(given, np.random.default_rng(0))
    decibels = 20 * np.log10(np.abs(found[..., 1:]).mean((1, 2, 3)) / np.abs(given[..., 1:]).mean((1, 2, 3)))
    assert decibels.min() < -5 and decibels.max() > 4 and np.abs(decibels).max() <= 6.01
    assert np.abs(louder(np.ones((50, 1, 1, 10), np.float32), np.random.default_rng(0))).max() == 1


def test_noise_is_below_the_level_of_each_recording_and_leaves_silence_silent() -> None:
    given = sounds(1000)
    given[0] = 0
    noise = noisier(given, np.random.default_rng(0)) - given
    assert not noise[0].any()
    levels = 20 * np.log10(np.sqrt(np.square(noise[1:]).mean((1, 2, 3)) / np.square(given[1:]).mean((1, 2, 3))))
    assert -50.6 < levels.min() < -49.8 and -20.2 < levels.max() < -19.4


@pytest.mark.parametrize("augmentation", ["light", "strong"])
def test_what_is_made_of_recordings_follows_from_the_generator_alone(augmentation: str) -> None:
    given = sounds(8)
    before = given.copy()
    a, b, c = (RECORDINGS.augment(given, np.random.default_rng(seed), Traits(augmentation)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(given, before)
    assert (a.dtype, a.shape) == (given.dtype, given.shape)
    assert (a != c).any()


def test_only_strong_augmentation_shifts_and_makes_noise() -> None:
    given = np.zeros((20, 1, 1, 100), np.float32)
    given[..., 50] = 0.5
    light, strong = (
        RECORDINGS.augment(given, np.random.default_rng(0), Traits(augmentation))
        for augmentation in ("light", "strong")
    )
    assert set(np.unique(light)) == {0, 0.5} and not light[..., :50].any() and not light[..., 51:].any()
    assert len(np.unique(strong)) > 1000

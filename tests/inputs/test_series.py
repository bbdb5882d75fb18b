from __future__ import annotations

import numpy as np

from anenas.inputs._series import jittered

MEAN, STD = (2.0, 0.0, 0.0), (0.04, 0.4, 1 / 255)  # in units of 255


def series(steps: int = 100) -> np.ndarray:
    """Two channels of 510 ± 10.2 and 0 ± 102, of which the first half is not there, and a mask."""
    values = np.random.default_rng(0).standard_normal((64, 2, 1, steps)) * [[[10.2]], [[102]]] + [[[510]], [[0]]]
    there = np.broadcast_to(np.arange(steps) >= steps // 2, (64, 1, 1, steps))
    return np.concatenate([values * there, there], 1).astype(np.float32)


def test_what_is_there_changes_by_about_a_tenth_of_its_channels_deviation() -> None:
    given = series()
    changed = jittered(given, MEAN, STD, True, np.random.default_rng(1))
    assert changed.shape == given.shape and changed.dtype == np.float32
    for channel, std in enumerate((10.2, 102)):
        difference = np.abs(changed - given)[:, channel, 0, 50:] / std
        assert 0.05 < np.median(difference) < 0.2


def test_the_mask_and_what_is_not_there_stay_as_they_are() -> None:
    given = series()
    changed = jittered(given, MEAN, STD, True, np.random.default_rng(1))
    np.testing.assert_array_equal(changed[:, 2], given[:, 2])
    assert not changed[..., :50].any()


def test_each_series_gets_a_gap_of_its_mean_of_a_fifth_of_its_steps_at_most() -> None:
    given = series()
    changed = jittered(given[:, :2], MEAN[:2], STD[:2], False, np.random.default_rng(1))
    gaps = (changed[:, 0, 0] == 510).sum(1)
    assert gaps.max() <= 20
    assert len(set(gaps.tolist())) > 10
    assert (changed[:, 1, 0][changed[:, 0, 0] == 510] == 0).all()


def test_the_same_seed_changes_alike_and_leaves_what_was_given() -> None:
    given = series()
    before = given.copy()
    one, same, other = (jittered(given, MEAN, STD, True, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(given, before)
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_single_step_is_no_trouble() -> None:
    assert jittered(series(2)[..., 1:], MEAN, STD, True, np.random.default_rng(0)).shape == (64, 3, 1, 1)

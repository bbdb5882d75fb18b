from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anenas.search import Rungs
from anenas.search._early_stopping import expected_scores, ordinal


def test_each_rung_has_a_multiple_of_the_budget_below_and_the_last_has_all() -> None:
    assert Rungs(3, spacing=2).fractions == (0.25, 0.5, 1.0)
    assert Rungs(2, spacing=8).fractions == (0.125, 1.0)
    assert Rungs().fractions == (1.0,)


@pytest.mark.parametrize(
    ("count", "steps", "after"),
    [
        (2, 500, (62.5, 500)),
        (2, 240, (60, 240)),
        (2, 100, (100,)),
        (2, 10, (10,)),
        (3, 500, (62.5, 500)),
        (3, 2000, (60, 250, 2000)),
        (4, 2000, (60, 250, 2000)),
        (3, 64_000, (1000, 8000, 64_000)),
    ],
)
def test_the_first_rung_is_after_sixty_steps_and_none_is_near_the_next(
    count: int, steps: int, after: tuple[float, ...]
) -> None:
    assert tuple(steps * fraction for fraction in Rungs(count, steps=steps).fractions) == pytest.approx(after)


@given(st.integers(1, 6), st.integers(2, 10), st.integers(1, 10**6))
def test_rungs_rise_to_the_whole_budget_however_many_steps_it_has(count: int, spacing: int, steps: int) -> None:
    fractions = Rungs(count, spacing=spacing, steps=steps).fractions
    assert fractions[-1] == 1.0 and len(fractions) <= count
    assert all(2 * low <= high for low, high in pairwise(fractions))
    assert all(round(fraction * steps) >= min(60, steps) for fraction in fractions)


def test_the_rung_after_a_fraction_is_the_next_above_it() -> None:
    rungs = Rungs(3, spacing=2)
    assert [rungs.after(fraction) for fraction in (0.0, 0.25, 0.3, 0.5)] == [0.25, 0.5, 0.5, 1.0]


def test_a_trial_is_expected_to_gain_what_the_median_gained() -> None:
    reached = [{0.25: 0.5, 0.5: 0.6, 1.0: 0.9}, {0.25: 0.6, 0.5: 0.8}, {0.25: 0.7, 0.5: 0.8}, {0.25: 0.4}, {1.0: 0.95}]
    assert expected_scores(reached) == pytest.approx([0.9, 1.1, 1.1, 0.4 + 0.1 + 0.3, 0.95])


def test_before_any_trial_is_further_nothing_is_added() -> None:
    assert expected_scores([{0.25: 0.5}, {0.25: 0.7}]) == [0.5, 0.7]


@pytest.mark.parametrize(
    ("number", "said"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (22, "22nd"), (112, "112th")]
)
def test_places_are_said_as_people_say_them(number: int, said: str) -> None:
    assert ordinal(number) == said


def test_probed_networks_gain_what_probed_ones_gained() -> None:
    reached = [{0.0: 0.7, 1.0: 0.8}, {0.0: 0.6}, {0.125: 0.2, 1.0: 0.9}, {0.125: 0.3}]
    assert expected_scores(reached) == pytest.approx([0.8, 0.7, 0.9, 1.0])


def test_a_probed_network_is_trained_in_full_next() -> None:
    rungs = Rungs(2, probes=True)
    assert rungs.fractions == (0.0, 0.125, 1.0)
    assert (rungs.after(0.0), rungs.after(0.0, probed=True)) == (0.125, 1.0)

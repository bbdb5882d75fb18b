from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anenas.search._rungs import Rungs, expected_accuracy, ordinal, ranking

POINTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6)), max_size=40)


def dominates(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return a != b and all(x <= y for x, y in zip(a, b, strict=True))


def test_each_rung_has_a_multiple_of_the_budget_below_and_the_last_has_all() -> None:
    assert Rungs(3, spacing=2).shares == (0.25, 0.5, 1.0)
    assert Rungs(2, spacing=8).shares == (0.125, 1.0)
    assert Rungs().shares == (1.0,)


def test_the_rung_after_a_share_is_the_next_above_it() -> None:
    rungs = Rungs(3, spacing=2)
    assert [rungs.after(share) for share in (0.0, 0.25, 0.3, 0.5)] == [0.25, 0.5, 0.5, 1.0]


@given(POINTS)
def test_a_ranking_holds_everything_once(points: list[tuple[int, ...]]) -> None:
    assert sorted(ranking(points)) == list(range(len(points)))


@given(POINTS)
def test_nothing_comes_before_what_dominates_it(points: list[tuple[int, ...]]) -> None:
    order = ranking(points)
    for place, i in enumerate(order):
        assert not any(dominates(points[j], points[i]) for j in order[place:])


@given(POINTS)
def test_fronts_are_peeled_off_one_by_one(points: list[tuple[int, ...]]) -> None:
    order, left = ranking(points), set(range(len(points)))
    while left:
        front = {i for i in left if not any(dominates(points[j], points[i]) for j in left)}
        assert set(order[: len(front)]) == front
        order, left = order[len(front) :], left - front


def test_in_a_front_the_ends_come_first_and_then_the_loneliest() -> None:
    assert ranking([(0, 10), (1, 9), (2, 8), (6, 4), (10, 0)]) == [0, 4, 3, 2, 1]


def test_a_trial_is_expected_to_gain_what_the_median_gained() -> None:
    reached = [{0.25: 0.5, 0.5: 0.6, 1.0: 0.9}, {0.25: 0.6, 0.5: 0.8}, {0.25: 0.7, 0.5: 0.8}, {0.25: 0.4}, {1.0: 0.95}]
    assert expected_accuracy(reached) == pytest.approx([0.9, 1.1, 1.1, 0.4 + 0.1 + 0.3, 0.95])


def test_before_any_trial_is_further_nothing_is_added() -> None:
    assert expected_accuracy([{0.25: 0.5}, {0.25: 0.7}]) == [0.5, 0.7]


@pytest.mark.parametrize(
    ("number", "said"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (22, "22nd"), (112, "112th")]
)
def test_places_are_said_as_people_say_them(number: int, said: str) -> None:
    assert ordinal(number) == said

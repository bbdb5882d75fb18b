from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anenas._pareto import Losses, crowding, front, hypervolume, knee, ranking, spread

_loss = st.floats(0, 1.2)
losses = st.integers(1, 4).flatmap(lambda n: st.lists(st.tuples(*[_loss] * n), min_size=1, max_size=12))


def dominates(a: Losses, b: Losses) -> bool:
    return a != b and all(x <= y for x, y in zip(a, b, strict=True))


@given(losses)
def test_the_front_is_what_nothing_dominates(found: list[Losses]) -> None:
    chosen = [found[i] for i in front(found)]
    assert set(chosen) == {one for one in found if not any(dominates(other, one) for other in found)}
    assert len(set(chosen)) == len(chosen)


@given(losses)
def test_the_best_by_the_first_member_is_last_on_the_front(found: list[Losses]) -> None:
    chosen = [found[i][0] for i in front(found)]
    assert chosen == sorted(chosen, reverse=True)


def test_crowding_is_the_room_between_the_neighbours_in_spans_of_the_front() -> None:
    assert crowding([(0, 8), (1, 6), (3, 2), (4, 0)]) == [math.inf, 3 / 4 + 6 / 8, 3 / 4 + 6 / 8, math.inf]
    assert crowding([(0, 8), (3, 2), (1, 4), (4, 0)])[1:3] == [3 / 4 + 4 / 8, 3 / 4 + 6 / 8]


def test_a_front_without_a_span_is_not_crowded() -> None:
    assert crowding([(1, 1)]) == [math.inf]
    assert crowding([(1, 0), (1, 0), (1, 0)])[1] == 0
    assert crowding([]) == []


def test_the_hypervolume_of_a_staircase_is_its_area() -> None:
    assert hypervolume([(0.5, 0.25), (0.2, 0.75), (0.6, 0.5)]) == pytest.approx(0.5 * 0.75 + 0.3 * 0.25)


def test_the_hypervolume_of_one_corner_is_its_box() -> None:
    assert hypervolume([(0.3,)]) == pytest.approx(0.7)
    assert hypervolume([(0.3, 0.5, 0.1)]) == pytest.approx(0.7 * 0.5 * 0.9)


@given(st.lists(st.tuples(*[st.integers(0, 5)] * 3), max_size=10))
def test_the_hypervolume_in_three_is_the_count_of_dominated_cells(corners: list[tuple[int, int, int]]) -> None:
    cells = itertools.product(range(5), repeat=3)
    dominated = sum(any(all(a <= c for a, c in zip(one, cell, strict=True)) for one in corners) for cell in cells)
    assert hypervolume([(a / 5, b / 5, c / 5) for a, b, c in corners]) == pytest.approx(dominated / 125)


def test_the_order_of_objectives_does_not_change_the_hypervolume() -> None:
    rng = random.Random(0)
    found = [tuple(rng.random() for _ in range(4)) for _ in range(15)]
    volumes = {
        round(hypervolume([tuple(one[i] for i in order) for one in found]), 12)
        for order in itertools.permutations(range(4))
    }
    assert len(volumes) == 1


@given(losses, st.data())
def test_another_point_never_lowers_the_hypervolume(found: list[Losses], data: st.DataObject) -> None:
    other = data.draw(st.tuples(*[_loss] * len(found[0])))
    assert 0 <= hypervolume(found) <= hypervolume([*found, other]) + 1e-12 <= 1 + 1e-9


def test_what_is_worth_nothing_in_one_member_adds_nothing() -> None:
    assert hypervolume([(0.1, 1.0), (1.1, 0.1)]) == 0


def test_nothing_has_no_front_and_no_hypervolume() -> None:
    assert front([]) == []
    assert hypervolume([]) == 0


def test_the_knee_is_the_bend() -> None:
    bend = [(0.50, 0.10), (0.20, 0.12), (0.15, 0.30), (0.14, 0.90)]
    assert knee(bend) == 1
    assert knee([(0.5, 0.5, 0.5)]) == 0


def test_of_a_front_of_two_the_knee_is_the_best_by_the_first_objective() -> None:
    assert knee([(0.165, 0.3293), (0.123, 0.3294)]) == 1
    assert knee([(0.123, 0.3294), (0.165, 0.3293)]) == 0


POINTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6)), max_size=40)


@given(POINTS)
def test_a_ranking_holds_everything_once(points: list[Losses]) -> None:
    assert sorted(ranking(points)) == list(range(len(points)))


@given(POINTS)
def test_nothing_comes_before_what_dominates_it(points: list[Losses]) -> None:
    order = ranking(points)
    for place, i in enumerate(order):
        assert not any(dominates(points[j], points[i]) for j in order[place:])


@given(POINTS)
def test_fronts_are_peeled_off_one_by_one(points: list[Losses]) -> None:
    order, left = ranking(points), set(range(len(points)))
    while left:
        best = {i for i in left if not any(dominates(points[j], points[i]) for j in left)}
        assert set(order[: len(best)]) == best
        order, left = order[len(best) :], left - best


def test_in_a_front_the_ends_come_first_and_then_the_least_crowded() -> None:
    assert ranking([(0, 10), (1, 9), (2, 8), (6, 4), (10, 0)]) == [0, 4, 3, 2, 1]


@given(losses)
def test_points_are_spread_each_once_the_best_by_the_first_among_the_first_two(found: list[Losses]) -> None:
    order = spread(found)
    assert sorted(order) == list(range(len(found)))
    assert min(one[0] for one in found) in [found[i][0] for i in order[:2]]


@given(st.integers(3, 20))
def test_a_few_of_many_on_a_line_lie_apart(count: int) -> None:
    line = [(i / count, 1 - i / count) for i in range(count + 1)]
    first, best, third = spread(line)[:3]
    assert best == 0 and abs(first - count / 2) <= 1
    assert abs(third - first) >= count // 4

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anenas.search import front, hypervolume, picks

points = st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 10)), min_size=1, max_size=25)


def dominates(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return a[0] >= b[0] and a[1] <= b[1] and a != b


@given(points)
def test_the_front_is_what_nothing_dominates(found: list[tuple[float, float]]) -> None:
    expected = {p for p in found if not any(dominates(other, p) for other in found)}
    assert {found[i] for i in front(found)} == expected


@given(points)
def test_the_front_goes_from_fast_to_accurate_without_twins(found: list[tuple[float, float]]) -> None:
    chosen = [found[i] for i in front(found)]
    assert chosen == sorted(set(chosen), key=lambda p: p[1])
    assert [p[0] for p in chosen] == sorted({p[0] for p in chosen})


def test_the_hypervolume_of_a_staircase_is_its_area() -> None:
    assert hypervolume([(0.5, 1.0), (0.8, 3.0), (0.4, 2.0)], slowest_ms=4.0) == pytest.approx((0.5 * 3 + 0.3 * 1) / 4)


def test_a_perfect_network_in_no_time_has_all_of_the_hypervolume() -> None:
    assert hypervolume([(1.0, 1e-12)], slowest_ms=1.0) == pytest.approx(1.0)


@given(points, st.tuples(st.floats(0, 1), st.floats(0.01, 10)))
def test_another_point_never_lowers_the_hypervolume(
    found: list[tuple[float, float]], other: tuple[float, float]
) -> None:
    assert hypervolume([*found, other], 5.0) >= hypervolume(found, 5.0) - 1e-12


@given(points)
def test_the_hypervolume_is_a_share(found: list[tuple[float, float]]) -> None:
    assert 0 <= hypervolume(found, 5.0) <= 1


def test_slower_than_the_reference_adds_nothing() -> None:
    assert hypervolume([(0.9, 6.0)], slowest_ms=5.0) == 0


def test_nothing_has_no_front_and_no_picks() -> None:
    assert front([]) == []
    assert hypervolume([], 1.0) == 0
    assert picks([]) == {}


def test_picks_are_the_ends_and_the_bend() -> None:
    bend = [(0.50, 1.0), (0.80, 1.2), (0.85, 3.0), (0.86, 9.0)]
    assert picks(bend) == {"knee": 1, "accurate": 3, "fast": 0}


@given(points)
def test_picks_are_always_on_the_front(found: list[tuple[float, float]]) -> None:
    assert set(picks(found).values()) <= set(front(found))

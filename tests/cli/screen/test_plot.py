from __future__ import annotations

from anenas.cli.screen._plot import plot


def test_points_are_dots_from_the_left_below_to_the_right_above() -> None:
    assert plot([(0, 0), (1, 1)], [], 2, 1) == ["⡀⠈"]
    assert plot([(0, 0), (1, 1)], [(1, 1)], 3, 2) == ["⠀⠀●", "⡀⠀⠀"]


def test_points_that_are_one_stand_in_the_middle() -> None:
    assert plot([(2, 5)], [], 3, 1)[0].strip("⠀") != ""


def test_nothing_is_no_plot() -> None:
    assert plot([], [], 10, 4) == []

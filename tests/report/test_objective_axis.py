from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pretend import estimate
from reported import reported_study

from anenas.report._objective_axis import ObjectiveAxis, objective_axes
from anenas.search import CompletedTrial, Evaluation, Objective
from anenas.space import Architecture

NETWORK = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-head_n3")


def trials(apart: float, *figures: tuple[float, float]) -> list[CompletedTrial]:
    """Of these latencies and sizes, of whose latencies 0.3 ms are fixed."""
    found = []
    for number, (ms, size_mb) in enumerate(figures):
        known = estimate(ms, size_mb, apart)
        latencies = {"A15": dataclasses.replace(known.latency, fixed_ms=0.3)}
        evaluation = Evaluation(0.9, dataclasses.replace(known, latency_by_chip=latencies), held_out=100)
        found.append(CompletedTrial(number, NETWORK, evaluation=evaluation))
    return found


@given(st.lists(st.floats(0.31, 2.0), min_size=1), st.floats(1.0, 1.5))
def test_latencies_that_are_not_told_apart_are_near_each_other(latencies: list[float], apart: float) -> None:
    found = trials(apart, *((ms, 1.0) for ms in latencies))
    axis = ObjectiveAxis(Objective("latency_ms", 1.0), "A15").axis(found, [])
    assert axis.low < 0.3 and max(latencies) < axis.high and axis.high / axis.low >= apart**2


def test_scores_that_chance_makes_differ_are_near_each_other() -> None:
    axis = ObjectiveAxis(Objective("accuracy", 0.0), "A15").axis(trials(1.2, (0.4, 1.0), (0.5, 1.0)), [])
    assert axis.high - axis.low > 2 * 1.64 * 2**0.5 * 3.0  # per cent; of 100 inputs 90 % have an error of 3


def test_what_is_known_of_the_front_is_on_the_axis() -> None:
    found = trials(1.2, (0.4, 1.0))
    axis = ObjectiveAxis(Objective("latency_ms", 1.0), "A15").axis(found, found)
    assert axis.low < 0.2 and axis.high > 0.8


@pytest.mark.parametrize(("largest", "logarithmic"), [(0.5, False), (2.0, True)])
def test_sizes_that_are_far_apart_are_on_a_logarithmic_axis(largest: float, logarithmic: bool) -> None:
    found = trials(1.2, (0.4, 0.1), (0.4, largest))
    assert ObjectiveAxis(Objective("size_mb", 1.0), "A15").axis(found, []).logarithmic == logarithmic


def test_a_limit_that_is_near_is_on_the_axis_and_one_far_away_is_not(tmp_path: Path) -> None:
    near, far = (reported_study(tmp_path, str(limit), limits={"latency_ms": limit}) for limit in (0.7, 9.0))
    axes = [objective_axes(study)[1][0] for study in (near, far)]
    ends = [one.axis(near.completed, near.front).high for one in axes]
    assert [one.limit_words for one in axes] == [
        "≤ 0.7 ms (upper end)",
        "≤ 9 ms (upper end)",
    ]
    assert ends[1] < 0.7 < ends[0] < 0.8

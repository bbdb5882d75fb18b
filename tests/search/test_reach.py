"""Limits that nothing keeps, or nothing that was drawn."""

from __future__ import annotations

import dataclasses

import pytest
from pretend import PretendEvaluator

from anenas._errors import AnenasError
from anenas.latency import Target
from anenas.search import Estimate, Problem, TrainingEvaluator, check_reach, reference_draws
from anenas.search._objectives import Objectives
from anenas.space import Architecture, Limits, SearchSpace

REAL = TrainingEvaluator((Target.named("A15"), Target.named("M2")), epochs=1)


def told(space: SearchSpace, evaluator: TrainingEvaluator | PretendEvaluator = REAL, **limits: float) -> str:
    problem = Problem(space, 10, evaluator, Objectives(), Limits(**limits), latency_bound="estimate")  # type: ignore[arg-type]
    return check_reach(problem, reference_draws(space, 10, evaluator))


def least(space: SearchSpace, name: str) -> float:
    """The least of a figure that the whole space has; it holds 32 networks."""
    from anenas.space import every

    estimates = [REAL.estimate(one) for one, _ in every(lambda pick: space.decide(pick, classes=10))]
    return float(min(getattr(one, name) for one in estimates))


def test_limits_with_room_say_nothing(space: SearchSpace) -> None:
    assert told(space) == told(space, size_mb=1.0, latency_ms=5.0) == told(space, accuracy=1.0) == ""


def test_less_than_any_prediction_costs_is_refused_with_what_it_costs(space: SearchSpace) -> None:
    fixed = REAL.estimate(space.decide(lambda _, options: options[0], classes=10)).latency.fixed_ms
    with pytest.raises(
        AnenasError, match=rf"limit latency_ms 0\.01: every prediction takes at least {fixed:.3f} ms on A15"
    ):
        told(space, latency_ms=0.01)


@pytest.mark.parametrize("name", ["size_mb", "macs", "params"])
def test_less_than_the_smallest_network_is_refused_with_it(space: SearchSpace, name: str) -> None:
    bound = least(space, name)
    assert told(space, **{name: bound}) == ""
    with pytest.raises(AnenasError, match=rf"limit {name} .*: nothing in 'pretend' satisfies it, .* is 1x1x16x16-conv"):
        told(space, **{name: 0.999 * bound})


def test_what_none_of_200_drawn_keeps_is_told_limit_by_limit(space: SearchSpace) -> None:
    evaluator = PretendEvaluator()  # of whose figures nobody knows whether they add up
    assert told(space, evaluator, latency_ms=0.01, size_mb=1.7) == (
        "none of 200 networks drawn is within the limits: size_mb ≤ 1.7 keep 39, latency_ms ≤ 0.01 keeps none, the "
        "nearest misses it by 1060%; the search looks for others"
    )
    assert "the upper end" not in told(space, evaluator, latency_ms=0.01)


def test_where_every_network_breaks_a_rule_the_rule_is_told(space: SearchSpace) -> None:
    class Broken(PretendEvaluator):
        def estimate(self, architecture):  # type: ignore[no-untyped-def]
            return dataclasses.replace(super().estimate(architecture), broken_rules=("latency: no row for 'conv'",))

    line = told(space, Broken(), macs=9e9)
    assert line == "none of 200 networks drawn can be searched: latency: no row for 'conv'"


def test_the_upper_end_is_told_of_a_latency_alone_and_where_it_is_what_counts(space: SearchSpace) -> None:
    evaluator = PretendEvaluator()
    problem = Problem(space, 10, evaluator, Objectives(), Limits(latency_ms=0.2, size_mb=1.0))
    assert check_reach(problem, reference_draws(space, 10, evaluator)) == (
        "none of 200 networks drawn is within the limits: size_mb ≤ 1 keeps none, the nearest misses it by 60%, "
        "latency_ms ≤ 0.2 keeps none, the nearest misses it by 16%, by the upper end of its interval; the search looks "
        "for others"
    )


def test_a_limit_that_all_keep_is_not_told(space: SearchSpace) -> None:
    line = told(space, PretendEvaluator(), latency_ms=9.0, size_mb=1.0)
    assert "latency_ms" not in line and line.startswith("none of 200 networks drawn is within the limits: size_mb ≤ 1")


def test_of_several_chips_the_one_that_is_furthest_from_its_limit_counts(space: SearchSpace) -> None:
    class Two(PretendEvaluator):
        def estimate(self, architecture: Architecture) -> Estimate:
            one, other = (PretendEvaluator(scale=scale).estimate(architecture) for scale in (1.0, 3.0))
            return dataclasses.replace(one, latency_by_chip={"A15": one.latency, "M2": other.latency})

    # The fastest takes 0.116 ms, and 0.348 ms on M2.
    assert "latency_ms ≤ 0.1 keeps none, the nearest misses it by 248%" in told(space, Two(), latency_ms=0.1)


def test_a_limit_that_is_just_what_any_prediction_costs_may_be_looked_for(space: SearchSpace) -> None:
    fixed = REAL.estimate(space.decide(lambda _, options: options[0], classes=10)).latency.fixed_ms
    one = TrainingEvaluator((Target.named("A15"),), epochs=1)
    assert told(space, one, latency_ms=fixed).startswith(
        "none of 200 networks drawn is within the limits: latency_ms ≤"
    )

from __future__ import annotations

import dataclasses
import math
import random

import pytest
from pretend import PretendEvaluator, latency

from anenas.search import CandidateEstimate, Estimate, Evaluation, Objectives, Problem, reference_draws, reference_point
from anenas.search._problem import LATENCY_BOUNDS, held_against, missed
from anenas.space import Architecture, Limits, SearchSpace

TWO_CHIPS = Estimate(
    {"A15": latency(0.2, apart=1.5), "M2": latency(0.3, apart=2.0)}, 1.5, macs=3000, params=700, residency=0.75
)
"""The upper ends of its latencies are twice what they are."""


@dataclasses.dataclass(frozen=True)
class Knowing:
    """Knows all networks as one, but those of depth 4, which break two rules."""

    known: Estimate = TWO_CHIPS
    broken_from: int = 4

    def estimate(self, architecture: Architecture) -> Estimate:
        rules = ("wide: too wide", "deep: too deep") if architecture.stages[1].depth >= self.broken_from else ()
        return dataclasses.replace(self.known, broken_rules=rules)

    evaluate = PretendEvaluator.evaluate
    test = PretendEvaluator.test


def objectives(*names: str) -> Objectives:
    return Objectives.of(dict.fromkeys(names, 1.0))


def network(depth: int) -> Architecture:
    return Architecture.parse(f"1x1x16x16-conv_r1_s2_c16_k3_relu-conv_r{depth}_s2_c48_k1_relu-head_n10")


def problem(space: SearchSpace, *names: str, known: Estimate = TWO_CHIPS, **limits: float) -> Problem:
    return Problem(space, 10, Knowing(known), objectives(*names), Limits(**limits))  # type: ignore[arg-type]


def test_decisions_make_the_network_that_they_are_of(space: SearchSpace) -> None:
    known = problem(space, "accuracy")
    for depth in (1, 3):
        decisions = known.decisions(network(depth))
        assert decisions["stage1.depth"] == depth and decisions["stage1.width"] == 48
        assert known.make(decisions) == network(depth)
    assert known.decide(lambda name, options: options[-1]).head.classes == 10
    with pytest.raises(KeyError, match=r"stage1\.width"):
        known.make({name: value for name, value in decisions.items() if name != "stage1.width"})


def test_what_is_known_of_a_candidate_is_in_the_order_of_the_objectives_and_less_is_better(space: SearchSpace) -> None:
    known = problem(space, "accuracy", "residency", "latency_ms@M2", "size_mb", "latency_ms")
    assert known.candidate_estimate(network(1)) == CandidateEstimate(
        values=(None, -0.75, 0.3, 1.5, 0.2),
        resolved=(None, -0.75, 0.25, 1.1**4, 1.5**-4),
        violation=0.0,
        features=(math.log(3001), math.log(701)),
    )


def test_what_nobody_can_estimate_is_not_known(space: SearchSpace) -> None:
    unknown = dataclasses.replace(TWO_CHIPS, latency_by_chip={"A15": latency(math.nan), "M2": latency(0.3)})
    found = problem(space, "latency_ms", "latency_ms@M2", known=unknown).candidate_estimate(network(1))
    assert found.values == (None, 0.3) and found.resolved == (None, 0.3)


def test_a_candidate_is_further_from_its_limits_by_each_that_it_misses_and_each_rule_that_it_breaks(
    space: SearchSpace,
) -> None:
    strict = problem(space, "accuracy", size_mb=1.0, residency=1.0, macs=3000)
    assert strict.candidate_estimate(network(1)).violation == 0.5 + 0.25
    assert strict.candidate_estimate(network(4)).violation == 0.5 + 0.25 + 2
    assert problem(space, "accuracy").candidate_estimate(network(4)).violation == 2


def test_limits_that_are_missed_are_told_by_name_and_those_that_are_just_kept_are_not(space: SearchSpace) -> None:
    strict = problem(space, "accuracy", size_mb=1.5, residency=0.75, macs=1500, params=699, latency_ms=0.4)
    assert strict.latency_bound == "upper"
    found = strict.violations(TWO_CHIPS)
    assert found == {"macs": 1.0, "params": pytest.approx(1 / 699), "latency_ms@M2": pytest.approx(0.5)}


def test_a_limit_of_latency_holds_on_every_chip_for_the_upper_end_or_the_estimate() -> None:
    assert set(LATENCY_BOUNDS) == {"upper", "estimate"}
    names = ["latency_ms", "size_mb"]
    upper, itself = (held_against(TWO_CHIPS, names, bound) for bound in ("upper", "estimate"))
    assert upper == {"latency_ms": 0.4, "latency_ms@M2": 0.6, "size_mb": 1.5}
    assert itself == {"latency_ms": 0.2, "latency_ms@M2": 0.3, "size_mb": 1.5}


def test_only_training_tells_of_a_metric() -> None:
    limits = Limits(accuracy=0.8, size_mb=9.0)
    assert held_against(TWO_CHIPS, limits.bounds, "upper") == {"size_mb": 1.5}
    trained = Evaluation(0.6, TWO_CHIPS)
    assert held_against(trained, limits.bounds, "upper") == {"size_mb": 1.5, "accuracy": 0.6}
    assert held_against(trained, ["latency_ms"], "upper") == {"latency_ms": 0.4, "latency_ms@M2": 0.6}
    assert missed(trained, limits, "upper") == {"accuracy": pytest.approx(0.25)}
    assert missed(TWO_CHIPS, limits, "upper") == {}


def test_of_limits_only_those_that_are_asked_about_are_told() -> None:
    limits = Limits(size_mb=1.0, macs=1000)
    assert missed(TWO_CHIPS, limits, "upper") == {"size_mb": 0.5, "macs": 2.0}
    assert missed(TWO_CHIPS, limits, "upper", ["macs"]) == {"macs": 2.0}
    assert missed(TWO_CHIPS, limits, "upper", []) == {}


def test_a_latency_that_nobody_knows_misses_no_limit() -> None:
    unknown = dataclasses.replace(TWO_CHIPS, latency_by_chip={"A15": latency(math.inf), "M2": latency(math.nan)})
    assert missed(unknown, Limits(latency_ms=0.1), "upper") == {}


def test_the_reference_is_made_of_the_same_32_networks_whenever_it_is_made(space: SearchSpace) -> None:
    """A study goes on only with the reference that it began with."""
    evaluator = PretendEvaluator()
    drawn = reference_draws(space, 10, evaluator)
    rng = random.Random(0)
    assert drawn == [evaluator.estimate(space.sample(rng, classes=10)) for _ in range(32)]


def test_networks_that_break_rules_are_no_reference_unless_all_do(space: SearchSpace) -> None:
    some = reference_draws(space, 10, Knowing(broken_from=3))
    assert 0 < len(some) < 32 and not any(one.broken_rules for one in some)
    everything = reference_draws(space, 10, Knowing(broken_from=1))
    assert len(everything) == 32 and all(one.broken_rules for one in everything)


def test_the_reference_point_is_nothing_of_what_is_maximised_and_the_worst_that_was_drawn_of_the_rest() -> None:
    worse = dataclasses.replace(TWO_CHIPS, latency_by_chip={"A15": latency(0.1), "M2": latency(0.7)}, size_mb=2.5)
    names = ["size_mb", "accuracy", "latency_ms", "residency", "latency_ms@M2"]
    for drawn in ([TWO_CHIPS, worse], [worse, TWO_CHIPS]):
        assert reference_point(names, Limits(), drawn) == {
            "size_mb": 2.5, "accuracy": 0.0, "latency_ms": 0.2, "residency": 0.0, "latency_ms@M2": 0.7,
        }  # fmt: skip
    assert list(reference_point(names, Limits(), [worse])) == names


def test_a_limit_is_the_reference_of_what_is_minimised_on_every_chip() -> None:
    limits = Limits(latency_ms=5.0, size_mb=7.0, residency=0.5, metrics={"rmse": 3.0})
    assert reference_point(["latency_ms", "latency_ms@M2", "size_mb", "macs"], limits, [TWO_CHIPS]) == {
        "latency_ms": 5.0, "latency_ms@M2": 5.0, "size_mb": 7.0, "macs": 3000,
    }  # fmt: skip
    assert reference_point(["residency", "rmse"], limits, [TWO_CHIPS], 9.0) == {"residency": 0.0, "rmse": 3.0}


def test_the_reference_of_an_error_is_what_knows_nothing() -> None:
    assert reference_point(["rmse"], Limits(), [TWO_CHIPS], 12.5) == {"rmse": 12.5}
    assert reference_point(["rmse"], Limits(), [TWO_CHIPS]) == {"rmse": 1.0}

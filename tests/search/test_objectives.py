from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pretend import PretendEvaluator, estimate, latency

from anenas._errors import AnenasError
from anenas._pareto import hypervolume
from anenas.search import (
    Estimate,
    Evaluation,
    Objective,
    Objectives,
    Problem,
    Search,
    SearchSettings,
    SerialExecutor,
    Study,
    make_sampler,
    objective_names,
    pick_meaning,
)
from anenas.search.samplers._front import FrontSampler
from anenas.space import Limits, SearchSpace
from anenas.tasks import REGRESSION

CHIPS = ["A15", "M2"]
ESTIMATE = Estimate(
    {"A15": latency(0.2), "M2": latency(0.1)}, size_mb=1.5, macs=3_000_000, params=70_000, residency=0.8
)
EVALUATION = Evaluation(0.9, ESTIMATE)


def test_the_latency_alone_stands_for_every_chip() -> None:
    assert objective_names(["accuracy", "latency_ms"], CHIPS) == ("accuracy", "latency_ms", "latency_ms@M2")
    assert objective_names(["latency_ms@M2", "accuracy"], CHIPS) == ("latency_ms@M2", "accuracy")
    assert objective_names(["latency_ms@A15"], CHIPS) == ("latency_ms",)


def test_size_is_searched_for_by_default_where_chips_leave_room_for_it() -> None:
    assert objective_names(None, ["A15"]) == ("accuracy", "latency_ms", "size_mb")
    assert objective_names(None, CHIPS) == ("accuracy", "latency_ms", "latency_ms@M2", "size_mb")
    assert objective_names(None, ["A15", "M2", "A17 Pro"]) == (
        "accuracy",
        "latency_ms",
        "latency_ms@M2",
        "latency_ms@A17 Pro",
    )


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["acuracy"], "unknown objective 'acuracy'; did you mean accuracy?"),
        (["size_mb@M2"], "unknown objective"),
        (["latency_ms@M9"], "M9 is not among the chips of the search, A15, M2"),
        (["latency_ms", "latency_ms@M2"], "one is listed twice"),
        ([], "expected 1 to 4 objectives, got 0"),
        (["accuracy", "latency_ms", "size_mb", "macs"], "expected 1 to 4 objectives, got 5"),
    ],
)
def test_a_mistake_in_the_objectives_is_told(names: list[str], message: str) -> None:
    with pytest.raises(AnenasError, match=message):
        objective_names(names, CHIPS)


def test_values_have_their_natural_direction_and_losses_end_at_the_reference() -> None:
    worst = {
        "accuracy": 0.0,
        "latency_ms": 0.4,
        "latency_ms@M2": 0.2,
        "size_mb": 3.0,
        "macs": 6e6,
        "params": 1e5,
        "residency": 0,
    }
    objectives = Objectives.of(worst)
    point = objectives.point(EVALUATION)
    assert point == (0.9, 0.2, 0.1, 1.5, 3e6, 70_000, 0.8)
    assert objectives.losses([point]) == [pytest.approx((0.1, 0.5, 0.5, 0.5, 0.5, 0.7, 0.2))]
    assert objectives.losses([tuple(worst.values())]) == [pytest.approx((1,) * 7)]


def test_a_network_that_gets_nothing_right_is_the_worst_and_not_without_a_value() -> None:
    objectives = Objectives.of({"accuracy": 0.0, "latency_ms": 0.4, "residency": 0.0})
    nothing = Evaluation(0.0, dataclasses.replace(ESTIMATE, residency=0.0))
    assert objectives.point(nothing) == (0.0, 0.2, 0.0)
    assert objectives.resolved(nothing) == pytest.approx((0.0, 0.2, 0.0))
    assert objectives[0].is_worse(nothing, EVALUATION) and not objectives[0].is_worse(EVALUATION, nothing)


@given(st.floats(0.01, 100), st.floats(0.01, 100), st.sampled_from([1.0, 1.05, 1.177, 2.0]))
def test_latencies_that_are_told_apart_are_in_different_steps(one: float, other: float, apart: float) -> None:
    [objective] = Objectives.of({"latency_ms": 1.0})
    low, high = sorted(objective.resolved(estimate(ms, apart=apart)) or 0.0 for ms in (one, other))
    assert low <= min(one, other) * (1 + 1e-9) and max(one, other) < max(high * apart, high + 1e-12) * (1 + 1e-9)
    if latency(one, apart).told_apart(latency(other, apart)) and one != other:
        assert low < high


def test_steps_are_a_tenth_but_for_latencies_and_what_is_maximised() -> None:
    objectives = Objectives.of({"accuracy": 0.0, "latency_ms": 0.4, "size_mb": 3.0, "macs": 6e6, "residency": 0.0})
    evaluation = Evaluation(0.913, estimate(0.35, 1.51, apart=1.2))
    assert objectives.resolved(evaluation) == pytest.approx((0.913, 1.2**-6, 1.1**4, 1.1**72, 1.0))


@given(st.floats(0.1, 10), st.floats(0.1, 10), st.sampled_from(["latency_ms", "size_mb", "accuracy", "residency"]))
def test_a_network_is_worse_only_by_what_is_told_apart(one: float, other: float, name: str) -> None:
    [objective] = Objectives.of({name: 1.0})
    a, b = (Evaluation(v / 10, dataclasses.replace(estimate(v, v, apart=1.2), residency=v / 10)) for v in (one, other))
    assert not (objective.is_worse(a, b) and objective.is_worse(b, a)) and not objective.is_worse(a, a)
    step = {"latency_ms": 1.2, "size_mb": 1.1}.get(name)
    assert objective.is_worse(a, b) == (one >= other * step if step else one < other)


@pytest.mark.parametrize("zero", [0.0, math.inf])
def test_what_has_no_logarithm_is_a_step_of_its_own(zero: float) -> None:
    [objective] = Objectives.of({"latency_ms": 1.0})
    assert objective.resolved(estimate(zero, apart=1.2)) == zero


def test_a_candidate_is_known_exactly_and_in_steps(space: SearchSpace) -> None:
    problem = Problem(space, 10, PretendEvaluator(apart=1.2), Objectives.of({"accuracy": 0, "latency_ms": 1}), Limits())
    architectures = [space.sample(random.Random(seed), classes=10) for seed in range(20)]
    found = [problem.candidate_estimate(architecture) for architecture in architectures]
    values, steps = (
        {one[1] for one in column} for column in zip(*((e.values, e.resolved) for e in found), strict=True)
    )
    assert len(values) > len(steps) > 1
    assert all(one.resolved[0] is None for one in found)


def test_the_best_is_described_with_its_unit() -> None:
    objectives = Objectives.of({"accuracy": 0, "latency_ms@M2": 1, "macs": 1})
    described = [objective.describe_best(objective.value(EVALUATION) or 0) for objective in objectives]
    assert described == ["best 90.0%", "fastest 0.100 ms on M2", "lightest 3.0 M MACs"]


@pytest.fixture
def search(tmp_path: Path, space: SearchSpace) -> Callable[..., tuple[Search, Study]]:
    """Makes a search of the pretend space for these objectives, in this process; keywords are the problem's.

    Its study is lost with the process, unless it is `kept`.
    """

    def make(
        worst: dict[str, float],
        sampler: str = "auto",
        limits: Limits | None = None,
        apart: float = 1.0,
        kept: bool = False,
        **more: Any,
    ) -> tuple[Search, Study]:
        settings = SearchSettings(worst, chip="A15")
        study = Study.create_or_continue(tmp_path / "store", "s", settings, in_memory=not kept)
        evaluator = PretendEvaluator(apart=apart)
        problem = Problem(space, 10, evaluator, study.objectives, limits or Limits(), **more)
        return Search(study, problem, make_sampler(sampler, 0), SerialExecutor()), study

    return make


Make = Callable[..., tuple[Search, Study]]


@pytest.mark.parametrize("sampler", ["auto", "random"])
def test_the_front_of_a_search_holds_what_can_be_told_apart(search: Make, sampler: str) -> None:
    searching, study = search({"accuracy": 0.0, "latency_ms": 0.5}, sampler, apart=1.3, kept=True)
    searching.run(16)
    latencies = [trial.evaluation.estimate.latency.ms for trial in study.front]
    assert 1 < len(study.front) < len(study.pareto)
    assert all(slower > 1.3 * faster for faster, slower in pairwise(latencies))
    assert study.front[-1] is study.pareto[-1]  # the most accurate
    assert study.hypervolumes[-1] == hypervolume(study.objectives.losses(map(study.point, study.pareto)))
    again = Study.load(study.folder.parent.parent, study.name)
    assert [trial.number for trial in again.front] == [trial.number for trial in study.front]


@pytest.mark.parametrize("sampler", ["auto", "nsga2", "tpe", "random"])
@pytest.mark.parametrize(
    "worst",
    [{"accuracy": 0.0}, {"accuracy": 0.0, "latency_ms": 0.5, "size_mb": 6.4}, {"size_mb": 6.4, "residency": 0.0}],
)
def test_any_objectives_can_be_searched_for(search: Make, worst: dict[str, float], sampler: str) -> None:
    searching, study = search(worst, sampler)
    searching.run(16)
    assert len(study.completed) == 16
    assert set(study.picks) == {"knee", *(objective.best for objective in study.objectives)}
    best = study.picks[study.objectives[0].best]
    values = [study.point(trial)[0] for trial in study.completed]
    assert study.point(best)[0] == (max if "accuracy" in worst else min)(values)
    assert study.hypervolumes == sorted(study.hypervolumes)


def test_a_limit_holds_for_the_upper_end_of_the_interval_unless_set_otherwise(search: Make) -> None:
    searching, study = search({"accuracy": 0.0, "latency_ms": 0.5}, limits=Limits(latency_ms=0.5))
    searching.run(4)
    assert all(trial.evaluation.estimate.latency.high_ms <= 0.5 for trial in study.completed)
    estimate = PretendEvaluator().estimate(study.completed[0].architecture)
    slow = dataclasses.replace(estimate, latency_by_chip={"A15": latency(0.4)})
    assert searching.problem.violations(slow) == {"latency_ms": pytest.approx(0.6)}
    assert dataclasses.replace(searching.problem, latency_bound="estimate").violations(slow) == {}


def test_every_chip_keeps_the_limit(search: Make) -> None:
    searching, _ = search({"accuracy": 0.0}, limits=Limits(latency_ms=0.3))
    assert searching.problem.violations(EVALUATION) == {"latency_ms": pytest.approx(1 / 3)}
    slower = dataclasses.replace(ESTIMATE, latency_by_chip={"A15": latency(0.1), "M2": latency(0.3)})
    assert searching.problem.violations(slower) == {"latency_ms@M2": pytest.approx(1.0)}


def test_what_only_training_tells_is_infeasible_afterwards_and_counted(search: Make) -> None:
    searching, study = search({"accuracy": 0.0, "latency_ms": 0.5}, "random", Limits(accuracy=0.75))
    searching.run(6)
    missed = [trial for trial in study.finished if trial.state == "infeasible"]
    assert missed and all(trial.evaluation and trial.evaluation.score < 0.75 for trial in missed)
    assert "under the limit" in missed[0].reason
    assert study.reasons == {"accuracy": len(missed)}
    assert all(trial.evaluation.score >= 0.75 for trial in study.completed)


def test_each_infeasible_trial_counts_for_the_limit_that_it_misses_most(search: Make) -> None:
    limits = Limits(latency_ms=0.3, size_mb=4.0)
    searching, study = search({"accuracy": 0.0, "latency_ms": 0.5}, "random", limits, latency_bound="estimate")
    searching.run(6)
    assert set(study.reasons) == {"latency_ms", "size_mb"}
    assert sum(study.reasons.values()) == study.counts["infeasible"]


def test_a_study_made_for_other_objectives_is_refused(search: Make, tmp_path: Path) -> None:
    search({"accuracy": 0.0, "latency_ms": 0.5}, kept=True)
    with pytest.raises(AnenasError, match="other settings"):
        search({"accuracy": 0.0, "size_mb": 0.5}, kept=True)


def test_the_sampler_learns_from_what_missed_the_accuracy(search: Make) -> None:
    searching, study = search({"accuracy": 0.0, "latency_ms": 0.5}, limits=Limits(accuracy=0.75))
    searching.run(10)
    sampler = searching.sampler
    assert isinstance(sampler, FrontSampler)
    sampler.ask(searching.problem, study.trials)
    missed = [trial for trial in study.finished if trial.state == "infeasible"]
    assert missed
    assert len(sampler._known) == len(study.completed) + len(missed)
    assert all(-known.values[0] >= 0.75 for known in sampler._front)


def test_a_metric_that_an_evaluation_does_not_tell_is_an_error_and_not_zero() -> None:
    evaluation = Evaluation(0.9, estimate(0.3), metrics={"macro_f1": 0.8})
    objective = Objective("macro_f1", 0.0)
    assert (objective.value(evaluation), objective.value(estimate(0.3))) == (0.8, None)
    with pytest.raises(
        AnenasError, match="has accuracy but not balanced_accuracy: an evaluator must return it as `score`"
    ):
        Objective("balanced_accuracy", 0.0).value(evaluation)


def test_two_metrics_of_the_task_are_an_objective_and_a_limit() -> None:
    with pytest.raises(AnenasError, match="use one of them as an objective and limit the other with `max_metrics`"):
        objective_names(["macro_f1", "log_loss"], ["A15"])
    assert objective_names(None, ["A15", "M2"], REGRESSION) == ("rmse", "latency_ms", "latency_ms@M2", "size_mb")


@pytest.mark.parametrize(
    ("name", "label", "best", "value", "described"),
    [
        ("accuracy", "validation accuracy (%)", "accurate", 0.9125, "best 91.2%"),
        ("rmse", "validation RMSE", "accurate", 12.3456, "best 12.35 RMSE"),
        ("macro_f1", "validation macro F1 (%)", "accurate", 0.5, "best 50.0% macro F1"),
        ("latency_ms", "estimated latency (ms)", "fast", 0.25, "fastest 0.250 ms"),
        ("latency_ms@M2", "estimated latency on M2 (ms)", "fast-M2", 0.25, "fastest 0.250 ms on M2"),
        ("size_mb", "package (MB)", "small", 1.234, "smallest 1.23 MB"),
        ("macs", "multiply-accumulates (M)", "light", 2_500_000, "lightest 2.5 M MACs"),
        ("params", "parameters (M)", "lean", 2_500_000, "fewest parameters 2.50 M"),
        ("residency", "time on the engine (%)", "resident", 0.75, "most resident 75%"),
    ],
)
def test_each_objective_has_words_in_units_that_people_read(
    name: str, label: str, best: str, value: float, described: str
) -> None:
    objective = Objective(name, 1.0)
    assert (objective.label, objective.best, objective.describe_best(value)) == (label, best, described)


def test_what_is_maximised_is_1_at_best_and_what_is_minimised_0() -> None:
    ideals = {name: Objective(name, 0.5).figure.ideal for name in ("accuracy", "residency", "latency_ms", "rmse")}
    assert ideals == {"accuracy": 1.0, "residency": 1.0, "latency_ms": 0.0, "rmse": 0.0}
    assert [Objective("residency", 0.5).loss(value) for value in (1.0, 0.75, 0.5, 0.0)] == [0.0, 0.5, 1.0, 2.0]
    assert [Objective("latency_ms", 0.5).loss(value) for value in (0.0, 0.25, 0.5, 1.0)] == [0.0, 0.5, 1.0, 2.0]
    assert Objective("residency", 0.5).minimised(0.75) == -0.75 and Objective("rmse", 0.5).minimised(0.75) == 0.75


def test_a_pick_means_what_it_is_best_in_on_its_chip() -> None:
    assert pick_meaning("fast") == "the lowest latency" and pick_meaning("fast-M2") == "the lowest latency on M2"
    assert pick_meaning("fast-A17 Pro") == "the lowest latency on A17 Pro"
    assert pick_meaning("accurate") == "the best score" and pick_meaning("small") == "the smallest package"
    assert pick_meaning("knee").startswith("the best compromise")


def test_of_objectives_it_is_known_what_they_are_of() -> None:
    names = ("accuracy", "recall@cat", "latency_ms", "latency_ms@M2", "size_mb", "macs", "params", "residency")
    found = {name: (o.is_score, o.is_latency, o.chip, o.is_stepped) for name in names for o in [Objective(name, 1.0)]}
    assert found == {
        "accuracy": (True, False, "", False),
        "recall@cat": (True, False, "", False),
        "latency_ms": (False, True, "", True),
        "latency_ms@M2": (False, True, "M2", True),
        "size_mb": (False, False, "", True),
        "macs": (False, False, "", True),
        "params": (False, False, "", True),
        "residency": (False, False, "", False),
    }


def test_each_chip_has_its_own_latency_and_its_own_step() -> None:
    apart = Estimate({"A15": latency(0.3, apart=1.5), "M2": latency(0.5, apart=2.0)}, 1.0, 1000, 100)
    main, other = Objective("latency_ms", 1.0), Objective("latency_ms@M2", 1.0)
    for known in (apart, Evaluation(0.9, apart)):
        assert [(one.value(known), one.step(known)) for one in (main, other)] == [(0.3, 1.5), (0.5, 2.0)]
        assert [one.resolved(known) for one in (main, other)] == [1.5**-3, 2.0**-1]


def test_a_value_is_in_the_step_that_it_begins_and_any_difference_counts_where_there_are_none() -> None:
    objective = Objective("latency_ms", 1.0)
    assert [objective.resolved(estimate(ms, apart=2.0)) for ms in (0.25, 0.4999, 0.5, 1.0, 3.0)] == [
        0.25, 0.25, 0.5, 1.0, 2.0,
    ]  # fmt: skip
    assert [objective.resolved(estimate(ms)) for ms in (0.25, 0.26)] == [0.25, 0.26]
    assert Objective("size_mb", 1.0).resolved(estimate(0.2, 0.0)) == 0.0


def test_a_network_is_worse_from_just_the_step_on() -> None:
    size, accuracy = Objective("size_mb", 1.0), Objective("accuracy", 0.0)
    one, little, much = (Evaluation(0.9, estimate(0.2, mb)) for mb in (1.0, 1.0999, 1.1))
    assert [size.is_worse(other, one) for other in (little, much, one)] == [False, True, False]
    assert not size.is_worse(one, much)
    better = dataclasses.replace(one, score=0.9001)
    assert [accuracy.is_worse(one, better), accuracy.is_worse(better, one), accuracy.is_worse(one, one)] == [
        True, False, False,
    ]  # fmt: skip


def test_a_metric_is_the_score_of_what_was_trained_for_it_and_else_among_the_others() -> None:
    trained = Evaluation(2.5, ESTIMATE, metric="rmse", less_is_better=True, metrics={"rmse": 9.0, "mae": 1.5})
    assert [Objective(name, 1.0).value(trained) for name in ("rmse", "mae")] == [2.5, 1.5]
    with pytest.raises(AnenasError, match="an evaluation has rmse but not r2"):
        Objective("r2", 1.0).value(trained)


def test_four_objectives_are_the_most_and_one_the_least() -> None:
    four = ("accuracy", "latency_ms", "size_mb", "macs")
    assert objective_names(four, ["A15"]) == four and objective_names(["macs"], CHIPS) == ("macs",)
    with pytest.raises(AnenasError, match="expected 1 to 4 objectives, got 5; use limits for the others"):
        objective_names([*four, "params"], ["A15"])
    with pytest.raises(AnenasError, match="'macs,macs': one is listed twice"):
        objective_names(["macs", "macs"], CHIPS)


@pytest.mark.parametrize(
    ("names", "limit"), [(("accuracy", "rmse"), "max_metrics"), (("rmse", "accuracy"), "min_metrics")]
)
def test_the_second_of_two_metrics_is_what_is_to_be_limited(names: tuple[str, str], limit: str) -> None:
    with pytest.raises(AnenasError, match=rf"objectives {names[0]} and {names[1]} are .* the other with `{limit}`$"):
        objective_names(names, CHIPS)


def test_only_a_latency_has_a_chip() -> None:
    for name in ("size_mb@A15", "macs@M2", "latncy_ms@M2"):
        with pytest.raises(AnenasError, match=f"unknown objective '{name}'"):
            objective_names([name], CHIPS)
    assert objective_names(["recall@cat", "latency_ms@M2", "size_mb"], CHIPS) == (
        "recall@cat",
        "latency_ms@M2",
        "size_mb",
    )

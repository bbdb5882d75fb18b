from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest
from pretend import latency
from studies import pretend_study

from anenas._errors import AnenasError
from anenas.search import (
    CompletedTrial,
    Evaluation,
    Study,
    apart_in,
    choose_by_weights,
    choose_within,
    front_within,
    within,
)
from anenas.space import Limits

# Accuracy 0.5 + 0.1 depth + 0.001 width, latency 0.1 depth + 0.001 width (twice that at its upper end), width / 10 MB.
TRIALS = {(1, 16): 0, (2, 16): 1, (4, 16): 2, (3, 64): 3}


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return pretend_study(tmp_path / "store", "s", list(TRIALS), in_memory=True)


def numbers(trials: list[object]) -> list[int]:
    return [trial.number for trial in trials]  # type: ignore[attr-defined]


def test_the_best_within_limits_is_chosen_and_the_next_is_the_runner_up(study: Study) -> None:
    choice = choose_within(study, Limits(latency_ms=0.75))  # of upper ends: 0.232, 0.432, 0.832 and 0.728
    assert (choice.trial.number, choice.kept, choice.of) == (3, 3, 4)
    assert choice.held == {"latency_ms": pytest.approx(0.728)}
    assert choice.runner_up and choice.runner_up.number == 1
    assert choice.apart_in == ("accuracy", "latency_ms", "size_mb")
    assert choose_within(study, Limits(latency_ms=0.75), "estimate").trial.number == 2
    assert choose_within(study, Limits(size_mb=1.7)).trial.number == 2
    both = choose_within(study, Limits(latency_ms=0.45))
    assert (both.kept, both.trial.number, both.runner_up and both.runner_up.number) == (2, 1, 0)
    assert choose_within(study, Limits(latency_ms=0.25)).runner_up is None


def test_of_equally_accurate_trials_the_fastest_is_chosen(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    equal = [dataclasses.replace(one, evaluation=_scored(one.evaluation, 0.7)) for one in reversed(study.completed)]
    monkeypatch.setattr(study, "completed", equal)
    choice = choose_within(study, Limits())
    assert (choice.trial.number, choice.runner_up and choice.runner_up.number) == (0, 1)


def test_the_front_within_limits_is_that_of_those_that_keep_them(study: Study) -> None:
    assert front_within(study, Limits()) == study.front
    assert numbers([*front_within(study, Limits(accuracy=0.7))]) == [1, 3, 2]
    assert numbers([*within(study, Limits(accuracy=0.7, size_mb=2.0))]) == [1, 2]


@pytest.mark.parametrize(
    ("weights", "chosen"),
    [
        ({"accuracy": 1.0}, 2),
        ({"latency_ms": 1.0}, 0),
        # On the front accuracies are 0.616 to 0.916 and latencies 0.116 to 0.416: a straight line of the two.
        ({"accuracy": 1.0, "latency_ms": 0.9}, 2),
        ({"accuracy": 0.9, "latency_ms": 1.0}, 0),
    ],
)
def test_weights_are_of_figures_in_spans_of_the_front(study: Study, weights: dict[str, float], chosen: int) -> None:
    choice = choose_by_weights(study, weights, Limits())
    assert choice.trial.number == chosen
    assert choice.utility[0] == pytest.approx(max(weights.values()))
    assert choice.utility[0] > choice.utility[1]


def test_limits_do_not_change_what_a_weight_is_worth(study: Study) -> None:
    choice = choose_by_weights(study, {"accuracy": 1.0, "latency_ms": 0.9}, Limits(accuracy=0.7, latency_ms=0.5))
    assert choice.trial.number == 1
    assert choice.utility == pytest.approx((1 / 3 + 0.9 * 2 / 3,))


def test_scores_within_chance_do_not_tell_two_trials_apart(study: Study) -> None:
    one, other, *_ = study.completed
    near = dataclasses.replace(other, evaluation=_scored(other.evaluation, one.evaluation.score + 0.01))
    assert apart_in(study, one, near, ("accuracy", "latency_ms")) == ("latency_ms",)
    far = dataclasses.replace(other, evaluation=_scored(other.evaluation, one.evaluation.score + 0.1))
    assert apart_in(study, one, far, ("accuracy",)) == ("accuracy",)
    unknown = dataclasses.replace(far, evaluation=dataclasses.replace(far.evaluation, held_out=0))
    assert apart_in(study, one, unknown, ("accuracy",)) == ()


def _scored(evaluation: Evaluation, score: float) -> Evaluation:
    return dataclasses.replace(evaluation, score=score)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (
            Limits(latency_ms=0.2),
            r"no trial of s satisfies latency_ms ≤ 0.2 \(the nearest, trial 0: 0.232, by the upper",
        ),
        (Limits(accuracy=0.99), r"no trial of s satisfies accuracy ≥ 0.99 \(the nearest, trial 2: 0.916\)$"),
        (Limits(accuracy=0.9, size_mb=1.0), r"size_mb ≤ 1 .* and accuracy ≥ 0.9 .* at once"),
        (Limits(metrics={"macro_f1": 0.5}), "unknown figure 'macro_f1'"),
    ],
)
def test_limits_that_nothing_keeps_say_how_near_it_comes(study: Study, limits: Limits, message: str) -> None:
    with pytest.raises(AnenasError, match=message):
        choose_within(study, limits)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"accuracy": 0.0}, "expected numbers above 0"),
        ({"latency_ms@M2": 1.0}, "unknown figure 'latency_ms@M2'"),
        ({"speed": 1.0}, "unknown figure 'speed'"),
    ],
)
def test_a_weight_of_nothing_is_refused(study: Study, weights: dict[str, float], message: str) -> None:
    with pytest.raises(AnenasError, match=message):
        choose_by_weights(study, weights, Limits())


def test_a_study_without_trials_has_nothing_to_choose_and_says_so(tmp_path: Path) -> None:
    empty = pretend_study(tmp_path / "store", "s", [], in_memory=True)
    assert within(empty, Limits(accuracy=0.5)) == front_within(empty, Limits()) == []
    with pytest.raises(AnenasError, match=r"^no trial of s has completed; resume its search$"):
        choose_within(empty, Limits())


@pytest.mark.parametrize("weights", [{}, {"accuracy": -1.0}, {"accuracy": math.inf}, {"accuracy": 1.0, "size_mb": 0.0}])
def test_weights_are_numbers_above_0(study: Study, weights: dict[str, float]) -> None:
    with pytest.raises(AnenasError, match=r"expected numbers above 0, such as accuracy=1,latency_ms=0\.3"):
        choose_by_weights(study, weights, Limits())


def test_the_end_of_a_latency_that_a_search_held_against_its_limit_is_held_against_others(tmp_path: Path) -> None:
    study = pretend_study(tmp_path / "store", "s", list(TRIALS), in_memory=True, latency_bound="estimate")
    choice = choose_within(study, Limits(latency_ms=0.22))  # of estimates: 0.116, 0.216, 0.416 and 0.364
    assert (choice.trial.number, choice.kept) == (1, 2)
    assert choice.held == {"latency_ms": pytest.approx(0.216)}
    assert choose_within(study, Limits(latency_ms=0.24), "upper").trial.number == 0
    with pytest.raises(AnenasError, match=r"latency_ms ≤ 0.1 \(the nearest, trial 0: 0.116\)$"):
        choose_within(study, Limits(latency_ms=0.1))


def test_a_figure_that_is_equal_all_over_the_front_counts_for_nothing(study: Study) -> None:
    alone = choose_by_weights(study, {"accuracy": 0.5}, Limits())
    both = choose_by_weights(study, {"accuracy": 0.5, "residency": 9.0}, Limits())
    assert both.utility == alone.utility and len(alone.utility) == 2 and alone.utility[0] == 0.5
    assert both.apart_in == ("accuracy",) and both.trial == alone.trial
    assert choose_within(study, Limits()).utility == ()


def test_of_several_chips_each_keeps_the_limit_and_has_a_weight_of_its_own(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_other(trial: CompletedTrial, ms: float) -> CompletedTrial:
        known = trial.evaluation.estimate
        latencies = {**known.latency_by_chip, "M2": latency(ms)}
        estimate = dataclasses.replace(known, latency_by_chip=latencies)
        return dataclasses.replace(trial, evaluation=dataclasses.replace(trial.evaluation, estimate=estimate))

    # Of upper ends: 0.232, 0.432, 0.832 and 0.728 on the main chip.
    trials = [with_other(one, ms) for one, ms in zip(study.completed, (0.4, 0.3, 0.2, 0.1), strict=True)]
    monkeypatch.setattr(study, "completed", trials)
    monkeypatch.setattr(study, "pareto", trials)
    choice = choose_within(study, Limits(latency_ms=0.7))
    assert (choice.trial.number, choice.kept) == (1, 1)
    assert choice.held == {"latency_ms": pytest.approx(0.432), "latency_ms@M2": 0.6}
    with pytest.raises(AnenasError, match=r"latency_ms ≤ 0.5 \(the nearest, trial 1: 0.6, by the upper end"):
        choose_within(study, Limits(latency_ms=0.5))
    assert choose_by_weights(study, {"latency_ms@M2": 1.0}, Limits()).trial.number == 3
    with pytest.raises(AnenasError, match="unknown figure 'size_mb@M2'"):
        choose_by_weights(study, {"size_mb@M2": 1.0}, Limits())

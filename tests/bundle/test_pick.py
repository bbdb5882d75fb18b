from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from anenas._errors import AnenasError
from anenas.bundle._pick import choose
from anenas.search import FinishedTrial, Study
from anenas.search._trial import State
from anenas.space import Limits


def test_names_and_numbers_are_those_of_the_study(study: Study) -> None:
    assert choose(study, None) == study.picks["knee"]
    for name, trial in study.picks.items():
        assert choose(study, name) == trial
    for trial in study.completed:
        assert choose(study, str(trial.number)) == trial


@pytest.mark.parametrize(("bound", "end"), [("upper", "high_ms"), ("estimate", "ms")])
def test_within_a_latency_the_most_accurate_is_chosen(
    study: Study, bound: str, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "settings", dataclasses.replace(study.settings, latency_bound=bound))
    evaluations = {trial.number: trial.evaluation for trial in study.completed}
    known = {number: (getattr(e.estimate.latency, end), e.score) for number, e in evaluations.items()}
    for limit, _ in known.values():
        latency_ms, accuracy = known[choose(study, None, Limits(latency_ms=limit)).number]
        assert latency_ms <= limit
        assert accuracy == max(accuracy for latency_ms, accuracy in known.values() if latency_ms <= limit)


@pytest.mark.parametrize(
    ("pick", "limit", "message"),
    [
        (
            "best",
            None,
            r"no pick 'best': knee \(trial \d\) is the best compromise, .*; accurate \(trial \d\) is the best score;",
        ),
        ("99", None, r"tiny has no trial 99, its trials are 0 to 2; choose one that has: \d"),
        (
            None,
            0.001,
            r"no trial of tiny satisfies latency_ms ≤ 0.001 \(the nearest, trial \d: 0\.\d+, by the upper end",
        ),
        ("fast", 1.0, "two ways to choose"),
    ],
)
def test_a_mistake_tells_what_there_is(study: Study, pick: str | None, limit: float | None, message: str) -> None:
    with pytest.raises(AnenasError, match=message):
        choose(study, pick, Limits(latency_ms=limit) if limit else None)


def test_a_study_without_a_completed_trial_has_nothing_to_choose(store: Path) -> None:
    with pytest.raises(AnenasError, match="no trial of nothing has completed"):
        choose(Study.load(store, "nothing"), "knee")


@pytest.mark.parametrize(
    ("state", "reason", "message"),
    [
        ("stopped", "rung 1 of 2: 14th of 18", "trial 7 of tiny was stopped .*14th of 18.* has no model; choose one"),
        ("infeasible", "size_mb 20% over the limit", "trial 7 of tiny is infeasible .*20% over the limit"),
        ("failed", "ValueError: no", "trial 7 of tiny failed .*ValueError: no"),
        ("repeated", "trial 1", "trial 7 of tiny repeats trial 1: choose that$"),
    ],
)
def test_what_became_of_a_trial_without_a_model_is_told(
    study: Study, state: State, reason: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = FinishedTrial(7, study.completed[0].architecture, state=state, reason=reason)
    monkeypatch.setattr(study, "finished", [*study.finished, other])
    with pytest.raises(AnenasError, match=message):
        choose(study, "7")

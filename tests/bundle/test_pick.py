from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from anenas._errors import AnenasError
from anenas.bundle._pick import choose
from anenas.search import Study


def test_names_and_numbers_are_those_of_the_study(study: Study) -> None:
    assert choose(study, None, None) == study.picks["knee"]
    for name, trial in study.picks.items():
        assert choose(study, name, None) == trial
    for trial in study.completed:
        assert choose(study, str(trial.number), None) == trial


@pytest.mark.parametrize(("bound", "end"), [("upper", "high_ms"), ("estimate", "ms")])
def test_within_a_latency_the_most_accurate_is_chosen(
    study: Study, bound: str, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "settings", dataclasses.replace(study.settings, latency_bound=bound))
    evaluations = {trial.number: trial.evaluation for trial in study.completed}
    known = {number: (getattr(e.estimate.latency, end), e.score) for number, e in evaluations.items()}
    for limit, _ in known.values():
        latency_ms, accuracy = known[choose(study, None, limit).number]
        assert latency_ms <= limit
        assert accuracy == max(accuracy for latency_ms, accuracy in known.values() if latency_ms <= limit)


@pytest.mark.parametrize(
    ("pick", "limit", "message"),
    [
        ("kne", None, "unknown pick 'kne'; did you mean knee?"),
        ("99", None, r"trial 99 of tiny has not completed; on its front are \d"),
        (None, 0.001, r"no trial of tiny takes at most 0.001 ms; the fastest, \d, takes 0\.\d+ ms, by the upper"),
        ("fast", 1.0, "two ways to choose"),
    ],
)
def test_a_mistake_tells_what_there_is(study: Study, pick: str | None, limit: float | None, message: str) -> None:
    with pytest.raises(AnenasError, match=message):
        choose(study, pick, limit)


def test_a_study_without_a_completed_trial_has_nothing_to_choose(store: Path) -> None:
    with pytest.raises(AnenasError, match="no trial of nothing has completed"):
        choose(Study.load(store, "nothing"), "knee", None)

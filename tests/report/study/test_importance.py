from __future__ import annotations

import random
from pathlib import Path

import pytest
from pretend import PretendEvaluator, estimate
from reported import reported_study

from anenas.report.study._importance import FEWEST, importance_of
from anenas.search import Evaluation, Problem, SearchSettings, Study, make_sampler
from anenas.space import Limits, read_space

SPACE = """\
name: wide
input: {channels: 1, height: 16, width: 16}
stem: {width: 16, stride: 2, blocks: {conv: }}
stages:
  - {depth: [1, 2, 3, 4], width: [16, 32, 48, 64], stride: 2, blocks: {conv: {kernel: [1, 3]}}}
"""


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Whose accuracy follows from the depth, and a little from chance, and whose latency is all chance."""
    (tmp_path / "wide.yaml").write_text(SPACE)
    settings = SearchSettings({"accuracy": 0.0, "latency_ms": 2.0}, chip="A15")
    study = Study.create_or_continue(tmp_path / "store", "wide", settings, in_memory=True)
    problem = Problem(read_space(tmp_path / "wide.yaml"), 10, PretendEvaluator(), study.objectives, Limits())
    sampler, rng = make_sampler("random", 0), random.Random(0)
    while len(study.completed) < FEWEST + 4:
        trial = study.ask(sampler, problem)
        if study.known(trial.architecture):
            study.repeat(trial, study.known(trial.architecture))
            continue
        study.workspace(trial)
        score = 0.5 + 0.1 * trial.architecture.stages[1].depth + rng.gauss(0, 0.01)
        study.complete(trial, Evaluation(score, estimate(1 + rng.random())), {})
    return study


def test_the_decision_that_matters_is_first_and_chance_is_called_so(study: Study) -> None:
    found = importance_of(study)
    first, *others = found.decisions.items()
    assert first[0].endswith("depth") and first[1][0].share > 0.8
    assert [one.is_sure for one in first[1]] == [True, False]
    assert not any(one.is_sure for _, influences in others for one in influences)
    assert not found.is_chance and not found.why_not


def test_what_takes_long_is_left_out_of_a_page_that_is_wanted_soon(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert importance_of(study, soon=True).decisions
    monkeypatch.setattr("anenas.report.study._importance.MOST_SOON", FEWEST + 3)
    found = importance_of(study, soon=True)
    assert not found.decisions and "`anenas report` computes it" in found.why_not


def test_of_many_trials_an_even_choice_tells_which_is_said(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = importance_of(study)
    monkeypatch.setattr("anenas.report.study._importance.MOST", FEWEST)
    part = importance_of(study)
    assert part.left_out.endswith(f"Shares are of an even choice of {FEWEST} of the {FEWEST + 4} trials.")
    assert "even choice" not in whole.left_out
    first = next(iter(whole.decisions))
    assert next(iter(part.decisions)) == first and part.decisions[first][0].share != whole.decisions[first][0].share
    assert part.decisions[first][0].is_sure == whole.decisions[first][0].is_sure


def test_few_trials_are_not_asked(tmp_path: Path) -> None:
    found = importance_of(reported_study(tmp_path))
    assert not found.decisions and found.why_not.startswith("3 trials have completed; 20 are needed")

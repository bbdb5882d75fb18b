from __future__ import annotations

import dataclasses

import pytest
from pretend import PretendEvaluator

from anenas.search import FrontTesting, Problem, SerialExecutor, Study, TrialFiles, make_sampler


@pytest.fixture
def tested(study: Study, problem: Problem) -> FrontTesting:
    """Of three models on the front and one behind it, each validated on 100 inputs in half a second."""
    sampler = make_sampler("random", 0)
    for accuracy, ms in ((0.7, 0.1), (0.8, 0.2), (0.9, 0.3), (0.5, 0.4)):
        trial = study.ask(sampler, problem)
        evaluation = PretendEvaluator().evaluate(trial.architecture, TrialFiles(study.workspace(trial)))
        latency = dataclasses.replace(evaluation.estimate.latency, ms=ms)
        known = dataclasses.replace(evaluation.estimate, latency_by_chip={"A15": latency})
        figures = {"score": accuracy, "estimate": known, "held_out": 100, "seconds": {"validate": 0.5}}
        study.complete(trial, dataclasses.replace(evaluation, **figures), {})
    return FrontTesting(study, PretendEvaluator(), SerialExecutor(), inputs=1000)


def test_the_front_and_the_reference_are_tested_and_nothing_else(tested: FrontTesting) -> None:
    study = tested.study
    with tested.executor:
        tested.run()
    assert [trial.test_score is None for trial in study.completed] == [False, False, False, True]
    study.note_reference(study.completed[3].architecture)
    with tested.executor:
        tested.run()
    assert all(trial.test_score is not None for trial in study.completed)


def test_time_is_kept_for_it_by_how_long_validation_took_up_to_a_sixth(tested: FrontTesting) -> None:
    with tested.executor:
        assert tested.reserve(600) == pytest.approx(3 * 3 * 0.5 * 10)
        assert tested.reserve(60) == 10
        assert tested.reserve(0) == 0
        tested.run()
        assert tested.reserve(600) == 0

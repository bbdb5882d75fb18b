from __future__ import annotations

import dataclasses

import pytest
from pretend import PretendEvaluator

from anenas.search import FrontTesting, Phase, Problem, SerialExecutor, Study, TrialFiles, make_sampler
from anenas.space import Architecture


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


def test_what_was_trained_further_is_tested_though_it_is_not_on_the_front(tested: FrontTesting) -> None:
    tested.study.final_workspace(3)
    tested.study.set_final(3, 5, None)
    tested.run()
    assert [trial.test_score for trial in tested.study.completed] == [0.5] * 4


def test_how_far_it_is_is_told_the_best_first_and_what_fails_is_left_out(
    tested: FrontTesting, caplog: pytest.LogCaptureFixture
) -> None:
    study = tested.study
    worst = str(study.completed[0].architecture)

    class Failing(PretendEvaluator):
        def test(self, architecture: Architecture, files: TrialFiles) -> float:
            if str(architecture) == worst:
                raise ValueError("no such input")
            return 0.25

    told: list[Phase] = []
    study.listeners.append(lambda study: told.append(study.phase))
    dataclasses.replace(tested, evaluator=Failing()).run()
    assert told == [Phase("testing", done, 3, 45.0) for done in range(4)]
    assert [trial.test_score for trial in study.completed] == [None, 0.25, 0.25, None]
    assert caplog.messages == ["trial 0 could not be tested: ValueError: no such input"]
    told.clear()
    dataclasses.replace(tested, inputs=0).run()
    assert told == [Phase("testing", done, 1, None) for done in range(2)]


def test_what_runs_side_by_side_takes_its_share_and_as_long_as_the_longest(tested: FrontTesting) -> None:
    def reserved(slots: int) -> float:
        executor = SerialExecutor()
        executor.slots = slots
        return dataclasses.replace(tested, executor=executor).reserve(6000)

    assert [reserved(slots) for slots in (1, 2, 8)] == [45.0, 22.5, 15.0]


def test_what_was_not_validated_on_a_known_number_of_inputs_takes_nobody_knows_how_long(
    study: Study, problem: Problem
) -> None:
    trial = study.ask(make_sampler("random", 0), problem)
    study.complete(trial, PretendEvaluator().evaluate(trial.architecture, TrialFiles(study.workspace(trial))), {})
    assert FrontTesting(study, PretendEvaluator(), SerialExecutor(), inputs=1000).reserve(600) == 0

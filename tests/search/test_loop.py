from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path

import pretend
import pytest
from pretend import PretendEvaluator

from anenas._errors import AnenasError
from anenas.search import Search, Study
from anenas.space import Limits, SearchSpace

Make = Callable[..., Search]


def test_it_completes_as_many_trials_as_asked(searching: Make, study: Study) -> None:
    searching().run(7)
    assert len(study.completed) == 7


def test_no_architecture_is_trained_twice(searching: Make, study: Study, space: SearchSpace) -> None:
    searching().run(30)
    trained = [record.architecture for record in study.completed]
    assert len(set(trained)) == len(trained) == 30
    assert space.size == 32


def test_a_space_with_nothing_left_ends_the_search(searching: Make, study: Study, space: SearchSpace) -> None:
    searching().run(100)
    assert len(study.completed) == space.size


def test_infeasible_architectures_are_recorded_and_not_trained(searching: Make, study: Study) -> None:
    searching(Limits(latency_ms=0.25)).run(8)
    infeasible = [record for record in study.records if record.state == "infeasible"]
    assert infeasible
    assert all(record.evaluation is None and "latency" in record.reason for record in infeasible)
    assert all(study.point(record)[1] <= 0.25 for record in study.completed)


def test_limits_that_nothing_keeps_end_the_search_with_what_there_is(searching: Make) -> None:
    with pytest.raises(AnenasError, match=r"fastest 0\.116 ms"):
        searching(Limits(latency_ms=0.01)).run(1)


def test_a_failing_trial_is_recorded_and_the_search_goes_on(searching: Make, study: Study) -> None:
    searching(fail_depth=2).run(20)
    failed = [record for record in study.records if record.state == "failed"]
    assert len(study.completed) == 20
    assert failed
    assert {record.reason for record in failed} == {"ValueError: this depth cannot be had"}


def test_the_first_five_failing_alike_end_the_search(study: Study, searching: Make) -> None:
    search = searching()
    search.problem = dataclasses.replace(search.problem, evaluator=_AlwaysFails())
    with pytest.raises(AnenasError, match="5 trials in a row failed alike: TypeError"):
        search.run(20)
    assert study.counts["failed"] >= 5


class _AlwaysFails:
    """Its evaluation cannot even be called."""

    def estimate(self, architecture: object) -> object:
        return PretendEvaluator().estimate(architecture)  # type: ignore[arg-type]

    evaluate = staticmethod(len)
    test = staticmethod(len)


def test_a_worker_that_dies_once_costs_a_retry(searching: Make, study: Study, tmp_path: Path) -> None:
    searching(die_once=tmp_path / "died").run(4)
    assert (tmp_path / "died").exists()
    assert study.counts == {"completed": 4, "failed": 0, "infeasible": 0, "repeated": study.counts["repeated"]}


def test_a_trial_that_always_kills_its_worker_fails(searching: Make, study: Study) -> None:
    searching(fatal_depth=3).run(12)
    reasons = {record.reason for record in study.records if record.state == "failed"}
    assert len(study.completed) == 12
    assert len(reasons) == 1
    assert "signal 9" in reasons.pop()


def test_past_the_deadline_what_runs_is_left_for_next_time(searching: Make, study: Study, space: SearchSpace) -> None:
    search = searching(seconds=30.0)
    search.run(5, deadline=time.monotonic() + 1.0)
    assert study.completed == []
    search.pool.cancel()
    assert len(study.unanswered(space, 10)) == 2


def test_trials_left_by_an_earlier_process_are_finished_first(
    searching: Make, study: Study, space: SearchSpace
) -> None:
    left = study.ask(space, 10)
    searching().run(2)
    assert left.number in [record.number for record in study.completed]


def test_a_study_that_is_complete_is_left_alone(searching: Make, study: Study) -> None:
    searching().run(3)
    before = list(study.records)
    searching().run(3)
    assert study.records == before


def test_every_answer_is_told(searching: Make, study: Study) -> None:
    told: list[int] = []
    search = searching()
    search.changed = lambda study: told.append(len(study.records))
    search.run(5)
    assert told == list(range(1, len(study.records) + 1))


def test_what_an_earlier_process_did_not_live_to_judge_is_judged_before_it_is_trained(
    searching: Make, study: Study, space: SearchSpace
) -> None:
    asked = [study.ask(space, 10) for _ in range(8)]  # and the process is killed
    limits = Limits(latency_ms=0.25)
    searching(limits).run(4)
    slow = {t.number for t in asked if PretendEvaluator().estimate(t.architecture).latency.ms > 0.25}
    assert slow
    judged = {record.number: record for record in study.records}
    assert all(judged[number].state in ("infeasible", "repeated") for number in slow)


def test_failures_that_differ_in_a_number_only_are_alike(searching: Make, study: Study) -> None:
    search = searching()
    search.problem = dataclasses.replace(search.problem, evaluator=_FailsAtSomeStep())
    with pytest.raises(AnenasError, match="5 trials in a row failed alike: FileNotFoundError"):
        search.run(20)
    assert len({record.reason for record in study.records if record.state == "failed"}) > 1


class _FailsAtSomeStep(_AlwaysFails):
    """Its error names the trial's folder, which has the trial's number in it."""

    evaluate = staticmethod(pretend.missing)  # type: ignore[assignment]

from __future__ import annotations

import contextlib
import dataclasses
import re
import time
from collections.abc import Callable
from pathlib import Path

import pretend
import pytest
from pretend import PretendEvaluator

from anenas._errors import AnenasError
from anenas.search import CHECKPOINT, Inline, Problem, Rungs, Search, Study, make_sampler
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
    assert all(record.point[1] <= 0.25 for record in study.completed)


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
    assert study.counts == {
        "completed": 4,
        "stopped": 0,
        "failed": 0,
        "infeasible": 0,
        "repeated": study.counts["repeated"],
    }


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


# Rungs


def with_rungs(search: Search, count: int = 3) -> Search:
    search.rungs = Rungs(count, reduction=2, spacing=2)
    return search


def checkpoints(study: Study) -> list[Path]:
    return list(study.folder.rglob(f"*{CHECKPOINT}*"))


def test_each_architecture_begins_and_about_one_in_four_is_trained_in_full(searching: Make, study: Study) -> None:
    with_rungs(searching()).run(24)
    assert study.counts["completed"] + study.counts["stopped"] == 24
    assert study.counts["completed"] == 6
    assert not study.paused


def test_what_is_stopped_has_the_figures_of_its_last_rung_and_says_its_place(searching: Make, study: Study) -> None:
    with_rungs(searching()).run(24)
    stopped = [record for record in study.records if record.state == "stopped"]
    for record in stopped:
        assert record.evaluation == record.rungs[-1]
        assert record.evaluation.share in (0.25, 0.5)
        rung = 1 if record.evaluation.share == 0.25 else 2
        assert re.fullmatch(rf"rung {rung} of 3: \d+(st|nd|rd|th) of \d+", record.reason)


def test_only_what_was_trained_in_full_may_be_on_the_front(searching: Make, study: Study) -> None:
    with_rungs(searching()).run(24)
    assert study.front
    assert all(r.state == "completed" and r.evaluation and r.evaluation.share == 1 for r in study.front)


def test_a_completed_trial_went_up_rung_by_rung_from_its_checkpoint(
    searching: Make, study: Study, tmp_path: Path
) -> None:
    with_rungs(searching(log=tmp_path / "log")).run(16)
    lines = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    for record in study.completed:
        legs = [(share, had) for name, share, had in lines if name == str(record.architecture)]
        assert legs == [("0.25", "False"), ("0.5", "True"), ("1.0", "True")]
        assert [rung.share for rung in record.rungs] == [0.25, 0.5]
        assert record.evaluation
        assert record.evaluation.seconds == {"train": 2.0}


def test_checkpoints_are_bounded_on_the_way_and_gone_in_the_end(searching: Make, study: Study) -> None:
    most = 0

    def count(study: Study) -> None:
        nonlocal most
        most = max(most, len(checkpoints(study)))

    search = with_rungs(searching())
    search.changed = count
    search.run(30)
    assert 0 < most <= 2 * 8 + 3
    assert checkpoints(study) == []
    assert not list((study.folder / "trials").glob(".*"))


def test_one_worker_makes_the_same_study_again(space: SearchSpace, tmp_path: Path) -> None:
    def run(store: Path, stops: list[int]) -> list[tuple[int, str, str]]:
        for stop in stops:
            study = Study.create_or_continue(store, "s", {"slowest_ms": 0.5}, 0)
            problem = Problem(space, 10, PretendEvaluator(), Limits())
            study.sampler = make_sampler("auto", problem, seed=0)
            search = with_rungs(Search(study, problem, Inline(), _stop_after(stop)))
            with contextlib.suppress(KeyboardInterrupt):
                search.run(20)
        return [(record.number, record.state, str(record.architecture)) for record in study.records]

    assert run(tmp_path / "a", [99]) == run(tmp_path / "b", [99])


def test_a_killed_search_goes_on_with_what_was_paused(
    study: Study, searching: Make, space: SearchSpace, tmp_path: Path
) -> None:
    search = with_rungs(searching(log=tmp_path / "log"))
    search.changed = _stop_after(5)
    with pytest.raises(KeyboardInterrupt):
        search.run(24)
    search.pool.cancel()
    again = Study.create_or_continue(study.folder.parents[1], "s", study.settings, 0)
    search.study, search.changed = again, lambda study: None
    search.run(24)
    assert again.judged == 24
    lines = (tmp_path / "log").read_text().splitlines()
    begun = [line.split()[0] for line in lines if " 0.25 " in line]
    assert len(begun) - len(set(begun)) <= 2  # what the two workers were at
    assert checkpoints(again) == []


def test_a_study_goes_on_with_other_rungs_or_none(searching: Make, study: Study, space: SearchSpace) -> None:
    search = with_rungs(searching())
    search.changed = _stop_after(5)
    with pytest.raises(KeyboardInterrupt):
        search.run(24)
    assert study.paused
    search.pool.cancel()
    search.changed = lambda study: None
    with_rungs(search, 1).run(24)
    assert study.judged == 24
    assert not study.paused
    assert checkpoints(study) == []


def test_a_worker_that_dies_at_a_rung_costs_a_retry(searching: Make, study: Study, tmp_path: Path) -> None:
    with_rungs(searching(die_once=tmp_path / "died")).run(8)
    assert study.counts["failed"] == 0
    assert study.judged == 8


def _stop_after(records: int) -> Callable[[Study], None]:
    def changed(study: Study) -> None:
        if len(study.records) >= records:
            raise KeyboardInterrupt

    return changed

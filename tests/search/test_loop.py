from __future__ import annotations

import dataclasses
import logging
import math
import random
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pretend
import pytest
from pretend import PretendEvaluator

from anenas._errors import AnenasError
from anenas.search import (
    CHECKPOINT,
    CompletedTrial,
    Estimate,
    Evaluation,
    LatencyBound,
    Learned,
    Outcome,
    Problem,
    Rungs,
    Search,
    SearchSettings,
    SerialExecutor,
    Study,
    TrialFiles,
    make_sampler,
    store_errors,
)
from anenas.search._early_stopping import EarlyStopping
from anenas.search.samplers._front import FrontSampler
from anenas.space import Architecture, Limits, SearchSpace

Make = Callable[..., Search]
RANDOM = make_sampler("random", 0)


def test_it_completes_as_many_trials_as_asked(searching: Make, study: Study) -> None:
    searching().run(7)
    assert len(study.completed) == 7


def test_no_architecture_is_trained_twice(searching: Make, study: Study, space: SearchSpace) -> None:
    searching().run(30)
    trained = [trial.architecture for trial in study.completed]
    assert len(set(trained)) == len(trained) == 30
    assert space.size == 32


def test_a_space_with_nothing_left_ends_the_search(searching: Make, study: Study, space: SearchSpace) -> None:
    searching().run(100)
    assert len(study.completed) == space.size


def test_infeasible_architectures_are_recorded_and_not_trained(searching: Make, study: Study) -> None:
    searching(Limits(latency_ms=0.25)).run(8)
    infeasible = [trial for trial in study.finished if trial.state == "infeasible"]
    assert infeasible
    assert all(trial.evaluation is None and "latency_ms" in trial.reason for trial in infeasible)
    assert all(study.point(trial)[1] <= 0.25 for trial in study.completed)


def test_limits_that_nothing_keeps_end_the_search_with_what_there_is(searching: Make) -> None:
    with pytest.raises(AnenasError, match=r"fastest 0\.116 ms"):
        searching(Limits(latency_ms=0.01)).run(1)


def test_a_failing_trial_is_recorded_and_the_search_goes_on(searching: Make, study: Study) -> None:
    searching(fail_depth=2).run(20)
    failed = [trial for trial in study.finished if trial.state == "failed"]
    assert len(study.completed) == 20
    assert failed
    assert {trial.reason for trial in failed} == {"ValueError: this depth cannot be had"}


def test_the_first_five_failing_alike_end_the_search(study: Study, searching: Make) -> None:
    search = searching()
    search.problem = dataclasses.replace(search.problem, evaluator=_AlwaysFails())
    with pytest.raises(AnenasError, match="5 trials in a row failed in the same way: TypeError"):
        search.run(5)
    assert study.counts["failed"] >= 5


class _AlwaysFails:
    """Its evaluation cannot even be called."""

    def estimate(self, architecture: object) -> object:
        return PretendEvaluator().estimate(architecture)  # type: ignore[arg-type]

    evaluate = staticmethod(len)
    test = staticmethod(len)


def test_a_worker_that_dies_once_costs_a_retry(searching: Make, study: Study, tmp_path: Path) -> None:
    searching(die_once=tmp_path / "died", log=tmp_path / "log").run(4)
    assert (tmp_path / "died").exists()
    assert (study.counts["completed"], study.counts["failed"]) == (4, 0)
    evaluated = Counter(line.split()[0] for line in (tmp_path / "log").read_text().splitlines())
    assert sorted(evaluated.values()) == [1, 1, 1, 2]


def test_a_trial_that_always_kills_its_worker_fails(searching: Make, study: Study) -> None:
    searching(fatal_depth=3).run(12)
    reasons = {trial.reason for trial in study.finished if trial.state == "failed"}
    assert len(study.completed) == 12
    assert len(reasons) == 1
    assert "signal 9" in reasons.pop()


def test_past_the_deadline_what_runs_is_left_for_next_time(searching: Make, study: Study, problem: Problem) -> None:
    search = searching(seconds=30.0)
    search.run(5, deadline=time.monotonic() + 1.0)
    assert study.completed == []
    search.executor.cancel()
    assert len(study.unanswered(problem)) == 2


def test_trials_left_by_an_earlier_process_are_finished_first(searching: Make, study: Study, problem: Problem) -> None:
    left = study.ask(RANDOM, problem)
    searching().run(2)
    assert left.number in [trial.number for trial in study.completed]


def test_a_study_that_is_complete_is_left_alone(searching: Make, study: Study) -> None:
    searching().run(3)
    before = list(study.finished)
    searching().run(3)
    assert study.finished == before


def test_every_answer_is_told(searching: Make, study: Study) -> None:
    told: list[int] = []
    search = searching()
    study.listeners.append(lambda study: told.append(len(study.finished)))
    search.run(5)
    assert told == list(range(1, len(study.finished) + 1))


def test_what_an_earlier_process_did_not_live_to_judge_is_judged_before_it_is_trained(
    searching: Make, study: Study, problem: Problem
) -> None:
    asked = [study.ask(RANDOM, problem) for _ in range(8)]  # and the process is killed
    limits = Limits(latency_ms=0.25)
    searching(limits).run(4)
    slow = {t.number for t in asked if PretendEvaluator().estimate(t.architecture).latency.ms > 0.25}
    assert slow
    judged = {trial.number: trial for trial in study.finished}
    assert all(judged[number].state in ("infeasible", "repeated") for number in slow)


def test_failures_that_differ_in_a_number_only_are_alike(searching: Make, study: Study) -> None:
    search = searching()
    search.problem = dataclasses.replace(search.problem, evaluator=_FailsAtSomeStep())
    with pytest.raises(AnenasError, match="5 trials in a row failed in the same way: FileNotFoundError"):
        search.run(5)
    assert len({trial.reason for trial in study.finished if trial.state == "failed"}) > 1


class _FailsAtSomeStep(_AlwaysFails):
    """Its error names the trial's folder, which has the trial's number in it."""

    evaluate = staticmethod(pretend.missing)  # type: ignore[assignment]


# Rungs

SETTINGS = SearchSettings({"accuracy": 0.0, "latency_ms": 0.5})


@pytest.fixture
def inline(space: SearchSpace, tmp_path: Path) -> Make:
    """Makes a search with rungs of a quarter, half and all of the budget, in this process alone."""

    def make(*, in_memory: bool = True, sampler: str = "random", **options: Any) -> Search:
        study = Study.create_or_continue(tmp_path / "inline", "s", SETTINGS, in_memory=in_memory)
        problem = Problem(space, 10, PretendEvaluator(**options), study.objectives, Limits())
        rungs = Rungs(3, reduction=2, spacing=2)
        return Search(study, problem, make_sampler(sampler, 0), SerialExecutor(), rungs=rungs)

    return make


def checkpoints(study: Study) -> list[Path]:
    return list(study.folder.rglob(f"*{CHECKPOINT}*"))


def stop_after(finished: int) -> Callable[[Study], None]:
    def stop(study: Study) -> None:
        if len(study.finished) >= finished:
            raise KeyboardInterrupt

    return stop


def test_one_in_so_many_goes_on_from_each_rung(inline: Make) -> None:
    search = inline()
    search.run(6)
    assert search.study.counts["completed"] == 6
    assert search.study.counts["stopped"] == 18
    assert sum(len(trial.rungs) > 1 for trial in search.study.finished) == 12
    assert not search.study.paused


def test_where_nothing_is_new_what_waits_goes_on(inline: Make, space: SearchSpace) -> None:
    search = inline()
    search.run(100)
    assert len(search.study.completed) > space.size / 4
    assert search.study.counts["completed"] + search.study.counts["stopped"] == space.size


def test_what_is_stopped_has_the_figures_of_its_last_rung_and_says_its_place(inline: Make) -> None:
    search = inline()
    search.run(6)
    for trial in search.study.finished:
        if trial.state == "stopped":
            assert trial.evaluation == trial.rungs[-1]
            rung = {0.25: 1, 0.5: 2}[trial.evaluation.budget_fraction]
            assert re.fullmatch(rf"rung {rung} of 3: \d+(st|nd|rd|th) of \d+", trial.reason)


def test_what_is_expected_to_miss_the_least_accuracy_goes_on_after_the_others(inline: Make) -> None:
    search = inline()
    search.problem = dataclasses.replace(search.problem, limits=Limits(accuracy=0.85))
    search.run(6)
    in_vain = [trial for trial in search.study.finished if trial.state == "infeasible"]
    assert len(in_vain) == 1, "one, before anything that was trained in full could tell; 12 by the objectives alone"


def test_where_noise_explains_what_is_seen_at_a_rung_the_trend_is_followed(inline: Make) -> None:
    search = inline()
    search.problem = dataclasses.replace(search.problem, evaluator=_Lottery())
    search.run(4)
    stopping = EarlyStopping(search.rungs, search.study, Limits())
    ranked = [search.study.trial(number).rungs[0] for number in stopping._ranked(0.25, {})]
    sizes = [e.estimate.macs for e in ranked]
    assert sizes == sorted(sizes, reverse=True)
    assert [e.score for e in ranked] != sorted((e.score for e in ranked), reverse=True)


class _Lottery(PretendEvaluator):
    """Accuracy grows a little with size, and by chance; all are equally fast."""

    def estimate(self, architecture: Architecture) -> Estimate:
        stage = architecture.stages[1]
        return dataclasses.replace(pretend.estimate(0.3), macs=1000 * 2 ** (4 * stage.depth + stage.width // 16))

    def evaluate(self, architecture: Architecture, files: TrialFiles, budget_fraction: float = 1.0) -> Evaluation:
        evaluation = super().evaluate(architecture, files, budget_fraction)
        macs = evaluation.estimate.macs
        luck = random.Random(str(architecture)).gauss(0, 0.01)
        return dataclasses.replace(evaluation, score=0.3 + 0.003 * math.log2(macs) + luck, held_out=400)


def test_at_a_rung_nothing_is_faster_by_less_than_can_be_told(inline: Make) -> None:
    ranked = []
    for apart in (1.0, 100.0):
        search = inline()
        search.problem = dataclasses.replace(search.problem, evaluator=PretendEvaluator(apart=apart))
        search.run(4)
        stopping = EarlyStopping(search.rungs, search.study, Limits())
        ranked.append([search.study.trial(number).rungs[0].score for number in stopping._ranked(0.25, {})])
    assert ranked[1] == sorted(ranked[1], reverse=True) and ranked[0] != sorted(ranked[0], reverse=True)


def test_what_no_trained_network_keeps_is_told_early_and_ends_the_search(
    inline: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "anenas")
    search = inline()
    search.problem = dataclasses.replace(search.problem, limits=Limits(accuracy=1.0))
    search.rungs = Rungs()
    with pytest.raises(
        AnenasError, match=r"^20 networks were trained and none satisfies .*accuracy ≥ 1, best 9.*; loosen"
    ):
        search.run(3)
    assert [line.split()[0] for line in caplog.messages if "none satisfies" in line] == ["5", "10"]
    assert sum(trial.evaluation is not None for trial in search.study.finished) == 20


def test_each_chip_s_own_latency_is_told_where_no_trained_network_keeps_its_limit(
    inline: Make,
) -> None:
    """As a program takes longer than its architecture was estimated to."""

    class Slower(PretendEvaluator):
        def estimate(self, architecture: Architecture) -> Estimate:
            known = super().estimate(architecture)
            return dataclasses.replace(known, latency_by_chip={"A15": known.latency, "M2": pretend.latency(0.05)})

        def evaluate(self, architecture: Architecture, files: TrialFiles, budget_fraction: float = 1.0) -> Evaluation:
            found = super().evaluate(architecture, files, budget_fraction)
            ms = 2 + found.estimate.latency.ms
            latencies = {**found.estimate.latency_by_chip, "M2": pretend.latency(ms)}
            return dataclasses.replace(found, estimate=dataclasses.replace(found.estimate, latency_by_chip=latencies))

    expected: dict[LatencyBound, str] = {
        "estimate": "2.116 ms on M2",
        "upper": "4.232 ms on M2, by the upper end of its interval",
    }
    for bound, told in expected.items():
        search = inline()
        search.problem = dataclasses.replace(
            search.problem, evaluator=Slower(), limits=Limits(latency_ms=1.0), latency_bound=bound
        )
        search.rungs = Rungs()
        with pytest.raises(AnenasError) as raised:
            search.run(10)
        assert str(raised.value) == (
            f"20 networks were trained and none satisfies the limits: latency_ms@M2 ≤ 1, fastest {told}; "
            "loosen the limits"
        )


def test_a_limit_that_few_trained_networks_keep_ends_nothing(inline: Make) -> None:
    search = inline()
    search.problem = dataclasses.replace(search.problem, limits=Limits(accuracy=0.93))
    search.rungs = Rungs()
    search.run(3)
    assert len(search.study.completed) == 3
    assert search.study.counts["infeasible"] > 3


def test_only_what_was_trained_in_full_may_be_on_the_front(inline: Make) -> None:
    search = inline()
    search.run(6)
    assert search.study.front
    assert all(isinstance(trial, CompletedTrial) for trial in search.study.front)
    assert {trial.evaluation.budget_fraction for trial in search.study.front} == {1.0}


def test_a_completed_trial_went_up_rung_by_rung_from_its_checkpoint(inline: Make, tmp_path: Path) -> None:
    search = inline(log=tmp_path / "log")
    search.run(4)
    lines = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    for trial in search.study.completed:
        legs = [(fraction, had) for name, fraction, had, _ in lines if name == str(trial.architecture)]
        assert legs == [("0.25", "False"), ("0.5", "True"), ("1.0", "True")]
        assert [rung.budget_fraction for rung in trial.rungs] == [0.25, 0.5]
        assert trial.evaluation.seconds == {"train": 2.0}


def test_checkpoints_are_bounded_on_the_way_and_gone_in_the_end(inline: Make) -> None:
    most = 0

    def count(study: Study) -> None:
        nonlocal most
        most = max(most, len(checkpoints(study)))

    search = inline()
    search.study.listeners.append(count)
    search.run(7)
    assert 0 < most <= 2 * 8 + 3
    assert list((search.study.folder / "trials").glob(".*")) == []


def test_one_worker_makes_the_same_study_again(inline: Make) -> None:
    def searched() -> list[tuple[int, str, str]]:
        search = inline(sampler="auto")
        search.run(5)
        return [(trial.number, trial.state, str(trial.architecture)) for trial in search.study.finished]

    assert searched() == searched()


def test_a_stopped_search_goes_on_with_what_was_paused(inline: Make, tmp_path: Path) -> None:
    search = inline(in_memory=False, log=tmp_path / "log")
    search.study.listeners.append(stop_after(1))
    with pytest.raises(KeyboardInterrupt):
        search.run(2)
    assert search.study.paused
    again = inline(in_memory=False, log=tmp_path / "log")
    again.run(2)
    assert again.study.counts["completed"] == 2
    begun = [line.split()[0] for line in (tmp_path / "log").read_text().splitlines() if " 0.25 " in line]
    assert len(begun) == len(set(begun)) >= 8
    assert checkpoints(again.study) == []


def test_a_study_goes_on_without_rungs(inline: Make) -> None:
    search = inline(in_memory=False)
    search.study.listeners.append(stop_after(1))
    with pytest.raises(KeyboardInterrupt):
        search.run(2)
    again = inline(in_memory=False)
    again.rungs = Rungs(1)
    again.run(2)
    assert again.study.counts["completed"] >= 2
    assert not again.study.paused
    assert checkpoints(again.study) == []


def test_what_a_killed_process_did_not_clear_up_is_cleared_up(inline: Make) -> None:
    search = inline()
    left = search.study.folder / "trials" / ".00099"
    left.mkdir(parents=True)
    search.run(1)
    assert not left.exists()


def test_a_worker_that_dies_at_a_rung_costs_a_retry(searching: Make, study: Study, tmp_path: Path) -> None:
    search = searching(die_once=tmp_path / "died")
    search.rungs = Rungs(2)
    search.run(6)
    assert study.counts["failed"] == 0
    assert study.counts["completed"] == 6


def test_the_sampler_learns_from_what_was_trained_in_part(inline: Make) -> None:
    search = inline(sampler="auto")
    search.run(4)
    sampler = search.sampler
    assert isinstance(sampler, FrontSampler)
    sampler.ask(search.problem, search.study.trials)
    stopped = [trial for trial in search.study.finished if trial.state == "stopped"]
    known = {one.architecture: one.values for one in sampler._remembered()}
    brief = [-known[trial.architecture][0] for trial in stopped]
    least = min(trial.evaluation.score for trial in stopped if trial.evaluation)
    assert brief and all(score > least for score in brief)  # as it would be in the end


def test_all_steps_of_a_trial_and_of_its_donors_are_counted(searching: Make, study: Study) -> None:
    search = searching()
    search.executor, search.inherit = SerialExecutor(), True
    search.run(6)
    trials = {trial.number: trial.evaluation for trial in study.completed}
    heirs = [evaluation for evaluation in trials.values() if evaluation.donor is not None]
    assert len(heirs) == 5
    for heir in heirs:
        assert heir.donor is not None and heir.origin == f"trial {heir.donor}"
        assert (heir.trained_steps, heir.total_steps) == (10, 10 + trials[heir.donor].total_steps)


def test_what_is_reserved_ends_the_search_before_its_deadline(searching: Make, study: Study) -> None:
    search = searching(seconds=0.05)
    search.executor = SerialExecutor()
    search.run(30, time.monotonic() + 3600, lambda: 3600.0 if len(study.completed) >= 3 else 0.0)
    assert len(study.completed) == 3


def test_a_full_disk_ends_the_search_with_nothing_marked_failed_and_it_goes_on(searching: Make, study: Study) -> None:
    search = searching(full_disk=True)
    with pytest.raises(AnenasError, match=r"No space left on device; .* MB are free there, a trial takes about"):
        search.run(3)
    search.executor.cancel()  # as whoever leaves it does
    assert study.counts["failed"] == 0
    searching().run(3)
    assert (study.counts["completed"], study.counts["failed"]) == (3, 0)


def test_a_study_whose_folder_is_removed_ends_the_search(searching: Make, study: Study) -> None:
    study.listeners.append(lambda study: shutil.rmtree(study.folder, ignore_errors=True))
    with pytest.raises((AnenasError, FileNotFoundError)), store_errors(study.folder.parents[1]):
        searching().run(9)
    assert study.counts["failed"] == 0


def test_of_many_trials_at_a_rung_an_even_choice_is_compared(inline: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    search = inline()
    search.run(6)
    stopping = EarlyStopping(search.rungs, search.study, Limits())
    fraction = search.rungs.fractions[0]
    everyone = stopping._ranked(fraction, {})
    waiting = set(search.study.paused)
    monkeypatch.setattr("anenas.search._early_stopping._COMPARED", 4)
    some = stopping._ranked(fraction, {})
    assert len(everyone) > len(some) == 4 + len(waiting)
    assert waiting <= set(some) <= set(everyone)


# What goes wrong


@dataclass(frozen=True)
class _Scripted(PretendEvaluator):
    """Fails as its script says, in turn: a letter is a reason, a dot is none. At its end nothing fails."""

    script: list[str] = field(default_factory=list)

    def evaluate(self, architecture: Architecture, files: TrialFiles, budget_fraction: float = 1.0) -> Evaluation:
        reason = self.script.pop(0) if self.script else "."
        if reason != ".":
            raise ValueError(f"reason {reason} at step {len(self.script)}")
        return super().evaluate(architecture, files, budget_fraction)


def scripted(inline: Make, script: str) -> Search:
    search, evaluator = inline(), _Scripted(script=list(script))
    search.problem, search.rungs = dataclasses.replace(search.problem, evaluator=evaluator), Rungs()
    return search


@pytest.mark.parametrize(
    ("script", "failed"),
    [("AAAAA", 5), ("AABAAAAA", 8), ("." + "A" * 20, 20), ("A.B" + "A" * 20, 22)],
)
def test_failures_alike_end_the_search_five_at_first_and_twenty_once_anything_has_worked(
    inline: Make, script: str, failed: int
) -> None:
    search = scripted(inline, script)
    enough = 20 if "." in script else 5
    with pytest.raises(
        AnenasError, match=rf"^{enough} trials in a row failed in the same way: ValueError: reason A at"
    ):
        search.run(30)
    assert search.study.counts["failed"] == failed


@pytest.mark.parametrize("script", ["AAAA.", "AAAAB", "ABABABAB", "." + "A" * 19 + ".", "." + "A" * 10 + "B" + "A" * 9])
def test_fewer_failures_alike_and_others_end_nothing(inline: Make, script: str) -> None:
    search = scripted(inline, script)
    search.run(1 + script.count("."))
    assert search.study.counts["failed"] == len(script) - script.count(".")


def test_twice_as_many_as_were_asked_for_are_trained_before_limits_are_taken_to_be_kept_by_none(
    inline: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "anenas")
    search = inline()
    search.problem, search.rungs = dataclasses.replace(search.problem, limits=Limits(accuracy=1.0)), Rungs()
    with pytest.raises(
        AnenasError, match=r"^30 networks were trained and none satisfies the limits: accuracy ≥ 1, best"
    ):
        search.run(15)
    assert [int(message.split()[0]) for message in caplog.messages] == [5, 10, 20]
    assert search.study.counts["infeasible"] == 30


@pytest.mark.parametrize(("trials", "told"), [(32, False), (33, True)])
def test_that_everything_has_been_tried_is_told_where_that_is_less_than_was_asked_for(
    inline: Make, trials: int, told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    search = inline()
    search.rungs = Rungs()
    search.run(trials)
    assert len(search.study.completed) == 32
    words = "the search ends early: every network within the limits has been tried"
    assert (words in caplog.messages) == told


class _Dying(SerialExecutor):
    """A place where trials die as often as is said, and warn of it."""

    def __init__(self, times: dict[int, int]) -> None:
        super().__init__()
        self.times, self.asked = times, list[int]()

    def wait(self, timeout: float = math.inf) -> list[tuple[int, Outcome]]:
        [(key, outcome)] = super().wait(timeout)
        self.asked.append(key)
        if self.times.get(key, 0) > 0:
            self.times[key] -= 1
            return [(key, Outcome(error="the worker process died", died=True, said=("it grows dark",)))]
        return [(key, outcome)]


def test_each_trial_may_lose_its_worker_once(inline: Make, caplog: pytest.LogCaptureFixture) -> None:
    search = inline()
    search.rungs = Rungs()
    search.executor = executor = _Dying({0: 1, 2: 2, 3: 1})
    search.run(4)
    assert executor.asked == [0, 0, 1, 2, 2, 3, 3, 4]
    assert {trial.number: trial.reason for trial in search.study.finished if trial.state == "failed"} == {
        2: "the worker process died"
    }
    assert caplog.messages == [f"trial {number}: it grows dark" for number in (0, 2, 2, 3)]


def test_a_trial_begins_with_what_was_learned_elsewhere_where_no_trial_has_its_weights(
    inline: Make, tmp_path: Path
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "weights.safetensors").write_bytes(b"of another")
    search = inline(log=tmp_path / "log")
    search.rungs, search.inherit = Rungs(), True
    search.pretrained = lambda architecture: Learned(tmp_path / "there" / "weights.safetensors", "a network of others")
    search.run(3)
    donors = [line.split()[-1] for line in (tmp_path / "log").read_text().splitlines()]
    first, *others = search.study.completed
    assert (donors[0], first.evaluation.origin, first.donor) == ("there", "a network of others", None)
    for donor, other in zip(donors[1:], others, strict=True):
        assert other.donor is not None
        assert (donor, other.evaluation.origin) == (f"{other.donor:05d}", f"trial {other.donor}")

from __future__ import annotations

import dataclasses
import math
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pretend import PretendEvaluator

from anenas._errors import AnenasError
from anenas.search import Estimate, Problem, SearchSettings, Study, Trial, TrialFiles
from anenas.search._candidates import Candidates, keeps_limits
from anenas.space import Architecture, Limits, read_space

TWO = """\
name: two
input: {channels: 1, height: 16, width: 16}
stem: {width: 16, stride: 2, blocks: {conv: }}
stages:
  - {depth: [1], width: [16, 32], stride: 2, blocks: {conv: }}
"""


@pytest.fixture
def study(tmp_path: Path) -> Study:
    settings = SearchSettings({"accuracy": 0.0, "latency_ms": 0.5}, space="pretend", chip="A15")
    return Study.create_or_continue(tmp_path / "store", "s", settings, in_memory=True)


def network(depth: int, width: int = 16, kernel: int = 3) -> Architecture:
    return Architecture.parse(f"1x1x16x16-conv_r1_s2_c16_k3_relu-conv_r{depth}_s2_c{width}_k{kernel}_relu-head_n10")


class Suggesting:
    """Suggests these one after the other, and the last of them ever after."""

    def __init__(self, *architectures: Architecture, seconds: float = 0.0) -> None:
        self.asked = 0
        self._architectures, self._seconds = architectures, seconds

    def ask(self, problem: Problem, trials: Sequence[Trial]) -> Architecture:
        self.asked += 1
        time.sleep(self._seconds)
        return self._architectures[min(self.asked, len(self._architectures)) - 1]


class Placed(PretendEvaluator):
    """Deeper networks are more on the engine; those of depth 4 break a rule."""

    def estimate(self, architecture: Architecture) -> Estimate:
        depth = architecture.stages[1].depth
        rules = ("wide: of too many channels",) if depth == 4 else ()
        return dataclasses.replace(super().estimate(architecture), residency=depth / 10, broken_rules=rules)


def complete(study: Study, problem: Problem, architecture: Architecture) -> Trial:
    trial = study.ask_about(architecture, problem)
    evaluation = PretendEvaluator().evaluate(architecture, TrialFiles(study.workspace(trial)))
    study.complete(trial, evaluation, {})
    return trial


def limited(problem: Problem, **limits: Any) -> Problem:
    return dataclasses.replace(problem, evaluator=Placed(), limits=Limits(**limits))


def next_of(
    study: Study,
    problem: Problem,
    sampler: Suggesting,
    first: Sequence[Architecture] = (),
    left: Sequence[Trial] = (),
    running: Sequence[Trial] = (),
    deadline: float = math.inf,
) -> Trial | None:
    return Candidates(study, problem, sampler, first, left).next({one.number: one for one in running}, deadline)


def ended(study: Study) -> list[tuple[Architecture, str]]:
    return [(trial.architecture, trial.state) for trial in study.finished]


def test_what_was_left_comes_before_what_is_to_be_tried_first_and_that_before_what_is_suggested(
    study: Study, problem: Problem
) -> None:
    left = study.ask_about(network(4), problem)
    sampler = Suggesting(network(1))
    candidates = Candidates(study, problem, sampler, [network(2), network(3)], [left])
    asked = [candidates.next({}, math.inf) for _ in range(3)]
    assert asked[0] == left and sampler.asked == 0
    assert [one and one.architecture for one in asked] == [network(4), network(2), network(3)]
    last = candidates.next({}, math.inf)
    assert last and last.architecture == network(1) and sampler.asked == 1


def test_what_an_earlier_run_has_tried_first_is_not_asked_about_again(study: Study, problem: Problem) -> None:
    complete(study, problem, network(2))
    found = next_of(study, problem, Suggesting(network(1)), [network(2), network(3)])
    assert found and found.architecture == network(3)
    assert ended(study) == [(network(2), "completed")]


def test_what_is_not_worth_training_is_recorded_wherever_it_came_from(study: Study, problem: Problem) -> None:
    problem = limited(problem, size_mb=3.2)
    left = study.ask_about(network(1, 48), problem)
    sampler = Suggesting(network(1, 64), network(4), network(3, 32))
    found = next_of(study, problem, sampler, [network(2, 48)], [left])
    assert found and found.architecture == network(3, 32)  # of 3.2 MB
    assert [(trial.architecture, trial.reason) for trial in study.finished] == [
        (network(1, 48), "size_mb 50% over the limit"),
        (network(2, 48), "size_mb 50% over the limit"),
        (network(1, 64), "size_mb 100% over the limit"),
        (network(4), "wide: of too many channels"),
    ]
    assert study.counts["infeasible"] == 4


def test_a_network_within_its_limits_is_left_open_and_any_other_is_answered(study: Study, problem: Problem) -> None:
    problem = limited(problem, latency_ms=0.25, residency=0.2)
    kept, slow, off = (study.ask_about(network(depth, width), problem) for depth, width in ((2, 48), (2, 64), (1, 16)))
    assert [keeps_limits(study, problem, one) for one in (kept, slow, off)] == [True, False, False]
    assert [(trial.number, trial.reason_code) for trial in study.finished] == [(1, "latency_ms"), (2, "residency")]


def test_what_is_known_or_being_trained_or_waits_at_a_rung_is_a_repeat(study: Study, problem: Problem) -> None:
    complete(study, problem, network(1))
    running = study.ask_about(network(2), problem)
    paused = study.ask_about(network(3), problem)
    files = TrialFiles(study.workspace(paused))
    study.pause(paused, PretendEvaluator().evaluate(paused.architecture, files, 0.5))
    sampler = Suggesting(network(1), network(2), network(3), network(4))
    found = next_of(study, problem, sampler, running=[running])
    assert found and found.architecture == network(4)
    assert [(trial.number, trial.state, trial.reason) for trial in study.finished[1:]] == [
        (3, "repeated", "trial 0"),
        (4, "repeated", "a trial that is running"),
        (5, "repeated", "a trial that is running"),
    ]


def test_after_thirty_suggestions_in_vain_one_is_drawn_that_is_new_and_within_the_limits(
    study: Study, problem: Problem
) -> None:
    problem = limited(problem, size_mb=1.6, latency_ms=0.25)
    complete(study, problem, network(1))
    running = study.ask_about(network(2), problem)
    sampler = Suggesting(network(1))
    found = next_of(study, problem, sampler, [network(3)], running=[running])
    assert found and found.architecture in {network(1, kernel=1), network(2, kernel=1)}
    assert sampler.asked == 30 and study.counts["repeated"] == 30
    assert study.counts["infeasible"] == 1, "what is drawn in vain is not recorded"


def test_what_is_drawn_differs_as_the_study_grows(study: Study, problem: Problem) -> None:
    sampler, drawn = Suggesting(network(1)), []
    complete(study, problem, network(1))
    for _ in range(3):
        found = next_of(study, problem, sampler)
        assert found
        drawn.append(found.architecture)
        study.fail(found, "ValueError: no")
    assert len(set(drawn)) == 3


def test_nothing_is_asked_once_every_network_is_known_or_being_trained(study: Study, tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text(TWO)
    space = read_space(tmp_path / "two.yaml")
    problem = Problem(space, 10, PretendEvaluator(), study.objectives, Limits())
    complete(study, problem, network(1, 16))
    sampler = Suggesting(network(1, 32))
    running = next_of(study, problem, sampler)
    assert running and running.architecture == network(1, 32)
    assert next_of(study, problem, sampler, running=[running]) is None
    assert sampler.asked == 1 and ended(study) == [(network(1, 16), "completed")]
    left = study.ask_about(network(1, 16), problem)
    assert next_of(study, problem, sampler, left=[left], running=[running]) is None
    assert ended(study)[1:] == [(network(1, 16), "repeated")], "what was left is answered all the same"


def test_nothing_is_asked_once_time_is_up(study: Study, problem: Problem) -> None:
    sampler = Suggesting(network(1))
    assert next_of(study, problem, sampler, [network(2)], deadline=time.monotonic() - 1) is None
    assert sampler.asked == 0 and study.trials == []


def test_nothing_is_drawn_once_time_is_up(study: Study, problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    complete(study, problem, network(1))
    monkeypatch.setattr("anenas.search._candidates._PATIENCE", 1)
    found = next_of(study, problem, Suggesting(network(1), seconds=0.2), deadline=time.monotonic() + 0.1)
    assert found is None and study.counts["repeated"] == 1
    assert next_of(study, problem, Suggesting(network(1))) is not None


def test_that_nothing_fits_is_told_with_the_best_that_was_drawn(study: Study, problem: Problem) -> None:
    problem = limited(problem, latency_ms=0.01, size_mb=0.5, residency=0.9, accuracy=0.6)
    with pytest.raises(AnenasError) as raised:
        next_of(study, problem, Suggesting(network(1)))
    assert str(raised.value) == (
        "nothing in 'pretend' is within the limits; of 500 architectures: smallest 1.60 MB, fastest 0.116 ms, "
        "most resident 40%; loosen the limits"
    )
    assert study.counts["infeasible"] == 1 and study.counts["repeated"] == 29


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (
            "latency_ms",
            "fastest 0.232 ms, fastest 0.464 ms on M2 (a latency's limit holds for the upper end of its interval)",
        ),
        ("size_mb", "smallest 1.60 MB"),
    ],
)
def test_the_best_latency_of_each_chip_is_the_one_that_is_held_against_its_limit(
    study: Study, problem: Problem, limit: str, told: str
) -> None:
    class Two(PretendEvaluator):
        def estimate(self, architecture: Architecture) -> Estimate:
            one, other = (PretendEvaluator(scale=scale).estimate(architecture) for scale in (1.0, 2.0))
            return dataclasses.replace(one, latency_by_chip={"A15": one.latency, "M2": other.latency})

    problem = dataclasses.replace(limited(problem, **{limit: 0.2}), evaluator=Two(), latency_bound="upper")
    with pytest.raises(AnenasError, match=re.escape(f"of 500 architectures: {told}; loosen the limits")):
        next_of(study, problem, Suggesting(network(1)))


def test_that_nothing_fits_ends_no_search_that_trains_or_has_trained(study: Study, problem: Problem) -> None:
    running = study.ask_about(network(2), problem)
    strict = limited(problem, size_mb=0.5)
    assert next_of(study, strict, Suggesting(network(1)), running=[running]) is None
    study.fail(running, "ValueError: no")
    with pytest.raises(AnenasError, match="nothing in 'pretend' is within the limits"):
        next_of(study, strict, Suggesting(network(1)))
    complete(study, problem, network(3))
    assert next_of(study, strict, Suggesting(network(1))) is None


def test_rules_that_every_network_breaks_are_no_limits_to_be_loosened(study: Study, problem: Problem) -> None:
    class Broken(PretendEvaluator):
        def estimate(self, architecture: Architecture) -> Estimate:
            return dataclasses.replace(super().estimate(architecture), broken_rules=("tiny: too small",))

    broken = dataclasses.replace(problem, evaluator=Broken())
    assert next_of(study, broken, Suggesting(network(1))) is None

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from pretend import PretendEvaluator

from anenas.search import Measurement, Problem, Search, Study, TrialFiles, make_sampler
from anenas.search._donor import Donors, _Codes
from anenas.search._evaluation import WEIGHTS
from anenas.space import Architecture

Make = Callable[..., Search]
RANDOM = make_sampler("random", 0)


def differing(problem: Problem, one: Architecture, other: Architecture) -> int:
    return len(problem.decisions(one).items() ^ problem.decisions(other).items())


def test_there_is_no_donor_before_a_trial_has_completed(study: Study, problem: Problem) -> None:
    donors = Donors(study, problem)
    trial = study.ask(RANDOM, problem)
    assert donors.nearest(trial.architecture) is None


def test_the_donor_is_the_completed_trial_that_differs_least_and_then_the_most_accurate(
    searching: Make, study: Study, problem: Problem
) -> None:
    searching().run(6)
    donors = Donors(study, problem)
    wanted = study.ask(RANDOM, problem).architecture
    chosen = next(r for r in study.completed if r.number == donors.nearest(wanted))
    least = min(differing(problem, wanted, r.architecture) for r in study.completed)
    as_near = [r for r in study.completed if differing(problem, wanted, r.architecture) == least]
    assert chosen in as_near
    assert study.point(chosen)[0] == max(study.point(r)[0] for r in as_near)


@pytest.mark.parametrize("inherit", [False, True])
def test_trials_begin_with_the_weights_of_one_that_has_completed(inherit: bool, searching: Make, study: Study) -> None:
    search = searching()
    search.inherit = inherit
    search.run(6)
    ended = {trial.number: trial.ended for trial in study.completed}
    for trial in study.completed:
        donor = trial.evaluation.donor
        if inherit and trial.started > min(ended.values()):
            assert donor is not None and ended[donor] <= trial.started
        else:
            assert donor is None


def test_a_trial_whose_weights_are_damaged_is_no_donor_and_told_once(
    searching: Make, study: Study, problem: Problem, caplog: pytest.LogCaptureFixture
) -> None:
    searching().run(6)
    donors = Donors(study, problem)
    wanted = study.ask(RANDOM, problem).architecture
    first = donors.nearest(wanted)
    assert first is not None
    weights = study.trial_folder(first) / WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1])
    for _ in range(2):
        assert donors.nearest(wanted) not in (first, None)
    assert [record.getMessage().partition(":")[0] for record in caplog.records if "can start from" in record.msg] == [
        f"no trial can start from the weights of trial {first}"
    ]


def test_differences_are_those_of_the_decisions_however_many_trials_there_are() -> None:
    """Of decisions that not all have, and of some that none has met."""
    rng, codes, known = random.Random(0), _Codes(), []

    def drawn(names: str) -> dict[str, int]:
        return {name: rng.randrange(3) for name in names if rng.random() < 0.7}

    for count in range(150):
        wanted = drawn("abcdefgxy")
        found = codes.differences(wanted)
        assert found.tolist() == [len({*wanted.items()} ^ {*one.items()}) for one in known]
        known.append(drawn("abcdefg" if count > 70 else "abcd"))
        codes.add(known[-1])


def network(depth: int, width: int = 16, kernel: int = 3) -> Architecture:
    return Architecture.parse(f"1x1x16x16-conv_r1_s2_c16_k3_relu-conv_r{depth}_s2_c{width}_k{kernel}_relu-head_n10")


def complete(study: Study, problem: Problem, architecture: Architecture) -> int:
    trial = study.ask_about(architecture, problem)
    evaluation = PretendEvaluator().evaluate(architecture, TrialFiles(study.workspace(trial)))
    study.complete(trial, evaluation, {})
    return trial.number


def test_of_trials_that_differ_as_little_the_most_accurate_gives_and_a_nearer_one_before_it(
    study: Study, problem: Problem
) -> None:
    donors = Donors(study, problem)
    numbers = {depth: complete(study, problem, network(depth)) for depth in (2, 4, 3)}
    assert donors.nearest(network(1)) == numbers[4]
    assert donors.nearest(network(2, 32)) == numbers[2]
    assert donors.nearest(network(2)) == numbers[2]


def test_the_ancestor_gives_where_it_differs_less_than_every_trial(study: Study, problem: Problem) -> None:
    first = complete(study, problem, network(2, 32))
    donors = Donors(study, problem, network(4, 32))
    # The first differs from both by its depth alone: the trial gives then.
    assert donors.nearest(network(3, 32)) == first
    assert donors.nearest(network(4, 32)) is None and donors.nearest(network(4, 48)) is None
    assert donors.nearest(network(2, 64)) == first
    assert Donors(study, problem, network(4)).nearest(network(2, 32)) == first


def test_what_was_measured_over_a_limit_gives_no_more(study: Study, problem: Problem) -> None:
    near, far = complete(study, problem, network(2)), complete(study, problem, network(3, 32))
    donors = Donors(study, problem)
    assert donors.nearest(network(2)) == near
    trial = study.completed[0]
    known = Measurement(trial.evaluation.estimate.latency, trial.evaluation.estimate.latency)
    study.set_measurement(near, known, {"latency_ms": 0.5})
    assert donors.nearest(network(2)) == far

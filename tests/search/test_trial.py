from __future__ import annotations

import dataclasses

from pretend import estimate

from anenas.search import CompletedTrial, Evaluation, Final, FinishedTrial, Trial, called_by_number
from anenas.search._trial import with_total_seconds
from anenas.space import Architecture

NETWORK = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-conv_r2_s2_c32_k3_relu-head_n10")


def after(fraction: float, **seconds: float) -> Evaluation:
    return Evaluation(0.5 + fraction / 4, estimate(0.2), fraction, seconds=seconds)


def completed(number: int, final: Final | None = None) -> CompletedTrial:
    return CompletedTrial(number, NETWORK, state="completed", evaluation=after(1.0), final=final)


def test_only_a_trial_that_was_looked_at_before_its_training_is_probed() -> None:
    rungs = {"none": (), "probed": (after(0.0), after(0.5)), "trained": (after(0.25), after(0.5))}
    assert {name: Trial(0, NETWORK, one).is_probed for name, one in rungs.items()} == {
        "none": False, "probed": True, "trained": False,
    }  # fmt: skip


def test_as_much_of_a_training_is_done_as_at_its_last_pause() -> None:
    fractions = [
        Trial(0, NETWORK, rungs).budget_fraction for rungs in ((), (after(0.25),), tuple(map(after, (0.0, 0.25, 0.5))))
    ]
    assert fractions == [0.0, 0.25, 0.5]


def test_a_final_training_ships_where_it_made_the_network_better() -> None:
    better = dataclasses.replace(after(1.0), score=0.9)
    assert completed(0).shipped == completed(0, Final(30, None)).shipped == after(1.0)
    assert completed(0, Final(30, better)).shipped == better


def test_what_is_picked_several_times_has_its_names_together() -> None:
    picks = {"knee": completed(3), "accurate": completed(8), "fast": completed(3)}
    assert called_by_number(picks) == {3: ["knee", "fast"], 8: ["accurate"]}


def test_seconds_of_a_trial_are_added_up_step_by_step() -> None:
    rungs = (after(0.0, train=9.0), after(0.25, train=1.0, load=0.5), after(0.5, train=3.0, load=1.0, probe=0.25))
    found = with_total_seconds(rungs, after(1.0, train=4.0, export=2.0))
    assert found.seconds == {"train": 7.0, "load": 1.0, "probe": 0.25, "export": 2.0}
    assert list(found.seconds) == ["train", "load", "probe", "export"]
    assert dataclasses.replace(found, seconds={}) == after(1.0)
    assert with_total_seconds((), after(1.0, train=4.0)) == after(1.0, train=4.0)


def test_of_a_trial_that_was_answered_nothing_else_is_known_by_itself() -> None:
    trial = FinishedTrial(2, NETWORK)
    assert (trial.rungs, trial.donor, trial.state, trial.reason, trial.reason_code) == ((), None, "failed", "", "")
    assert (trial.evaluation, trial.values, trial.violations, trial.started, trial.ended) == (None, None, {}, 0.0, 0.0)
    assert (completed(0).final, completed(0).test_score) == (None, None)

from __future__ import annotations

import dataclasses

import pytest
from pretend import estimate

from anenas.search import CompletedTrial, Evaluation, Final, SearchSettings, Trained
from anenas.space import Architecture

SETTINGS = SearchSettings({"accuracy": 0.0, "latency_ms": 0.5}, epochs=2)
NETWORK = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-head_n3")


def trial(brief: Evaluation, final: Evaluation | None = None) -> CompletedTrial:
    return CompletedTrial(0, NETWORK, evaluation=brief, final=Final(14, final))


BRIEF = Evaluation(0.5, estimate(0.1), trained_steps=100, total_steps=100)
HEIR = dataclasses.replace(BRIEF, donor=3, origin="trial 3", total_steps=400)


@pytest.mark.parametrize(
    ("trained", "brief", "whole", "words"),
    [
        (trial(BRIEF), 2, 2, "2 epochs"),
        (trial(HEIR), 8, 8, "2 epochs after 6 inherited from trial 3"),
        (
            trial(HEIR, dataclasses.replace(BRIEF, trained_steps=700, total_steps=1100)),
            8,
            22,
            "2 epochs after 6 inherited from trial 3, then 14 of final training",
        ),
        (
            trial(BRIEF, dataclasses.replace(BRIEF, trained_steps=700, total_steps=800, teacher=5)),
            2,
            16,
            "2 epochs, then 14 of final training taught by trial 5",
        ),
        (trial(dataclasses.replace(HEIR, trained_steps=0, total_steps=0)), None, None, None),
        (trial(dataclasses.replace(BRIEF, trained_steps=0, total_steps=0)), 2, 2, "2 epochs"),
    ],
)
def test_all_that_the_weights_were_trained_is_told(
    trained: CompletedTrial, brief: float | None, whole: float | None, words: str | None
) -> None:
    found = Trained.of(trained, SETTINGS)
    assert (found.brief, found.whole) == (brief, whole)
    assert str(found) == (words or "2 epochs after others inherited from an earlier trial")


def test_what_a_study_of_before_does_not_know_is_0() -> None:
    values = BRIEF.to_dict()
    for name in ("trained_steps", "total_steps", "origin"):
        del values[name]
    assert Evaluation.from_dict(values) == dataclasses.replace(BRIEF, trained_steps=0, total_steps=0)


@pytest.mark.parametrize(
    ("trained", "whole", "words"),
    [
        (Trained(1), 1, "1 epoch"),
        (Trained(0.5), 0.5, "0.5 epochs"),
        (Trained(3, origin="a network of others"), 3, "3 epochs from a network of others"),
        (Trained(3, 1.0), 4, "3 epochs after 1 inherited"),
        (
            Trained(1, 2 / 3, 10 / 3, teacher="trial 0"),
            5,
            "1 epoch after 0.6667 inherited, then 3.333 of final training taught by trial 0",
        ),
        (
            Trained(2, None, 4.0),
            None,
            "2 epochs after others inherited from an earlier trial, then 4 of final training",
        ),
    ],
)
def test_a_training_is_said_as_far_as_it_is_known(trained: Trained, whole: float | None, words: str) -> None:
    assert (trained.whole, str(trained)) == (None if whole is None else pytest.approx(whole), words)


def test_a_network_with_epochs_of_its_own_is_counted_in_these() -> None:
    own = dataclasses.replace(HEIR, epochs=5, origin="")
    final = dataclasses.replace(BRIEF, trained_steps=200, teacher=0)
    assert Trained.of(trial(own, final), SETTINGS) == Trained(5, 15.0, 10.0, "", "trial 0")
    assert Trained.of(trial(dataclasses.replace(own, trained_steps=0, donor=None)), SETTINGS) == Trained(5)
    unknown = dataclasses.replace(own, total_steps=0)
    assert Trained.of(trial(unknown), SETTINGS).inherited is None

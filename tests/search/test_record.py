from __future__ import annotations

import json
import time
from typing import Any

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState
from pretend import estimate

from anenas.search import CompletedTrial, Evaluation, Final, FinishedTrial
from anenas.search._record import (
    ANSWER,
    ARCHITECTURE,
    final_from_dict,
    final_to_dict,
    read_finished,
    read_rungs,
    write_answer,
    write_rungs,
)
from anenas.search._trial import State
from anenas.space import Architecture

NETWORK = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-conv_r2_s2_c32_k3_relu-head_n10")
RUNGS = (Evaluation(0.25, estimate(0.4), 0.25), Evaluation(0.5, estimate(0.3), 0.5))
EVALUATION = Evaluation(0.75, estimate(0.2), donor=7)


def answered(
    state: State,
    evaluation: Evaluation | None = None,
    values: tuple[float, float] | None = None,
    violations: dict[str, float] | None = None,
    *,
    reason: str = "",
    code: str = "",
) -> FrozenTrial:
    """The second trial of a study, as Optuna has it once it is answered."""
    study = optuna.create_study(directions=["maximize", "minimize"])
    study.tell(study.ask(), (0.1, 0.2))
    trial = study.ask()
    trial.set_user_attr(ARCHITECTURE, str(NETWORK))
    write_rungs(trial, RUNGS)
    write_answer(trial, state, reason, code, violations or {}, evaluation)
    return study.tell(trial, values, TrialState.FAIL if values is None else None)


def test_a_completed_trial_is_read_as_it_was_answered() -> None:
    before = time.time()
    found = read_finished(answered("completed", EVALUATION, (0.75, 0.2)), test_score=0.5, final=Final(3, None))
    assert isinstance(found, CompletedTrial)
    assert (found.number, found.architecture, found.rungs, found.donor) == (1, NETWORK, RUNGS, 7)
    assert (found.state, found.reason, found.reason_code) == ("completed", "", "")
    assert (found.evaluation, found.values, found.violations) == (EVALUATION, (0.75, 0.2), {})
    assert (found.test_score, found.final) == (0.5, Final(3, None))
    assert before - 1 < found.started <= found.ended < time.time() + 1


def test_a_trial_that_misses_limits_has_those_that_it_misses_and_what_it_was() -> None:
    violations = {"size_mb": 0.5, "macs": 0.0, "params": -0.25, "latency_ms": 0.125}
    found = read_finished(answered("infeasible", EVALUATION, (0.75, 0.2), violations, reason="too large", code="size"))
    assert type(found) is FinishedTrial
    assert (found.state, found.reason, found.reason_code) == ("infeasible", "too large", "size")
    assert found.violations == {"size_mb": 0.5, "latency_ms": 0.125}
    assert (found.evaluation, found.donor, found.values) == (EVALUATION, 7, (0.75, 0.2))


def test_a_trial_that_failed_has_neither_values_nor_an_evaluation() -> None:
    found = read_finished(answered("failed", reason="ValueError: no"))
    assert type(found) is FinishedTrial
    assert (found.state, found.reason, found.evaluation, found.donor, found.values) == (
        "failed", "ValueError: no", None, None, None,
    )  # fmt: skip


def test_a_trial_is_not_completed_without_what_came_of_it() -> None:
    assert type(read_finished(answered("completed", None, (0.75, 0.2)))) is FinishedTrial


def test_an_architecture_that_is_at_hand_is_not_read_again() -> None:
    found = read_finished(answered("completed", EVALUATION, (0.75, 0.2)), NETWORK)
    assert found and found.architecture is NETWORK


def frozen(attributes: dict[str, Any]) -> FrozenTrial:
    """One that says when it was neither begun nor ended."""
    none: dict[str, Any] = dict.fromkeys(("value", "datetime_start", "datetime_complete"))
    empty: dict[str, Any] = {name: {} for name in ("params", "distributions", "system_attrs", "intermediate_values")}
    return FrozenTrial(number=4, state=TrialState.FAIL, user_attrs=attributes, trial_id=9, **none, **empty)


def test_a_trial_of_others_is_none() -> None:
    answer = {"state": "failed", "reason": "", "evaluation": None}
    assert read_finished(frozen({ANSWER: answer})) is None
    assert read_finished(frozen({ARCHITECTURE: str(NETWORK)})) is None
    assert read_finished(frozen({})) is None
    found = read_finished(frozen({ANSWER: answer, ARCHITECTURE: str(NETWORK)}))
    assert found and (found.number, found.rungs, found.started, found.ended) == (4, (), 0.0, 0.0)


@pytest.mark.parametrize(
    ("answer", "code"),
    [({"reason_code": "size_mb", "because": "old"}, "size_mb"), ({"because": "rule wide"}, "rule wide"), ({}, "")],
)
def test_why_a_trial_was_rejected_is_read_from_every_version(answer: dict[str, str], code: str) -> None:
    whole = {"state": "infeasible", "reason": "", "evaluation": None, **answer}
    found = read_finished(frozen({ANSWER: whole, ARCHITECTURE: str(NETWORK)}))
    assert found and found.reason_code == code


def test_a_state_that_no_version_knows_is_refused_with_those_that_there_are() -> None:
    answer = {"state": "torn", "reason": "", "evaluation": None}
    with pytest.raises(ValueError, match=r"^state 'torn': expected completed, stopped, failed, infeasible, repeated$"):
        read_finished(frozen({ANSWER: answer, ARCHITECTURE: str(NETWORK)}))


@pytest.mark.parametrize("final", [Final(30, EVALUATION), Final(5, None)])
def test_a_final_training_is_read_as_it_was_written(final: Final) -> None:
    assert final_from_dict(json.loads(json.dumps(final_to_dict(final)))) == final


def test_a_trial_that_was_not_paused_has_no_rungs() -> None:
    assert read_rungs({}) == ()

"""Trials of a study as attributes of Optuna's: written, and read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from anenas.search._evaluation import Evaluation
from anenas.search._trial import STATES, CompletedTrial, Final, FinishedTrial, State
from anenas.space import Architecture

if TYPE_CHECKING:
    import optuna

ARCHITECTURE, RUNGS, ANSWER = "architecture", "rungs", "answer"
"""The attributes of a trial: set when it is asked, at each pause, and when it is answered."""


def write_rungs(handle: optuna.trial.Trial, rungs: Sequence[Evaluation]) -> None:
    """Note what an open trial was at each pause of its training."""
    handle.set_user_attr(RUNGS, [rung.to_dict() for rung in rungs])


def read_rungs(attributes: Mapping[str, Any]) -> tuple[Evaluation, ...]:
    """What `write_rungs` noted; nothing where it did not."""
    return tuple(Evaluation.from_dict(rung) for rung in attributes.get(RUNGS, ()))


def write_answer(
    handle: optuna.trial.Trial,
    state: State,
    reason: str,
    reason_code: str,
    violations: Mapping[str, float],
    evaluation: Evaluation | None,
) -> None:
    """Note how a trial ended, before Optuna notes it."""
    # In one attribute, so that a process killed before that leaves nothing that outlives a rerun.
    values = evaluation.to_dict() if evaluation else None
    answer = {"state": state, "reason": reason, "reason_code": reason_code, "evaluation": values}
    handle.set_user_attr(ANSWER, answer)
    for name, fraction in violations.items():
        handle.set_constraint(name, fraction)


def final_to_dict(final: Final) -> dict[str, Any]:
    """For an attribute of the study."""
    return {"epochs": final.epochs, "evaluation": final.evaluation.to_dict() if final.evaluation else None}


def final_from_dict(values: Mapping[str, Any]) -> Final:
    """What `final_to_dict` gave."""
    return Final(values["epochs"], Evaluation.from_dict(values["evaluation"]) if values["evaluation"] else None)


def read_finished(
    trial: optuna.trial.FrozenTrial,
    architecture: Architecture | None = None,
    test_score: float | None = None,
    final: Final | None = None,
) -> FinishedTrial | None:
    """A finished Optuna trial as one of ours; None where it is none.

    Args:
        trial: As Optuna has it.
        architecture: Where it is at hand it need not be read again.
        test_score: What is known of it.
        final: What came of its final training.
    """
    answer = trial.user_attrs.get(ANSWER)
    if answer is None or ARCHITECTURE not in trial.user_attrs:
        return None
    if answer["state"] not in STATES:
        raise ValueError(f"state {answer['state']!r}: expected {', '.join(STATES)}")
    known: dict[str, Any] = {
        "number": trial.number,
        "architecture": architecture or Architecture.parse(trial.user_attrs[ARCHITECTURE]),
        "rungs": read_rungs(trial.user_attrs),
        "state": answer["state"],
        "reason": answer["reason"],
        "reason_code": answer.get("reason_code", answer.get("because", "")),  # as schema 1 has it
        "values": tuple(trial.values) if trial.values is not None else None,
        "violations": {name: by for name, by in trial.constraints.items() if by > 0},
        "started": trial.datetime_start.timestamp() if trial.datetime_start else 0.0,
        "ended": trial.datetime_complete.timestamp() if trial.datetime_complete else 0.0,
    }
    evaluation = Evaluation.from_dict(answer["evaluation"]) if answer["evaluation"] else None
    known["donor"] = evaluation.donor if evaluation else None
    if answer["state"] == "completed" and evaluation:
        return CompletedTrial(**known, evaluation=evaluation, test_score=test_score, final=final)
    return FinishedTrial(**known, evaluation=evaluation)

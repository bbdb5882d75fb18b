"""One trial of a study: while it is asked about, and once it is answered."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from anenas.search._evaluation import Evaluation
from anenas.search._rungs import RUNGS
from anenas.space import Architecture

if TYPE_CHECKING:
    import optuna

State = Literal["completed", "stopped", "failed", "infeasible", "repeated"]
STATES: tuple[State, ...] = get_args(State)


@dataclass(frozen=True)
class Trial:
    """An architecture that the study asks about and waits for an answer on.

    Attributes:
        number: Optuna's, from 0.
        architecture: What is asked about.
        rungs: What it was at each pause of its training so far.
        donor: Number of the trial whose weights its training begins with, or None.
    """

    number: int
    architecture: Architecture
    handle: optuna.trial.Trial = dataclasses.field(compare=False, repr=False)
    rungs: tuple[Evaluation, ...] = ()
    donor: int | None = None

    @property
    def share(self) -> float:
        """How much of its training is done."""
        return self.rungs[-1].share if self.rungs else 0.0


@dataclass(frozen=True)
class Record:
    """A trial that has been answered.

    Attributes:
        number: Optuna's, from 0.
        architecture: What was asked about.
        state: "completed" if it was trained and exported within the limits; "stopped" if others were better before
            its training was whole; "infeasible" if it breaks a limit or rule; "repeated" if it was known already;
            "failed" otherwise.
        reason: Why it did not complete, empty where it did.
        because: In a word, what an infeasible one is rejected for: the limit that it misses most, or a rule.
        evaluation: What came out, where it was trained; after its last rung, where it was stopped.
        rungs: What it was at each pause of its training.
        started: When it was asked, in seconds since 1970.
        ended: When it was answered, likewise.
    """

    number: int
    architecture: Architecture
    state: State
    reason: str = ""
    because: str = ""
    evaluation: Evaluation | None = None
    rungs: tuple[Evaluation, ...] = ()
    started: float = 0.0
    ended: float = 0.0


def read_record(trial: optuna.trial.FrozenTrial, architecture: Architecture | None = None) -> Record | None:
    """A finished Optuna trial as a record; None where it is not one of ours.

    Args:
        trial: As Optuna has it.
        architecture: Where it is at hand it need not be read again.
    """
    answer = trial.user_attrs.get("answer")
    if answer is None or "architecture" not in trial.user_attrs:
        return None
    return Record(
        number=trial.number,
        architecture=architecture or Architecture.parse(trial.user_attrs["architecture"]),
        state=answer["state"],
        reason=answer["reason"],
        because=answer["because"],
        evaluation=Evaluation.from_dict(answer["evaluation"]) if answer["evaluation"] else None,
        rungs=read_rungs(trial.user_attrs),
        started=trial.datetime_start.timestamp() if trial.datetime_start else 0.0,
        ended=trial.datetime_complete.timestamp() if trial.datetime_complete else 0.0,
    )


def read_rungs(attributes: Mapping[str, Any]) -> tuple[Evaluation, ...]:
    return tuple(Evaluation.from_dict(rung) for rung in attributes.get(RUNGS, ()))


def with_time_of(rungs: Sequence[Evaluation], evaluation: Evaluation) -> Evaluation:
    """An evaluation whose seconds are those of the whole trial; `rungs` are those before it."""
    before = rungs[-1].seconds if rungs else {}
    seconds = {step: evaluation.seconds.get(step, 0) + before.get(step, 0) for step in before | evaluation.seconds}
    return dataclasses.replace(evaluation, seconds=seconds)

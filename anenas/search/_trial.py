"""One trial of a study: while it is open, and once it has finished."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from anenas.search._evaluation import Evaluation
from anenas.space import Architecture

State = Literal["completed", "stopped", "failed", "infeasible", "repeated"]
STATES: tuple[State, ...] = get_args(State)
PROBED = 0.0
"""The fraction of its training that a pretrained network has had when its features were probed."""


@dataclass(frozen=True)
class Trial:
    """An architecture that the study asks about.

    Attributes:
        number: Optuna's, from 0.
        architecture: What is asked about.
        rungs: What it was at each pause of its training so far.
        donor: Number of the trial whose weights its training begins with, or None.
    """

    number: int
    architecture: Architecture
    rungs: tuple[Evaluation, ...] = ()
    donor: int | None = None

    @property
    def is_probed(self) -> bool:
        """Whether it is a pretrained network with an accuracy from before its training."""
        return bool(self.rungs) and self.rungs[0].budget_fraction == PROBED

    @property
    def budget_fraction(self) -> float:
        """How much of its training is done."""
        return self.rungs[-1].budget_fraction if self.rungs else 0.0


@dataclass(frozen=True)
class FinishedTrial(Trial):
    """A trial that has been answered.

    Attributes:
        state: "completed" if it was trained and exported within the limits; "stopped" if others were better before
            its training was complete; "infeasible" if it breaks a limit or rule; "repeated" if it was known already;
            "failed" otherwise.
        reason: Why it did not complete, empty where it did.
        reason_code: In a word, what an infeasible one is rejected for: the limit that it misses most, or a rule.
        evaluation: What came out, where it was trained; after its last rung, where it was stopped.
        values: The objectives that the study holds of it, each in its natural direction; None where it has none.
        violations: By what fraction of it each limit is missed, for those that are.
        started: When it was asked, in seconds since 1970.
        ended: When it was answered, likewise.
    """

    state: State = "failed"
    reason: str = ""
    reason_code: str = ""
    evaluation: Evaluation | None = None
    values: tuple[float, ...] | None = None
    violations: Mapping[str, float] = field(default_factory=dict)
    started: float = 0.0
    ended: float = 0.0


@dataclass(frozen=True)
class Final:
    """What came of the final training of a trial.

    Attributes:
        epochs: Passes over the data that it had at most.
        evaluation: Of what it made; None where that was no better than the trial's own weights, which ship then.
    """

    epochs: int
    evaluation: Evaluation | None = None


@dataclass(frozen=True)
class CompletedTrial(FinishedTrial):
    """A trial that was trained and exported within the limits.

    Attributes:
        evaluation: What came out of its brief training, by which trials are compared.
        final: What came of its final training, where it had one.
        test_score: The score of the program that ships on the test inputs, in float16; only
            known once a search has ended with it on the front.
    """

    evaluation: Evaluation = field(kw_only=True)
    final: Final | None = None
    test_score: float | None = None

    @property
    def shipped(self) -> Evaluation:
        """Of what ships: the final training's, where it made the network better, or else the brief one's."""
        return (self.final and self.final.evaluation) or self.evaluation


def called_by_number(picks: Mapping[str, CompletedTrial]) -> dict[int, list[str]]:
    """What picked trials are called, by their numbers; see `Study.picks`."""
    called: dict[int, list[str]] = {}
    for name, trial in picks.items():
        called.setdefault(trial.number, []).append(name)
    return called


def with_total_seconds(rungs: Sequence[Evaluation], evaluation: Evaluation) -> Evaluation:
    """An evaluation whose seconds are those of the whole trial; `rungs` are those before it."""
    before = rungs[-1].seconds if rungs else {}
    steps = dict.fromkeys([*before, *evaluation.seconds])
    seconds = {step: evaluation.seconds.get(step, 0) + before.get(step, 0) for step in steps}
    return dataclasses.replace(evaluation, seconds=seconds)

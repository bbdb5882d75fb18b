"""A study as it is at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

from anenas.search import CompletedTrial, FinishedTrial, Study, called_by_number

Status = Literal["RUNNING", "FINISHED", "KILLED", "FAILED"]


@dataclass(frozen=True)
class Snapshot:
    """What a study holds, for a thread that runs beside its search.

    Attributes:
        finished: Every answered trial in the order of answers.
        front: Of what can be told apart, the best by the first objective last.
        picks: The models of it that most users want, by what they are called.
        volumes: The hypervolume after each completed trial.
        counts: How many trials ended in each state.
        status: Of the search.
    """

    finished: tuple[FinishedTrial, ...]
    front: tuple[CompletedTrial, ...]
    picks: Mapping[str, CompletedTrial]
    volumes: tuple[float, ...]
    counts: Mapping[str, int]
    status: Status = "RUNNING"

    @classmethod
    def of(cls, study: Study, status: Status = "RUNNING") -> Self:
        """Of a study, in the thread of its search."""
        return cls(
            tuple(study.finished),
            tuple(study.front),
            study.picks,
            tuple(study.hypervolumes),
            {str(state): count for state, count in study.counts.items()},
            status,
        )

    @property
    def called(self) -> dict[int, str]:
        """What the picked trials are called, by number: "knee, accurate"."""
        return {number: ", ".join(of) for number, of in called_by_number(self.picks).items()}

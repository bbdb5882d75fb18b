"""Whose weights a new trial begins with: those of the trained architecture that is most like it."""

from __future__ import annotations

from anenas.search._problem import Problem
from anenas.search._study import Study
from anenas.search._trial import CompletedTrial
from anenas.space import Architecture, Decisions


class Donors:
    """Finds the completed trial whose decisions differ least, which is what evolution calls a parent.

    Args:
        study: Where the trials are.
        problem: Of the decisions.
    """

    def __init__(self, study: Study, problem: Problem) -> None:
        self._study, self._problem = study, problem
        self._decisions: dict[int, Decisions] = {}

    def nearest(self, architecture: Architecture) -> int | None:
        """Its number: of several that differ as little the most accurate. None where nothing has completed."""
        mine = self._problem.decisions(architecture).items()

        def difference(trial: CompletedTrial) -> tuple[int, float]:
            if trial.number not in self._decisions:
                self._decisions[trial.number] = self._problem.decisions(trial.architecture)
            return len(mine ^ self._decisions[trial.number].items()), -trial.evaluation.accuracy

        alike = (trial for trial in self._study.completed if not trial.architecture.backbone)
        found = min(alike, key=difference, default=None)
        return found.number if found else None

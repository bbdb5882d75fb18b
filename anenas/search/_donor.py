"""Whose weights a new trial begins with: those of the trained architecture that is most like it."""

from __future__ import annotations

from anenas.search._problem import Space
from anenas.search._record import Record
from anenas.search._study import Study
from anenas.space import Architecture, Decisions


class Donors:
    """Finds the completed trial whose decisions differ least, which is what evolution calls a parent.

    Args:
        study: Where the trials are.
        space: Of the decisions.
    """

    def __init__(self, study: Study, space: Space) -> None:
        self._study, self._space = study, space
        self._decisions: dict[int, Decisions] = {}

    def nearest(self, architecture: Architecture) -> int | None:
        """Its number: of several that differ as little the most accurate. None where nothing has completed."""
        mine = self._space.decisions(architecture).items()

        def difference(record: Record) -> tuple[int, float]:
            if record.number not in self._decisions:
                self._decisions[record.number] = self._space.decisions(record.architecture)
            assert record.evaluation
            return len(mine ^ self._decisions[record.number].items()), -record.evaluation.accuracy

        found = min(self._study.completed, key=difference, default=None)
        return found.number if found else None

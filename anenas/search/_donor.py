"""Whose weights a new trial begins with: those of the trained architecture that is most like it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from anenas._errors import first_line
from anenas.search._evaluation import WEIGHTS
from anenas.search._problem import Problem
from anenas.search._study import Study
from anenas.search._trial import CompletedTrial
from anenas.space import Architecture, Decisions

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Learned:
    """What a network has learned before.

    Attributes:
        file: With the weights, by the names of `anenas.build`.
        origin: Where they come from, with their licence, for people.
    """

    file: Path
    origin: str


Pretrained = Callable[[Architecture], Learned | None]
"""Tells what an architecture's network has learned before; None where it begins anew."""


def nothing(architecture: Architecture) -> Learned | None:
    """Every network begins anew."""
    return None


class Donors:
    """Finds the completed trial whose decisions differ least, which is what evolution calls a parent.

    Args:
        study: Where the trials are.
        problem: Of the decisions.
        ancestor: The network that all of the space are parts of, where its weights are at hand.
    """

    def __init__(self, study: Study, problem: Problem, ancestor: Architecture | None = None) -> None:
        self._study, self._problem = study, problem
        self._decisions: dict[int, Decisions] = {}
        self._damaged: set[int] = set()
        self._ancestor = problem.decisions(ancestor) if ancestor else None

    def nearest(self, architecture: Architecture) -> int | None:
        """Its number: of several that differ as little the most accurate. None where nothing has completed, and where
        the ancestor differs less.
        """
        mine = self._problem.decisions(architecture).items()

        def difference(trial: CompletedTrial) -> tuple[int, float]:
            if trial.number not in self._decisions:
                self._decisions[trial.number] = self._problem.decisions(trial.architecture)
            return len(mine ^ self._decisions[trial.number].items()), trial.evaluation.shortfall

        alike = [trial for trial in self._study.completed if not trial.architecture.backbone]
        while found := min((one for one in alike if one.number not in self._damaged), key=difference, default=None):
            if self._is_whole(found.number):
                break
        if found and self._ancestor and len(mine ^ self._ancestor.items()) < difference(found)[0]:
            return None
        return found.number if found else None

    def _is_whole(self, number: int) -> bool:
        """Whether a trial's weights can be read, by their header and length; where not it is told, once."""
        from safetensors import SafetensorError, safe_open

        path = self._study.trial_folder(number) / WEIGHTS
        try:
            with safe_open(path, "pt"):
                return True
        except (OSError, SafetensorError) as error:
            self._damaged.add(number)
            _log.warning("no trial begins with the weights of trial %d: %s (%s)", number, first_line(error), path)
            return False

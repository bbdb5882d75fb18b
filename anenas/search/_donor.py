"""Whose weights a new trial begins with: those of the trained architecture that is most like it."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anenas._errors import first_line
from anenas.blocks import Value
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
        self._read = 0  # of what has completed
        self._numbers: list[int] = []
        self._shortfalls: list[float] = []
        self._codes = _Codes()
        self._damaged: set[int] = set()
        self._ancestor = problem.decisions(ancestor) if ancestor else None

    def nearest(self, architecture: Architecture) -> int | None:
        """Its number: of several that differ as little the most accurate. None where nothing has completed, and where
        the ancestor differs less.
        """
        self._read_completed()
        mine = self._problem.decisions(architecture)
        differences = self._codes.differences(mine)
        apart = len(mine.items() ^ self._ancestor.items()) if self._ancestor else math.inf
        for least in np.unique(differences):
            if apart < least:
                return None
            alike = np.flatnonzero(differences == least).tolist()
            for place in sorted(alike, key=self._shortfalls.__getitem__):
                if self._may_give(number := self._numbers[place]):
                    return number
        return None

    def _may_give(self, number: int) -> bool:
        """Whether it is completed still, now that it may have been measured, and whole."""
        is_completed = isinstance(self._study.trial(number), CompletedTrial)
        return is_completed and number not in self._damaged and self._is_whole(number)

    def _read_completed(self) -> None:
        """Learn of the trials that have completed since the last time."""
        for trial in self._study.finished[self._read :]:
            if isinstance(trial, CompletedTrial) and not trial.architecture.backbone:
                self._numbers.append(trial.number)
                self._shortfalls.append(trial.evaluation.shortfall)
                self._codes.add(self._problem.decisions(trial.architecture))
        self._read = len(self._study.finished)

    def _is_whole(self, number: int) -> bool:
        """Whether a trial's weights can be read, by their header and length; where not it is told, once."""
        from safetensors import SafetensorError, safe_open

        path = self._study.trial_folder(number) / WEIGHTS
        try:
            with safe_open(path, "pt"):
                return True
        except (OSError, SafetensorError) as error:
            self._damaged.add(number)
            _log.warning("no trial can start from the weights of trial %d: %s (%s)", number, first_line(error), path)
            return False


class _Codes:
    """Decisions of many trials as numbers, so that those of another are held against all at once."""

    def __init__(self) -> None:
        self._columns: dict[str, int] = {}
        self._options: dict[tuple[str, Value], int] = {}
        self._count = 0
        self._table = np.zeros((0, 0), dtype=np.int16)  # 0 where a trial does not decide; it has room for more

    def add(self, decisions: Decisions) -> None:
        """Take note of those of one more trial."""
        columns = [self._columns.setdefault(name, len(self._columns)) for name in decisions]
        rows, width = self._table.shape
        if self._count == rows or len(self._columns) > width:
            larger = np.zeros((max(2 * self._count, 64), max(len(self._columns), width)), dtype=np.int16)
            larger[:rows, :width] = self._table
            self._table = larger
        codes = [self._options.setdefault(item, len(self._options) + 1) for item in decisions.items()]
        self._table[self._count, columns] = codes
        self._count += 1

    def differences(self, decisions: Decisions) -> np.ndarray:
        """How many decisions are not the same, for each trial: one that both decide otherwise counts for both."""
        theirs, mine = self._table[: self._count], np.zeros(self._table.shape[1], dtype=np.int16)
        others = 0  # that no trial has met
        for name, value in decisions.items():
            if name in self._columns:
                mine[self._columns[name]] = self._options.get((name, value), -1)
            else:
                others += 1
        differ = theirs != mine
        return np.asarray((differ & (theirs != 0)).sum(1) + (differ & (mine != 0)).sum(1) + others)

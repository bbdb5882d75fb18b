"""Early stopping with several objectives: which trials train on, and which are left where they are.

A trial trains up to a first rung, a share of its whole budget, and is paused there with an accuracy that is
comparable with that of every other trial at this rung. Whenever a worker is free, the best waiting trial among the
best of its rung goes on to the next one, the highest rung first; where there is none a new trial begins (asynchronous
successive halving, Li et al. 2018, arXiv:1810.05934). Never has more than one in `REDUCTION` gone on, so that early
trials, which had little to be compared with, do not crowd the next rung (the delay of Li et al. 2022,
arXiv:2201.06834). "Best" is by non-dominated sorting of all objectives, ties by crowding distance (Deb et al. 2002),
as Schmucker et al. 2021 (arXiv:2106.12639) sort them; what is not expected to be accurate enough in the end, where a
least accuracy is asked for, comes after all others.

Optuna has no pruning for several objectives. A paused trial is one that still runs to it, with its rungs in a user
attribute, and one that was left behind is told as pruned; only a trial at the whole budget has values. The default
sampler learns from all of them, see `expected_accuracy`; Optuna's own learn what they learn from pruned trials. So an
architecture is one trial however often it was paused, and what is on the front was trained and exported in full.
The rung of a trial is a pause of the one training that it would have had anyway: from the same weights, a trial that
was paused ends where one that was not does.
"""

from __future__ import annotations

import bisect
import operator
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from anenas._pareto import crowding

RUNGS = "rungs"
"""User attribute of an Optuna trial: what it was at each pause of its training."""

REDUCTION = 3
"""Of the trials at a rung one in so many goes on. Chosen, as is `SPACING`, by replaying searches over recorded
trainings: `python experiments/ladders.py`."""

SPACING = 8
"""So many times the budget of a rung has the one above."""

DEFAULT_RUNGS = 2

FEWEST_TRIALS = 8
"""A search for fewer completed trials than this has no rungs unless it is told to: it tries too few to leave any."""

WAITING = 8
"""Trials that are kept at a rung, with a checkpoint each, in case they go on; those behind them are stopped."""


@dataclass(frozen=True)
class Rungs:
    """The budgets at which trials are compared.

    Attributes:
        count: How many there are, the whole budget among them; 1 is no early stopping.
        reduction: Of the trials at a rung one in so many goes on.
        spacing: So many times the budget of a rung has the one above.
    """

    count: int = 1
    reduction: int = REDUCTION
    spacing: int = SPACING

    @property
    def shares(self) -> tuple[float, ...]:
        """Of the whole budget, the lowest first; the last is 1."""
        return tuple(1 / self.spacing**i for i in reversed(range(self.count)))

    def after(self, share: float) -> float:
        """The next rung above a share below 1."""
        return next(rung for rung in self.shares if rung > share)

    def going_on(self, at_rung: int) -> int:
        """How many of so many trials at a rung go on."""
        return at_rung // self.reduction


def ranking(values: Sequence[Sequence[float]]) -> list[int]:
    """Indices of values, all to be minimised, best first: by front, then the loneliest of a front first.

    Equal ones stay in their order.
    """
    fronts: list[list[int]] = []
    for i in sorted(range(len(values)), key=lambda i: tuple(values[i])):
        # In this order nothing dominates what came before it, and what a front dominates all fronts before it do.
        place = bisect.bisect_left(fronts, True, key=lambda front: not _dominated(values[i], values, front))
        if place == len(fronts):
            fronts.append([])
        fronts[place].append(i)
    return [i for front in fronts for i in _loneliest_first(sorted(front), values)]


def _dominated(one: Sequence[float], values: Sequence[Sequence[float]], by: Sequence[int]) -> bool:
    return any(values[j] != one and all(map(operator.le, values[j], one)) for j in reversed(by))


def _loneliest_first(front: Sequence[int], values: Sequence[Sequence[float]]) -> list[int]:
    distances = dict(zip(front, crowding([values[i] for i in front]), strict=True))
    return sorted(front, key=lambda i: -distances[i])


def expected_accuracy(reached: Sequence[Mapping[float, float]]) -> list[float]:
    """What accuracy the whole budget would give each trial, from the share of it that each has had.

    To the accuracy at its highest rung the median gain from there to each next rung is added, among the trials that
    reached both; where no trial did there is none to compare it with, and nothing is added.

    Args:
        reached: For each trial, accuracy by share of the budget.
    """
    shares = sorted({share for trial in reached for share in trial})
    ahead = dict.fromkeys(shares[-1:], 0.0)
    for share, above in zip(reversed(shares[:-1]), reversed(shares[1:]), strict=True):
        gains = [trial[above] - trial[share] for trial in reached if share in trial and above in trial]
        ahead[share] = ahead[above] + (statistics.median(gains) if gains else 0.0)
    return [trial[max(trial)] + ahead[max(trial)] for trial in reached]


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, …"""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"

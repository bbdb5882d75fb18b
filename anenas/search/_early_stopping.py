"""Early stopping with several objectives: which trials train on, and which are left where they are.

A trial trains up to a first rung, a fraction of its whole budget, and is paused there with an accuracy that is
comparable with that of every other trial at this rung. Whenever a worker is free, the best waiting trial among the
best of its rung goes on to the next one, the highest rung first; where there is none a new trial begins (asynchronous
successive halving, Li et al. 2018, arXiv:1810.05934). Never has more than one in `REDUCTION` gone on, so that early
trials, which had little to be compared with, do not crowd the next rung (the delay of Li et al. 2022,
arXiv:2201.06834). "Best" is by non-dominated sorting of all objectives, ties by crowding distance (Deb et al. 2002),
as Schmucker et al. 2021 (arXiv:2106.12639) sort them, of accuracies less the noise of a small held-out set (see
`shrunk`); what is not expected to be accurate enough in the end, where a least accuracy is asked for, comes after all
others.

Optuna has no pruning for several objectives. A paused trial is one that still runs to it, with its rungs in a user
attribute, and one that was left behind is a pruned one; only a trial at the whole budget has values. The default
sampler learns from all of them, see `expected_scores`; Optuna's own learn what they learn from pruned trials. So an
architecture is one trial however often it was paused, and what is on the front was trained and exported in full.
The rung of a trial is a pause of the one training that it would have had anyway: from the same weights, a trial that
was paused ends where one that was not does.
"""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from anenas._pareto import ranking, spread
from anenas.search._evaluation import Evaluation
from anenas.search._expected_scores import expected_scores
from anenas.search._shrinkage import shrunk
from anenas.search._study import Study
from anenas.search._trial import PROBED, FinishedTrial, Trial
from anenas.space import Limits

REDUCTION = 3
"""One in this many of the trials at a rung goes on. Chosen, as is `SPACING`, by replaying searches over recorded
trainings: `python experiments/ladders.py`."""

SPACING = 8
"""The budget of a rung is this many times that of the one below."""

FEWEST_STEPS = 60
"""Steps of training before which nothing is compared: the accuracies of so brief a training are mostly noise."""

_APART = 2  # the budget of a rung is at least this many times that of the one below, or there is none below

_COMPARED = 300
"""Trials that those which wait at a rung are compared with at most: of more that were there it is an even choice."""

DEFAULT_RUNGS = 2

FEWEST_TRIALS = 8
"""A search for fewer completed trials than this has no rungs by default: it tries too few to stop any."""

WAITING = 8
"""Trials that are kept at a rung, with a checkpoint each, in case they go on; those behind them are stopped."""


@dataclass(frozen=True)
class Rungs:
    """The budgets at which trials are compared.

    Attributes:
        count: How many there are at most, the whole budget among them; 1 is no early stopping.
        reduction: One in this many of the trials at a rung goes on.
        spacing: The budget of a rung over that of the one below.
        probes: Whether pretrained networks are compared before their training, by a probe of their features. What goes
            on from there is trained in full: a brief fine-tuning tells less than the probe did.
        steps: Of the whole training, where they are known: a rung then comes after `FEWEST_STEPS` at least, and one
            that this brings near the next is left out.
    """

    count: int = 1
    reduction: int = REDUCTION
    spacing: int = SPACING
    probes: bool = False
    steps: int | None = None

    @functools.cached_property
    def fractions(self) -> tuple[float, ...]:
        """Of the whole budget, the lowest first; the last is 1."""
        least = FEWEST_STEPS / self.steps if self.steps else 0.0
        found = [1.0]
        for i in range(1, self.count):
            fraction = max(1 / self.spacing**i, least)
            if _APART * fraction <= found[-1]:
                found.append(fraction)
        return (*((PROBED,) if self.probes else ()), *reversed(found))

    def after(self, fraction: float, *, probed: bool = False) -> float:
        """The next rung above a fraction below 1; for a probed network it is the last."""
        return 1.0 if probed else next(rung for rung in self.fractions if rung > fraction)

    def going_on(self, at_rung: int) -> int:
        """How many of this many trials at a rung go on."""
        return at_rung // self.reduction


Past = Mapping[float, Evaluation]
"""What a trial was at each rung, by the fraction of its training."""


class EarlyStopping:
    """Says which paused trial of a study goes on, and which are stopped.

    Args:
        rungs: Where trials pause.
        study: Whose trials they are.
        limits: A trial that is expected to miss that of the score in the end goes on last.
    """

    def __init__(self, rungs: Rungs, study: Study, limits: Limits) -> None:
        self.rungs, self._study, self._limits = rungs, study, limits
        self._read = 0  # of what has finished
        self._ended: defaultdict[float, list[tuple[int, Past]]] = defaultdict(list)  # of it what was at each rung
        self._left: Counter[float] = Counter()  # how much of it was stopped there

    def promoted(self, running: Mapping[int, Trial], *, any_waiting: bool = False) -> int | None:
        """The number of the trial to train on, if there is one: of the highest rung, the best of those that wait there.

        Args:
            running: What is being trained, by number.
            any_waiting: Whether any that waits may go on, rather than one in `reduction` of the rung.
        """
        for fraction in reversed(self.rungs.fractions[:-1]):
            if not (waiting := self._waiting(fraction)):
                continue
            gone = sum(map(len, self._gone(fraction, running)))
            if any_waiting or gone - self._left[fraction] < self.rungs.going_on(gone + len(waiting)):
                ranked = self._ranked(fraction, running)
                go_on = len(ranked) if any_waiting else self.rungs.going_on(len(ranked))
                best = next((number for number in ranked[:go_on] if number in waiting), None)
                if best is not None:
                    return best
        return None

    def left_behind(self, running: Mapping[int, Trial], kept: int) -> list[tuple[int, str]]:
        """The trials that wait at each rung behind the best `kept`, with the reason to stop them: their place.

        Probed networks wait on, for a search that goes on later; they leave nothing large.
        """
        behind = []
        trained = [fraction for fraction in self.rungs.fractions[:-1] if fraction != PROBED]
        for i, fraction in enumerate(trained, start=1):
            waiting = self._waiting(fraction)
            if len(waiting) > kept:
                numbers = self._ranked(fraction, running)
                for number in [number for number in numbers if number in waiting][kept:]:
                    place = ordinal(numbers.index(number) + 1)
                    behind.append((number, f"rung {i} of {len(self.rungs.fractions)}: {place} of {len(numbers)}"))
        return behind

    def _waiting(self, fraction: float) -> dict[int, Past]:
        """The trials that wait at a rung, by number."""
        paused = self._study.paused.items()
        return {number: _past(trial) for number, trial in paused if trial.budget_fraction == fraction}

    def _gone(
        self, fraction: float, running: Mapping[int, Trial]
    ) -> tuple[list[tuple[int, Past]], list[tuple[int, Past]]]:
        """The trials that were at a rung and do not wait there: those that have ended, and those that have not."""
        for trial in self._study.finished[self._read :]:
            if trial.rungs:
                for at in (past := _past(trial)):
                    self._ended[at].append((trial.number, past))
                self._left[trial.budget_fraction] += trial.state == "stopped"
        self._read = len(self._study.finished)
        higher = [trial for trial in self._study.paused.values() if trial.budget_fraction > fraction]
        trained = [trial for trial in [*higher, *running.values()] if trial.rungs]
        going = [(trial.number, past) for trial in trained if fraction in (past := _past(trial))]
        return self._ended[fraction], going

    def _ranked(self, fraction: float, running: Mapping[int, Trial]) -> list[int]:
        """The trials that have been at a rung, the best first; after the others those that are not expected to be
        accurate enough in the end. Of many that do not wait there any more it is an even choice.
        """
        ended, going = self._gone(fraction, running)
        count = len(ended) + len(going)
        places = range(count) if count <= _COMPARED else (i * count // _COMPARED for i in range(_COMPARED))
        gone = dict(ended[i] if i < len(ended) else going[i - len(ended)] for i in places)
        reached = dict(sorted({**gone, **self._waiting(fraction)}.items()))
        objectives, numbers = self._study.objectives, list(reached)
        trained = _less_noise(reached)
        rank = spread if fraction == PROBED else ranking  # probes are nearly all on their front
        best_first = rank(objectives.losses(objectives.resolved(past[fraction]) for past in trained.values()))
        scores = [{at: e.score for at, e in past.items()} for past in trained.values()]
        expected = dict(zip(trained, expected_scores(scores), strict=True))
        missed = {
            number: self._limits.violation(self._study.settings.metric, expected[number]) > 0 for number in numbers
        }
        return sorted((numbers[i] for i in best_first), key=missed.__getitem__)


def _past(trial: Trial) -> Past:
    last = (trial.evaluation,) if isinstance(trial, FinishedTrial) and trial.evaluation else ()
    return {evaluation.budget_fraction: evaluation for evaluation in (*trial.rungs, *last)}


def _less_noise(trained: Mapping[int, Past]) -> dict[int, dict[float, Evaluation]]:
    """The same, each rung by itself `shrunk`."""
    found: dict[int, dict[float, Evaluation]] = {number: {} for number in trained}
    for fraction in sorted({fraction for past in trained.values() for fraction in past}):
        reached = {number: past[fraction] for number, past in trained.items() if fraction in past}
        for number, evaluation in zip(reached, shrunk(list(reached.values())), strict=True):
            found[number][fraction] = evaluation
    return found


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, …"""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"

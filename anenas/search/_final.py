"""The phase after the search: what ships is trained for longer than what is only compared.

A brief training ranks architectures; nobody ships one. Each model that does goes on from its own weights, in one cycle
of the learning rate after the other, each twice as long as the one before (Loshchilov & Hutter 2017, arXiv:1608.03983),
until one is no better on the validation inputs. Each ends where the rate is low, so that its end is what it is worth.

What comes out is kept beside the brief figures and never among them: the front, the hypervolume and the sampler compare
what was trained alike.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from anenas._durations import duration
from anenas.search._evaluation import WEIGHTS, Evaluation
from anenas.search._evaluator import Evaluator, FinalEvaluator
from anenas.search._study import Phase, Study
from anenas.search._trial import CompletedTrial
from anenas.search.executors import Executor, Task, TrialFiles, run_all

FinalModels = Literal["exports", "all", "none"]
"""What is trained finally: the models that are exported, the whole front, or nothing."""

FINAL_MODELS: tuple[FinalModels, ...] = get_args(FinalModels)

CYCLES = (2, 4, 8)
"""Length of each cycle where no number of epochs was asked for, in brief trainings."""

MOST_OF_TIMEOUT = 1 / 3
"""Of the time of a search, what is kept for final training at most."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FinalTraining:
    """The final training of a search.

    Attributes:
        study: That was searched.
        evaluator: Of its networks. One that is no `FinalEvaluator` trains nothing finally.
        executor: Where they are trained; it is entered before `run`.
        data: Folder that every evaluation reads, if there is one.
        models: Which are trained.
        epochs: Passes over the data, in one cycle; None is as many as make them better, in `CYCLES`.
    """

    study: Study
    evaluator: Evaluator
    executor: Executor
    data: Path | None = None
    models: FinalModels = "exports"
    epochs: int | None = None
    _cycles: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        brief = self.study.settings.epochs
        object.__setattr__(self, "_cycles", (self.epochs,) if self.epochs else tuple(n * brief for n in CYCLES))

    def reserve(self, timeout: float) -> float:
        """Seconds of the time of a search that are to be kept for this phase, by what has completed so far."""
        if self.models == "none" or not self.study.front or not isinstance(self.evaluator, FinalEvaluator):
            return 0.0
        return min(MOST_OF_TIMEOUT * timeout, self._seconds(self._to_train(sum(self._cycles)), self._cycles))

    def run(self, deadline: float = math.inf) -> None:
        """Train what has not been trained so far, or for fewer epochs than now.

        Args:
            deadline: By `time.monotonic`. What is being trained then ships as it was, and is trained anew next time.
        """
        if self.models == "none" or not self.study.front:
            return
        if not isinstance(self.evaluator, FinalEvaluator):
            _log.info("no final training: %s does not `finish` networks", type(self.evaluator).__name__)
            return
        cycles = self._within(deadline - time.monotonic())
        trials = self._to_train(sum(cycles))
        if not cycles:
            _log.info("no final training: no time is left for it; run again without a timeout, it is done")
        if not trials or not cycles:
            return
        seconds = self._seconds(trials, cycles)
        _log.info("final training: %s", self._announced(trials, cycles, seconds))
        tasks = {}
        for trial in sorted(trials, key=lambda trial: self._seconds([trial], cycles), reverse=True):
            finish = functools.partial(self.evaluator.finish, trial.architecture, cycles=cycles)
            weights = self.study.trial_folder(trial.number) / WEIGHTS
            tasks[trial.number] = Task(
                finish, TrialFiles(self.study.final_workspace(trial.number), self.data, donor=weights)
            )
        left = {trial.number: trial for trial in trials}
        self.study.enter(Phase("final training", 0, len(trials), seconds))
        for number, outcome in run_all(self.executor, tasks, deadline):
            trial = left.pop(number)
            self.study.enter(Phase("final training", len(trials) - len(left), len(trials), seconds))
            before = trial.shipped.accuracy
            if outcome.error is not None:
                _log.warning("final training of trial %d failed, it ships as it was: %s", number, outcome.error)
            elif self.study.set_final(number, sum(cycles), _after(trial, outcome.value)):
                _log.info("trial %d: %.2f%% → %.2f%%", number, 100 * before, 100 * outcome.value.accuracy)
            else:
                _log.info("trial %d: final training made it no better, so it ships as it was", number)
        if left:
            numbers = ", ".join(map(str, sorted(left)))
            _log.info("final training is out of time: trial %s ships as it was; run again, it is trained", numbers)

    def _to_train(self, epochs: int) -> list[CompletedTrial]:
        """The models that have not been trained for so many epochs."""
        chosen = self.study.front if self.models == "all" else self.study.picks.values()
        trials = {trial.number: trial for trial in chosen}.values()
        return [trial for trial in trials if trial.final is None or trial.final.epochs < epochs]

    def _seconds(self, trials: Sequence[CompletedTrial], cycles: Sequence[int]) -> float:
        """What their training takes at most, from what their brief training took."""
        budget = sum(cycles) / self.study.settings.epochs
        each = []
        for seconds in (trial.evaluation.seconds for trial in trials):
            whole = sum(seconds.values())
            training = seconds.get("train", whole)
            each.append(training * budget + whole - training)
        return max([*each, sum(each) / self.executor.slots], default=0.0)

    def _within(self, seconds: float) -> tuple[int, ...]:
        """The cycles, cut to what can be done in so many seconds."""
        epochs = sum(self._cycles)
        while epochs and self._seconds(self._to_train(epochs), (epochs,)) > seconds:
            epochs -= 1
        cut, left = [], epochs
        for cycle in self._cycles:
            cut.append(min(cycle, left))
            left -= cut[-1]
        return tuple(cycle for cycle in cut if cycle)

    def _announced(self, trials: Sequence[CompletedTrial], cycles: Sequence[int], seconds: float) -> str:
        count, epochs = len(trials), sum(cycles)
        parts = [f"{count} model" + ("" if count == 1 else "s")]
        most = "at most " if len(cycles) > 1 else ""
        parts.append(f"{most}{epochs} epoch{'' if epochs == 1 else 's'}" + (" each" if count > 1 else ""))
        if seconds >= 1:
            parts.append(f"{most}about {duration(seconds)}")
        return ", ".join(parts)


def _after(trial: CompletedTrial, evaluation: Evaluation | None) -> Evaluation | None:
    """An evaluation with what the evaluator cannot know: how long the weights had been trained that it began with."""
    if evaluation is None:
        return None
    before = trial.evaluation.total_steps
    total = before and before + evaluation.trained_steps
    return dataclasses.replace(evaluation, donor=trial.number, origin=f"trial {trial.number}", total_steps=total)

"""The phase after the search: what ships is trained for longer than what is only compared.

A brief training ranks architectures; nobody ships one. Each model that does goes on from its own weights, in one cycle
of the learning rate after the other, each twice as long as the one before (Loshchilov & Hutter 2017, arXiv:1608.03983),
until one is no better on the validation inputs. Each ends where the rate is low, so that its end is what it is worth.

Pretrained networks come first. A network that began from nothing then learns from the answers of the best of them as
well, where that is far better: of the ways to train further that is worth most. A pretrained network that is only
somewhat better adds little for twice the time, one that itself began from nothing adds nothing
(`python experiments/final_training.py`).

What comes out is kept beside the brief figures and never among them: the front, the hypervolume and the sampler compare
what was trained alike.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from anenas._durations import duration
from anenas.search._evaluation import WEIGHTS, Evaluation
from anenas.search._evaluator import Evaluator, FinalEvaluator
from anenas.search._study import Phase, Study
from anenas.search._trial import CompletedTrial
from anenas.search.executors import Executor, Task, TrialFiles, run_all
from anenas.space import Architecture
from anenas.tasks import TASKS, Classification

FinalModels = Literal["exports", "all", "none"]
"""What is trained finally: the models that are exported, the whole front, or nothing."""

FINAL_MODELS: tuple[FinalModels, ...] = get_args(FinalModels)

CYCLES = (2, 4)
"""Length of each cycle where no number of epochs was asked for, in brief trainings. A third, of eight, would take
longer than both, and seldom makes anything better."""

MOST_OF_TIMEOUT = 1 / 3
"""Of the time of a search, what is kept for final training at most."""

_TEACHES = 1 / 2  # of a network's errors are what another makes that teaches it, at most
_FORWARD = 1 / 3  # of the time of a step of training, what the network's answers take: the rest is its gradients
_PARTS = 50  # in which cycles are cut to the time there is
_MARGIN = 1.25  # of that time: a machine that is shared is now faster, now slower, and what is not done in time is lost

_Planned = tuple[CompletedTrial, tuple[int, ...]]
"""A model with the cycles that it is trained for."""

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
        trials: Numbers of completed trials that are trained as well.
    """

    study: Study
    evaluator: Evaluator
    executor: Executor
    data: Path | None = None
    models: FinalModels = "all"
    epochs: int | None = None
    trials: tuple[int, ...] = ()

    def reserve(self, timeout: float) -> float:
        """Seconds of the time of a search that are to be kept for this phase, by what has completed so far."""
        if not isinstance(self.evaluator, FinalEvaluator):
            return 0.0
        return min(MOST_OF_TIMEOUT * timeout, self._seconds(self._plan()))

    def run(self, deadline: float = math.inf) -> None:
        """Train what has not been trained so far, or for fewer epochs than now.

        Args:
            deadline: By `time.monotonic`. What is being trained then ships as it was, and is trained anew next time.
        """
        for number in sorted({*self.trials} - {trial.number for trial in self.study.completed}):
            _log.warning("trial %d has not completed, so it is not trained further", number)
        if not self._wanted():
            return
        if not isinstance(self.evaluator, FinalEvaluator):
            _log.info("no final training: %s has no `finish`", type(self.evaluator).__name__)
            return
        plan = self._plan()
        if not plan:
            return
        plan = self._within(plan, deadline - time.monotonic())
        if not plan:
            _log.info("no final training: no time is left; to do it, run again without a timeout")
            return
        seconds = self._seconds(plan)
        _log.info("final training: %s", self._announced(plan, seconds))
        self.study.enter(Phase("final training", 0, len(plan), seconds))
        left = [number for group in _in_turn(plan) for number in self._train(self.evaluator, group, deadline)]
        if left:
            numbers = ", ".join(map(str, sorted(left)))
            _log.info("final training ran out of time: trial %s ships as it was; run again to train it", numbers)

    def _train(self, evaluator: FinalEvaluator, plan: Sequence[_Planned], deadline: float) -> set[int]:
        """Train models side by side and keep what is better for it; the numbers of those that time ran out for."""
        left = {trial.number: (trial, sum(cycles)) for trial, cycles in plan}
        teachers = {trial.number: teacher for trial, _ in plan if (teacher := self._teacher(trial))}
        if teachers:
            learning = ", ".join(map(str, sorted(teachers)))
            best = next(iter(teachers.values()))
            score = self.study.metric.words(best.shipped.score)
            _log.info("taught by trial %d (%s): trial %s", best.number, score, learning)
        tasks = {}
        for trial, cycles in sorted(plan, key=lambda one: self._training_seconds(*one), reverse=True):
            finish = functools.partial(evaluator.finish, trial.architecture, cycles=cycles)
            weights = self.study.trial_folder(trial.number) / WEIGHTS
            teacher = teachers.get(trial.number)
            answers = self.study.shipped_folder(teacher) / WEIGHTS if teacher else None
            folder = self.study.final_workspace(trial.number)
            tasks[trial.number] = Task(finish, TrialFiles(folder, self.data, weights, answers))
        for number, outcome in run_all(self.executor, tasks.items(), deadline):
            trial, epochs = left.pop(number)
            self.study.enter(dataclasses.replace(self.study.phase, done=self.study.phase.done + 1))
            before = trial.shipped.score
            if outcome.error is not None:
                self.study.check_room(outcome.error)
                _log.warning("final training of trial %d failed, so it ships as it was: %s", number, outcome.error)
            elif self.study.set_final(number, epochs, _after(trial, outcome.value, teachers.get(number))):
                words = self.study.metric.words
                _log.info("trial %d: %s → %s", number, words(before), words(outcome.value.score))
            else:
                _log.info("trial %d: final training did not improve it, so it ships as it was", number)
        return set(left)

    def _plan(self) -> list[_Planned]:
        """The models to train, each with its cycles, without those that have had as much."""
        plan = [(trial, self._cycles(trial)) for trial in self._wanted()]
        return [(trial, cycles) for trial, cycles in plan if not trial.final or trial.final.epochs < sum(cycles)]

    def _wanted(self) -> list[CompletedTrial]:
        chosen: list[CompletedTrial] = []
        if self.models != "none":
            chosen += self.study.front if self.models == "all" else self.study.picks.values()
        if self.trials:  # a search asks often, and may have many trials
            chosen += [trial for trial in self.study.completed if trial.number in self.trials]
        return list({trial.number: trial for trial in chosen}.values())

    def _cycles(self, trial: CompletedTrial) -> tuple[int, ...]:
        return (self.epochs,) if self.epochs else tuple(times * self._brief(trial) for times in CYCLES)

    def _brief(self, trial: CompletedTrial) -> int:
        """Epochs of its brief training."""
        epochs_of: Callable[[Architecture], int] | None = getattr(self.evaluator, "epochs_of", None)
        return epochs_of(trial.architecture) if epochs_of else self.study.settings.epochs

    def _best_pretrained(self) -> CompletedTrial | None:
        if not isinstance(TASKS[self.study.settings.task], Classification):  # answers are learned as probabilities
            return None
        pretrained = (one for one in self.study.completed if one.architecture.backbone)
        return min(pretrained, key=lambda one: one.shipped.shortfall, default=None)

    def _teacher(self, trial: CompletedTrial) -> CompletedTrial | None:
        """The most accurate pretrained network, where the trial's began from nothing and is far less accurate."""
        best, shortfall = self._best_pretrained(), trial.evaluation.shortfall
        if trial.architecture.backbone or best is None or best.shipped.shortfall > _TEACHES * shortfall:
            return None
        return best

    def _seconds(self, plan: Sequence[_Planned]) -> float:
        """What it takes at most, from what the brief trainings took."""
        groups = [[self._training_seconds(*one) for one in group] for group in _in_turn(plan)]
        return sum(max(*each, sum(each) / self.executor.slots) for each in groups)

    def _training_seconds(self, trial: CompletedTrial, cycles: Sequence[int]) -> float:
        """Of one model. Whatever can be taught is counted as taught: how good its teacher will be is not known yet."""
        whole = sum(trial.evaluation.seconds.values())
        training = trial.evaluation.seconds.get("train", whole)
        epoch = training / self._brief(trial)
        if not trial.architecture.backbone and (teacher := self._best_pretrained()):
            epoch += _FORWARD * teacher.evaluation.seconds.get("train", 0.0) / self._brief(teacher)
        return epoch * sum(cycles) + whole - training

    def _within(self, plan: list[_Planned], seconds: float) -> list[_Planned]:
        """The plan with cycles cut to what can be done in so many seconds; nothing where that is less than an epoch."""
        for part in range(_PARTS, 0, -1):
            cut = [(trial, _cut(cycles, sum(cycles) * part // _PARTS)) for trial, cycles in plan]
            if _MARGIN * self._seconds(cut) <= seconds:
                return [(trial, cycles) for trial, cycles in cut if cycles]
        return []

    def _announced(self, plan: Sequence[_Planned], seconds: float) -> str:
        count, epochs = len(plan), max(sum(cycles) for _, cycles in plan)
        parts = [f"{count} model" + ("" if count == 1 else "s")]
        most = "at most " if any(len(cycles) > 1 for _, cycles in plan) else ""
        parts.append(f"{most}{epochs} epoch{'' if epochs == 1 else 's'}" + (" each" if count > 1 else ""))
        if seconds >= 1:
            parts.append(f"{most}about {duration(seconds)}")
        return ", ".join(parts)


def _in_turn(plan: Sequence[_Planned]) -> list[list[_Planned]]:
    """First pretrained networks, as they may teach; then those that began from nothing."""
    groups = [[one for one in plan if bool(one[0].architecture.backbone) == is_first] for is_first in (True, False)]
    return [group for group in groups if group]


def _after(trial: CompletedTrial, evaluation: Evaluation | None, teacher: CompletedTrial | None) -> Evaluation | None:
    """An evaluation with what the evaluator cannot know: how long its weights had been trained, and by whom."""
    if evaluation is None:
        return None
    before = trial.evaluation.total_steps
    return dataclasses.replace(
        evaluation,
        donor=trial.number,
        origin=f"trial {trial.number}",
        total_steps=before and before + evaluation.trained_steps,
        teacher=teacher.number if teacher else None,
    )


def _cut(cycles: Sequence[int], epochs: int) -> tuple[int, ...]:
    """The first so many epochs of them."""
    found = []
    for cycle in cycles:
        found.append(min(cycle, epochs))
        epochs -= found[-1]
    return tuple(cycle for cycle in found if cycle)

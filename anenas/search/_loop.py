"""The search: ask, estimate, evaluate, tell."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import logging
import math
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from anenas._errors import AnenasError
from anenas.search._candidates import Candidates
from anenas.search._donor import Donors, Pretrained, nothing
from anenas.search._early_stopping import WAITING, EarlyStopping, Rungs
from anenas.search._evaluation import WEIGHTS, Evaluation
from anenas.search._measuring import NoDevices
from anenas.search._objectives import Objective
from anenas.search._probe import probe_backbones
from anenas.search._problem import Problem, held_against
from anenas.search._study import Study
from anenas.search._trial import FinishedTrial, Trial
from anenas.search.executors import Executor, Outcome, Task, TrialFiles
from anenas.search.samplers import Sampler
from anenas.space import Architecture, is_least

_log = logging.getLogger(__name__)

_HOPELESS = 5  # this many failures alike before anything has worked are no accident,
_BROKEN = 20  # nor are this many in a row later on


@dataclass
class Search:
    """One run of a search.

    Attributes:
        study: Where everything is recorded.
        problem: What is searched: a space, what judges its architectures, and what they must keep.
        sampler: What suggests architectures.
        executor: Where they are trained; it is entered.
        data: Folder that every evaluation reads, if there is one.
        first: What to try before anything that the sampler suggests.
        rungs: The budgets at which trials are compared, and all but the best stopped.
        inherit: Whether a trial begins with the weights of the completed one that is most like it.
        pretrained: File with the weights that a trial of an architecture begins with, where it has no donor.
        ancestor: The network that all of the space are parts of, where `pretrained` has its weights.
        devices: What measures the packages of completed trials; nothing by default.
    """

    study: Study
    problem: Problem
    sampler: Sampler
    executor: Executor
    data: Path | None = None
    first: Sequence[Architecture] = ()
    rungs: Rungs = field(default_factory=Rungs)
    inherit: bool = False
    pretrained: Pretrained = nothing
    ancestor: Architecture | None = None
    devices: NoDevices = field(default_factory=NoDevices)

    def run(self, trials: float, deadline: float = math.inf, reserve: Callable[[], float] = lambda: 0.0) -> None:
        """Search until the study holds `trials` completed trials, the deadline passes or nothing is left to try.

        Args:
            trials: Completed trials that the study shall hold in the end; infinity where only time bounds it.
            deadline: By `time.monotonic`. What is running or paused then is left to go on next time.
            reserve: Seconds before the deadline that are left for what comes after the search, as they are known by
                now.

        Raises:
            AnenasError: If nothing fits the limits, no trained network keeps them, the first trials all fail alike, or
                the disk is full: what ran then is left to go on next time.
        """
        left = self.study.unanswered(self.problem)
        to_probe = [trial for trial in left if self.rungs.probes and trial.architecture.backbone]
        left = [trial for trial in left if trial not in to_probe]
        self._candidates = Candidates(self.study, self.problem, self.sampler, self.first, left)
        self._follow_devices()
        self._stopping = EarlyStopping(self.rungs, self.study, self.problem.limits)
        self._donors = Donors(self.study, self.problem, self.ancestor) if self.inherit else None
        self._running: dict[int, Trial] = {}
        self._again = self._paused_at_no_rung()
        self._died: set[int] = set()
        self._wanted = trials
        if self.rungs.probes:
            self._probe(to_probe, deadline - reserve())
            self._note_whole_network()
        elif self.ancestor:
            self.study.note_reference(self.ancestor)
        while time.monotonic() < (until := deadline - reserve()):
            self.devices.begin()
            while len(self._running) < self.executor.slots and (trial := self._next(trials, until)):
                self._begin(trial)
            if not self._running and not self.devices.is_busy:
                if time.monotonic() < until:
                    self._stop_all_but(0)
                    if len(self.study.completed) < trials:
                        _log.info("the search ends early: every network within the limits has been tried")
                return
            for number, outcome in self.devices.take(self.executor.wait(until - time.monotonic())):
                self._end(self._running.pop(number), outcome)
            self._follow_devices()
            self._stop_all_but(WAITING)

    def _next(self, trials: float, deadline: float) -> Trial | None:
        """The trial to train next: a retry, one that goes on from its rung, or a new one."""
        if self._again:
            return self._again.pop()
        if len(self.study.completed) + len(self._running) >= trials:
            ending = sum(self._goal(trial) == 1 for trial in self._running.values())
            if len(self.study.completed) + ending >= trials:
                return None
        reference = (n for n, trial in self.study.paused.items() if self.study.is_reference(trial.architecture))
        if (number := next(reference, None)) is not None:
            return self.study.resume(number)
        if (number := self._stopping.promoted(self._running)) is not None:
            return self.study.resume(number)
        if (trial := self._candidates.next(self._running, deadline)) or self._running:
            return trial
        number = self._stopping.promoted(self._running, any_waiting=True)  # nothing is new: what waits is all there is
        return None if number is None else self.study.resume(number)

    def _follow_devices(self) -> None:
        """Let estimates be what measurements make of them."""
        self.problem = self._candidates.problem = self.devices.adapted(self.problem)

    def _goal(self, trial: Trial) -> float:
        """The fraction of its training that a trial has had when it pauses or ends next."""
        return self.rungs.after(trial.budget_fraction, probed=trial.is_probed)

    def _begin(self, trial: Trial) -> None:
        if self._donors and not trial.rungs and not trial.architecture.backbone:
            trial = dataclasses.replace(trial, donor=self._donors.nearest(trial.architecture))
        learned = self.pretrained(trial.architecture)
        donor = learned.file if learned else None
        if trial.donor is not None:
            donor = self.study.trial_folder(trial.donor) / WEIGHTS
        evaluate = functools.partial(
            self.problem.evaluator.evaluate,
            trial.architecture,
            budget_fraction=self._goal(trial),
        )
        self._running[trial.number] = trial
        self.executor.submit(trial.number, Task(evaluate, TrialFiles(self.study.workspace(trial), self.data, donor)))

    def _end(self, trial: Trial, outcome: Outcome) -> None:
        for line in outcome.said:
            _log.warning("trial %d: %s", trial.number, line)
        if outcome.error is not None:
            self.study.check_room(outcome.error)
        if outcome.died and trial.number not in self._died:
            self._died.add(trial.number)  # a worker that dies costs its trial one retry
            self._again.append(trial)
        elif outcome.error is not None:
            self.study.fail(trial, outcome.error)
            self._stop_if_hopeless()
        else:
            evaluation = self._with_origin(outcome.value, trial)
            if evaluation.budget_fraction < 1:
                self.study.pause(trial, evaluation)
            else:
                self.study.complete(trial, evaluation, self.problem.violations(evaluation))
                self._stop_if_out_of_reach()

    def _probe(self, left: Sequence[Trial], deadline: float) -> None:
        study, problem = self.study, self.problem
        architectures = problem.space.pretrained(problem.classes)  # type: ignore[attr-defined]
        probe_backbones(study, problem, self.executor, architectures, self.data, self.pretrained, left, deadline)

    def _note_whole_network(self) -> None:
        """The reference is, of the pretrained networks that are whole, the one with the best probe."""
        probed = [trial for trial in self.study.paused.values() if trial.is_probed and trial.architecture.backbone]
        whole = [trial for trial in probed if trial.architecture.backbone and not trial.architecture.backbone.cut]
        if whole:
            best = min(
                whole, key=lambda trial: (trial.rungs[-1].shortfall, [-size for size in trial.architecture.input])
            )
            self.study.note_reference(best.architecture)

    def _with_origin(self, evaluation: Evaluation, trial: Trial) -> Evaluation:
        """What the evaluator cannot know: whose weights it began with, and how long those had been trained."""
        number = trial.donor
        if number is None:
            learned = self.pretrained(trial.architecture)
            return dataclasses.replace(evaluation, origin=learned.origin) if learned else evaluation
        donor = self.study.trial(number)
        assert isinstance(donor, FinishedTrial) and donor.evaluation
        before = donor.evaluation.total_steps
        total = before and before + evaluation.trained_steps  # of trials of earlier versions nothing tells
        return dataclasses.replace(evaluation, donor=number, origin=f"trial {number}", total_steps=total)

    def _paused_at_no_rung(self) -> list[Trial]:
        """Trials that were paused where there is no rung any more: not to be compared, they go on as they are."""
        numbers = [n for n, trial in self.study.paused.items() if trial.budget_fraction not in self.rungs.fractions]
        return [self.study.resume(number) for number in numbers]

    def _stop_all_but(self, kept: int) -> None:
        """Stop the trials that wait at each rung behind the best `kept`."""
        for number, reason in self._stopping.left_behind(self._running, kept):
            self.study.stop(number, reason)

    def _stop_if_out_of_reach(self) -> None:
        """Say, at 5, 10, 20 … trained networks none of which keeps the limits, how near they come; stop at last."""
        if self.study.completed:
            return
        missed = [trial for trial in self.study.finished if trial.violations and trial.evaluation]
        count = len(missed)
        if count < _HOPELESS:
            return
        best = self._best_of(missed)
        if count >= max(_BROKEN, 2 * self._wanted):
            raise AnenasError(f"{count} networks were trained and none satisfies the limits: {best}; loosen the limits")
        if (count // _HOPELESS).bit_count() == 1 and count % _HOPELESS == 0:
            _log.warning(f"{count} networks were trained and none satisfies the limits so far: {best}")

    def _best_of(self, missed: Sequence[FinishedTrial]) -> str:
        """The best value of each limit that they miss, for people."""
        told, bounds, bound = [], self.problem.limits.bounds, self.problem.latency_bound
        held = [held_against(trial.evaluation, bounds, bound) for trial in missed if trial.evaluation]
        for name in dict.fromkeys(name for trial in missed for name in trial.violations):
            best = (max if is_least(name) else min)((one[name] for one in held if name in one), default=math.nan)
            limit = bounds[name.partition("@")[0] if name not in bounds else name]
            objective = Objective(name, 0.0)
            end = ", by the upper end of its interval" if objective.is_latency and bound == "upper" else ""
            told.append(f"{name} {'≥' if is_least(name) else '≤'} {limit:g}, {objective.describe_best(best)}{end}")
        return "; ".join(told)

    def _stop_if_hopeless(self) -> None:
        enough = _BROKEN if self.study.completed or self.study.paused else _HOPELESS
        ended = (trial for trial in reversed(self.study.finished) if trial.state in ("completed", "failed"))
        last = list(itertools.islice(ended, enough))
        # Alike: but for numbers, such as the step at which a loss became NaN.
        kinds = {re.sub(r"\d+", "#", trial.reason) for trial in last}
        if len(last) == enough and len(kinds) == 1 and last[0].state == "failed":
            raise AnenasError(f"{enough} trials in a row failed in the same way: {last[0].reason}")

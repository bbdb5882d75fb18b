"""The search: ask, estimate, evaluate, tell."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from anenas._errors import AnenasError
from anenas.search._evaluation import Evaluator
from anenas.search._pool import Outcome, Pool
from anenas.search._study import Study, Trial
from anenas.space import Architecture, Limits, SearchSpace

_TRIES = 2  # a worker that dies costs its trial one retry
_HOPELESS = 5  # so many failures alike before anything has worked are no accident,
_BROKEN = 20  # nor are so many in a row later on
_PATIENCE = 30  # suggestions in a row that are known or infeasible before new ones are drawn at random
_DRAWS = 500


@dataclass
class Search:
    """One run of a search.

    Attributes:
        study: Where everything is recorded.
        space: What is searched.
        classes: How many classes the networks tell apart.
        evaluator: What judges architectures.
        pool: Where they are trained.
        limits: What a network must stay within to be trained.
        changed: Called with the study after every answer.
    """

    study: Study
    space: SearchSpace
    classes: int
    evaluator: Evaluator
    pool: Pool
    limits: Limits
    changed: Callable[[Study], None]

    def run(self, trials: int, deadline: float | None = None) -> None:
        """Search until the study holds `trials` completed trials, the deadline passes or nothing is left to try.

        Args:
            trials: Completed trials that the study shall hold in the end.
            deadline: By `time.monotonic`. What is running then is left to be run again next time.

        Raises:
            AnenasError: If nothing fits the limits, or the first trials all fail alike.
        """
        waiting = self.study.unanswered(self.space, self.classes)
        running: dict[int, Trial] = {}
        tries: dict[int, int] = {}
        while True:
            while self.pool.idle and len(self.study.completed) + len(running) < trials:
                trial = waiting.pop() if waiting else self._suggest(running)
                if trial is None:
                    break
                tries[trial.number] = tries.get(trial.number, 0) + 1
                running[trial.number] = trial
                self.pool.submit(trial.number, self.evaluator.evaluate, trial.architecture, self.study.workspace(trial))
            if not running:
                return
            remaining = None if deadline is None else deadline - time.monotonic()
            if remaining is not None and remaining <= 0:
                return
            for number, outcome in self.pool.wait(remaining):
                trial = running.pop(number)
                if outcome.died and tries[number] < _TRIES:
                    waiting.append(trial)
                else:
                    self._answer(trial, outcome)

    def _suggest(self, running: dict[int, Trial]) -> Trial | None:
        """The next trial worth training, or None where there is nothing new; what is not worth it is recorded."""
        busy = {trial.architecture for trial in running.values()}
        for _ in range(_PATIENCE):
            trial = self.study.ask(self.space, self.classes)
            if self._is_worth_training(trial, busy):
                return trial
            self.changed(self.study)
        drawn = self._draw(busy)
        return self.study.ask_about(drawn, self.space) if drawn else None

    def _is_worth_training(self, trial: Trial, busy: set[Architecture]) -> bool:
        earlier = self.study.known(trial.architecture)
        if earlier or trial.architecture in busy:
            self.study.repeat(trial, earlier)
            return False
        estimate = self.evaluator.estimate(trial.architecture)
        violations = self.limits.violations(estimate.size_mb, estimate.latency.ms)
        if violations or estimate.broken_rules:
            self.study.reject(trial, estimate, violations)
            return False
        return True

    def _draw(self, busy: set[Architecture]) -> Architecture | None:
        """An architecture drawn uniformly that is new and within the limits.

        Raises:
            AnenasError: If none of many is within them and nothing ever was.
        """
        rng = random.Random(len(self.study.records))
        smallest = fastest = float("inf")
        for _ in range(_DRAWS):
            architecture = self.space.sample(rng, classes=self.classes)
            if self.study.known(architecture) or architecture in busy:
                continue
            estimate = self.evaluator.estimate(architecture)
            smallest, fastest = min(smallest, estimate.size_mb), min(fastest, estimate.latency.ms)
            if not estimate.broken_rules and not self.limits.violations(estimate.size_mb, estimate.latency.ms):
                return architecture
        if not busy and not self.study.completed and smallest < float("inf"):
            raise AnenasError(
                f"nothing in '{self.space.name}' is within the limits: the smallest of {_DRAWS} architectures takes "
                f"{smallest:.2f} MB, the fastest {fastest:.3f} ms; raise --max-size or --max-latency"
            )
        return None

    def _answer(self, trial: Trial, outcome: Outcome) -> None:
        if outcome.error is None:
            evaluation = outcome.value
            violations = self.limits.violations(evaluation.size_mb, evaluation.latency.ms)
            self.study.complete(trial, evaluation, violations)
        else:
            self.study.fail(trial, outcome.error)
        self.changed(self.study)
        self._stop_if_hopeless()

    def _stop_if_hopeless(self) -> None:
        enough = _BROKEN if self.study.completed else _HOPELESS
        last = [record for record in self.study.records if record.state in ("completed", "failed")][-enough:]
        if len(last) == enough and all(r.state == "failed" and r.reason == last[0].reason for r in last):
            raise AnenasError(f"{enough} trials in a row failed alike: {last[0].reason}")

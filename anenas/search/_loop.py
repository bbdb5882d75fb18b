"""The search: ask, estimate, evaluate, tell."""

from __future__ import annotations

import dataclasses
import math
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from anenas._errors import AnenasError
from anenas.search._donor import Donors
from anenas.search._evaluation import Evaluation
from anenas.search._objectives import METRICS
from anenas.search._pool import Inline, Outcome, Pool
from anenas.search._problem import Problem
from anenas.search._record import Trial
from anenas.search._rungs import WAITING, Rungs, expected_accuracy, ordinal, ranking
from anenas.search._study import Study
from anenas.space import LEAST, Architecture, draw

_HOPELESS = 5  # so many failures alike before anything has worked are no accident,
_BROKEN = 20  # nor are so many in a row later on
_PATIENCE = 30  # suggestions in a row that are known or infeasible before new ones are drawn at random
_DRAWS = 500


@dataclass
class Search:
    """One run of a search.

    Attributes:
        study: Where everything is recorded.
        problem: What is searched: a space, what judges its architectures, and what they must keep.
        pool: Where they are trained.
        changed: Called with the study after every answer.
        first: What to try before anything that the sampler suggests.
        rungs: The budgets at which trials are compared, and all but the best stopped.
        inherit: Whether a trial begins with the weights of the completed one that is most like it.
    """

    study: Study
    problem: Problem
    pool: Pool | Inline
    changed: Callable[[Study], None]
    first: list[Architecture] = field(default_factory=list)
    rungs: Rungs = field(default_factory=Rungs)
    inherit: bool = False
    _died: set[int] = field(default_factory=set)

    def run(self, trials: float, deadline: float = math.inf) -> None:
        """Search until the study holds `trials` completed trials, the deadline passes or nothing is left to try.

        Args:
            trials: Completed trials that the study shall hold in the end; infinity where only time bounds it.
            deadline: By `time.monotonic`. What is running or paused then is left to go on next time.

        Raises:
            AnenasError: If nothing fits the limits, or the first trials all fail alike.
        """
        donors = Donors(self.study, self.problem.space) if self.inherit else None
        left = self.study.unanswered(self.problem.space, self.problem.classes)
        # Paused at what is no rung any more, they cannot be compared: they go on as they are.
        again = [self.study.resume(t.number) for t in [*self.study.paused.values()] if t.share not in self.rungs.shares]
        running: dict[int, Trial] = {}
        while time.monotonic() < deadline:
            while self.pool.idle and (again or len(self.study.completed) + self._ending(running) < trials):
                trial = again.pop() if again else self._promoted(running) or self._next(left, running, deadline)
                if trial is None and not running:  # nothing is new: what waits is all that there is
                    trial = self._promoted(running, all_of_them=True)
                if trial is None:
                    break
                if donors and not trial.rungs:
                    trial = dataclasses.replace(trial, donor=donors.nearest(trial.architecture))
                running[trial.number] = trial
                share, folder = self.rungs.after(trial.share), self.study.workspace(trial)
                donor = None if trial.donor is None else self.study.trial_folder(trial.donor)
                evaluate = self.problem.evaluator.evaluate
                self.pool.submit(trial.number, evaluate, trial.architecture, folder, share, donor)
            if not running:
                if time.monotonic() < deadline:
                    self._stop_behind(0, running)
                return
            for number, outcome in self.pool.wait(deadline - time.monotonic()):
                trial = running.pop(number)
                if outcome.died and number not in self._died:
                    self._died.add(number)  # a worker that dies costs its trial one retry
                    again.append(trial)
                else:
                    self._answer(trial, outcome)
            self._stop_behind(WAITING, running)

    # Rungs

    def _ending(self, running: dict[int, Trial]) -> int:
        """How many trials are on the way to their whole budget."""
        return sum(self.rungs.after(trial.share) == 1 for trial in running.values())

    def _promoted(self, running: dict[int, Trial], *, all_of_them: bool = False) -> Trial | None:
        """The trial to train on, if there is one: of the highest rung, the best of those that wait there.

        Args:
            running: What is being trained.
            all_of_them: Whether any that waits may go on, rather than one in so many of the rung.
        """
        trained = self._trained(running)
        for share in reversed(self.rungs.shares[:-1]):
            reached = sum(share in past for past in trained.values())
            waiting = self._waiting(share)
            stopped = (record for record in self.study.records if record.state == "stopped")
            left = sum(record.rungs[-1].share == share for record in stopped)
            go_on = reached if all_of_them else self.rungs.going_on(reached)
            if waiting and reached - len(waiting) - left < go_on:
                best = next((number for number in self._ranked(share, trained)[:go_on] if number in waiting), None)
                if best is not None:
                    return self.study.resume(best)
        return None

    def _stop_behind(self, kept: int, running: dict[int, Trial]) -> None:
        """Stop all but so many of the trials that wait at each rung."""
        for i, share in enumerate(self.rungs.shares[:-1], start=1):
            waiting = self._waiting(share)
            if len(waiting) > kept:
                numbers = self._ranked(share, self._trained(running))
                for number in [number for number in numbers if number in waiting][kept:]:
                    place = ordinal(numbers.index(number) + 1)
                    self.study.stop(number, f"rung {i} of {self.rungs.count}: {place} of {len(numbers)}")
                    self.changed(self.study)

    def _trained(self, running: dict[int, Trial]) -> dict[int, dict[float, Evaluation]]:
        """What each trial that has been at a rung was, wherever it is now, by the share of its training."""
        past = {r.number: (*r.rungs, *filter(None, [r.evaluation])) for r in self.study.records if r.rungs}
        past |= {trial.number: trial.rungs for trial in [*self.study.paused.values(), *running.values()]}
        return {number: {e.share: e for e in rungs} for number, rungs in sorted(past.items()) if rungs}

    def _ranked(self, share: float, trained: dict[int, dict[float, Evaluation]]) -> list[int]:
        """The trials that have been at a rung, the best first; after the others those that are not expected to be
        accurate enough in the end.
        """
        objectives, limits = self.study.objectives, self.problem.limits
        reached = {number: past[share] for number, past in trained.items() if share in past}
        best_first = ranking(objectives.losses(map(objectives.point, reached.values())))
        accuracies = [{at: e.accuracy for at, e in past.items()} for past in trained.values()]
        expected = dict(zip(trained, expected_accuracy(accuracies), strict=True))
        numbers = list(reached)
        return sorted((numbers[i] for i in best_first), key=lambda n: limits.violation("accuracy", expected[n]) > 0)

    def _waiting(self, share: float) -> set[int]:
        return {number for number, trial in self.study.paused.items() if trial.share == share}

    def _next(self, left: list[Trial], running: dict[int, Trial], deadline: float) -> Trial | None:
        """The next trial worth training, or None where there is nothing new; what is not worth it is recorded.

        Trials left by an earlier process come first: it may have died before it judged them.
        """
        busy = {trial.architecture for trial in [*running.values(), *self.study.paused.values()]}
        suggested = 0
        while left or self.first or suggested < _PATIENCE:
            if time.monotonic() > deadline:
                return None
            suggested += not (left or self.first)
            trial = left.pop() if left else self._ask()
            if self._is_worth_training(trial, busy):
                return trial
            self.changed(self.study)
        drawn = self._draw(busy, deadline)
        return self.study.ask_about(drawn, self.problem.space) if drawn else None

    def _ask(self) -> Trial:
        while self.first:
            architecture = self.first.pop(0)
            if self.study.known(architecture) is None:  # by an earlier run, which began with it too
                return self.study.ask_about(architecture, self.problem.space)
        return self.study.ask(self.problem.space, self.problem.classes)

    def _is_worth_training(self, trial: Trial, busy: set[Architecture]) -> bool:
        earlier = self.study.known(trial.architecture)
        if earlier or trial.architecture in busy:
            self.study.repeat(trial, earlier)
            return False
        estimate = self.problem.evaluator.estimate(trial.architecture)
        violations = self.problem.violations(estimate)
        if violations or estimate.broken_rules:
            self.study.reject(trial, estimate, violations)
            return False
        return True

    def _draw(self, busy: set[Architecture], deadline: float) -> Architecture | None:
        """An architecture drawn uniformly that is new and within the limits.

        Raises:
            AnenasError: If none of many is within them and nothing ever was.
        """
        rng = random.Random(len(self.study.records))
        best: dict[str, float] = {}
        for _ in range(_DRAWS):
            if time.monotonic() > deadline:
                return None
            architecture, _ = draw(self.problem.decide, rng)
            if self.study.known(architecture) or architecture in busy:
                continue
            estimate = self.problem.evaluator.estimate(architecture)
            if not estimate.broken_rules and not self.problem.violations(estimate):
                return architecture
            for name in self.problem.limits.model_dump(exclude_none=True, exclude={"accuracy"}):
                value = METRICS[name].read(estimate)
                assert value is not None
                best[name] = (max if name in LEAST else min)(value, best.get(name, value))
        if not busy and not self.study.completed and best:
            of_draws = ", ".join(METRICS[name].told(value) for name, value in best.items())
            upper = "latency_ms" in best and self.problem.latency_bound == "upper"
            held = " (a latency's limit holds for the upper end of its interval)" if upper else ""
            raise AnenasError(
                f"nothing in '{self.problem.space.name}' is within the limits; of {_DRAWS} architectures: {of_draws}"
                f"{held}; mend the limits"
            )
        return None

    def _answer(self, trial: Trial, outcome: Outcome) -> None:
        if outcome.error is None:
            evaluation = dataclasses.replace(outcome.value, donor=trial.donor)
            if evaluation.share < 1:
                self.study.pause(trial, evaluation)
                self.changed(self.study)
                return
            violations = self.problem.violations(evaluation)
            self.study.complete(trial, evaluation, violations)
        else:
            self.study.fail(trial, outcome.error)
        self.changed(self.study)
        self._stop_if_hopeless()

    def _stop_if_hopeless(self) -> None:
        enough = _BROKEN if self.study.completed or self.study.paused else _HOPELESS
        last = [record for record in self.study.records if record.state in ("completed", "failed")][-enough:]
        # Alike: but for numbers, such as the step at which a loss became NaN.
        kinds = {re.sub(r"\d+", "#", record.reason) for record in last}
        if len(last) == enough and len(kinds) == 1 and last[0].state == "failed":
            raise AnenasError(f"{enough} trials in a row failed alike: {last[0].reason}")

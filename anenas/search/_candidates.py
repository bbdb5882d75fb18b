"""The next trial that is worth training: asked for, held against what is known and against the limits."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence

from anenas._errors import AnenasError
from anenas.search._objectives import Objective
from anenas.search._problem import Problem, held_against
from anenas.search._study import Study
from anenas.search._trial import Trial
from anenas.search.samplers import Sampler
from anenas.space import Architecture, draw, is_least

_PATIENCE = 30  # suggestions in a row that are known or infeasible before new ones are drawn at random
_DRAWS = 500


def keeps_limits(study: Study, problem: Problem, trial: Trial) -> bool:
    """Whether a trial is within the limits by its estimate; one that is not is recorded as infeasible."""
    estimate = problem.evaluator.estimate(trial.architecture)
    violations = problem.violations(estimate)
    if violations or estimate.broken_rules:
        study.reject(trial, estimate, violations)
        return False
    return True


class Candidates:
    """Where new trials come from: what was left unanswered, what is to be tried first, then the sampler.

    Args:
        study: Where they are recorded, those that are not worth training too.
        problem: What is searched.
        sampler: What suggests architectures.
        first: What to try before anything that the sampler suggests.
        left: Trials that an earlier process asked about and did not live to answer. It may have died before it judged
            them.

    Attributes:
        problem: What is searched; its estimates may change.
    """

    def __init__(
        self, study: Study, problem: Problem, sampler: Sampler, first: Sequence[Architecture], left: Sequence[Trial]
    ) -> None:
        self._study, self.problem, self._sampler = study, problem, sampler
        self._first, self._left = list(first), list(left)

    def next(self, running: Mapping[int, Trial], deadline: float) -> Trial | None:
        """The next trial to train, or None where there is nothing new; what is not worth training is recorded.

        Args:
            running: What is being trained, by number.
            deadline: By `time.monotonic`; None is the answer once it has passed.

        Raises:
            AnenasError: If no architecture is within the limits, and none ever was.
        """
        busy = {trial.architecture for trial in [*running.values(), *self._study.paused.values()]}
        suggested = 0
        while self._left or self._first or suggested < _PATIENCE:
            if not (self._left or self._first) and self._study.known_count + len(busy) >= self.problem.space.size:
                return None
            if time.monotonic() > deadline:
                return None
            suggested += not (self._left or self._first)
            trial = self._left.pop() if self._left else self._ask()
            if self._is_worth_training(trial, busy):
                return trial
        drawn = self._draw(busy, deadline)
        return self._study.ask_about(drawn, self.problem) if drawn else None

    def _ask(self) -> Trial:
        while self._first:
            architecture = self._first.pop(0)
            if self._study.known(architecture) is None:  # by an earlier run, which began with it too
                return self._study.ask_about(architecture, self.problem)
        return self._study.ask(self._sampler, self.problem)

    def _is_worth_training(self, trial: Trial, busy: set[Architecture]) -> bool:
        earlier = self._study.known(trial.architecture)
        if earlier or trial.architecture in busy:
            self._study.repeat(trial, earlier)
            return False
        return keeps_limits(self._study, self.problem, trial)

    def _draw(self, busy: set[Architecture], deadline: float) -> Architecture | None:
        """An architecture drawn uniformly that is new and within the limits."""
        rng = random.Random(len(self._study.finished))
        best: dict[str, float] = {}
        for _ in range(_DRAWS):
            if time.monotonic() > deadline:
                return None
            architecture, _ = draw(self.problem.decide, rng)
            if self._study.known(architecture) or architecture in busy:
                continue
            estimate = self.problem.evaluator.estimate(architecture)
            if not estimate.broken_rules and not self.problem.violations(estimate):
                return architecture
            for name, value in held_against(estimate, self.problem.limits.bounds, self.problem.latency_bound).items():
                best[name] = (max if is_least(name) else min)(value, best.get(name, value))
        if not busy and not self._study.completed and best:
            raise AnenasError(self._nothing_fits(best))
        return None

    def _nothing_fits(self, best: Mapping[str, float]) -> str:
        found = ", ".join(Objective(name, 0.0).describe_best(value) for name, value in best.items())
        upper = "latency_ms" in best and self.problem.latency_bound == "upper"
        held = " (a latency's limit holds for the upper end of its interval)" if upper else ""
        return (
            f"nothing in '{self.problem.space.name}' is within the limits; of {_DRAWS} architectures: {found}{held}; "
            f"loosen the limits"
        )

"""The last phase of a search: what ships, on the test split, which nothing has seen so far."""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from anenas.search._evaluator import Evaluator
from anenas.search._study import Phase, Study
from anenas.search._trial import CompletedTrial
from anenas.search.executors import Executor, Task, TrialFiles, run_all

MOST_OF_TIMEOUT = 1 / 6
"""Of the time of a search, what is kept for testing at most."""

_INTERPRETED = 3  # times as long as a network takes its program at most, input for input

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FrontTesting:
    """The test of a front, and of the reference.

    Attributes:
        study: That was searched.
        evaluator: Of its networks.
        executor: Where they are tested; it is entered before `run`.
        data: Folder that every evaluation reads, if there is one.
        inputs: How many the test split has.
    """

    study: Study
    evaluator: Evaluator
    executor: Executor
    data: Path | None = None
    inputs: int = 0

    def reserve(self, timeout: float) -> float:
        """Seconds of the time of a search that are to be kept for this phase, by what has completed so far."""
        return min(MOST_OF_TIMEOUT * timeout, self._seconds(self._untested()))

    def run(self) -> None:
        """Test what ships and has not been tested; nobody is left without these figures for want of time."""
        further = [trial for trial in self.study.completed if trial.final]
        trials = self._untested(further)
        tasks = {
            trial.number: Task(
                functools.partial(self.evaluator.test, trial.architecture),
                TrialFiles(self.study.shipped_folder(trial), self.data),
            )
            for trial in trials
        }
        seconds = self._seconds(trials) or None
        self.study.enter(Phase("testing", 0, len(tasks), seconds))
        for done, (number, outcome) in enumerate(run_all(self.executor, tasks.items()), start=1):
            if outcome.error is None:
                self.study.set_test_score(number, outcome.value)
            else:
                self.study.check_room(outcome.error)
                _log.warning("trial %d could not be tested: %s", number, outcome.error)
            self.study.enter(Phase("testing", done, len(tasks), seconds))

    def _untested(self, further: Sequence[CompletedTrial] = ()) -> list[CompletedTrial]:
        """What ships, the front, the reference and what was trained further, without what has been tested."""
        reference = self.study.reference
        trials = [*reversed(self.study.front), *([reference] if reference else []), *further]
        distinct = {trial.number: trial for trial in trials}.values()
        return [trial for trial in distinct if trial.test_score is None]

    def _seconds(self, trials: Sequence[CompletedTrial]) -> float:
        """What it takes at most, from what the validation of the networks took; 0 where nothing tells."""
        each = [
            _INTERPRETED * self.inputs * trial.evaluation.seconds.get("validate", 0.0) / trial.evaluation.held_out
            for trial in trials
            if trial.evaluation.held_out
        ]
        return max([*each, sum(each) / self.executor.slots], default=0.0)

"""What a search tells MLflow besides its trials: reports of the front, its test accuracy, and its end."""

from __future__ import annotations

import contextlib
import functools
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

from anenas.report import write_front_csv, write_front_page, write_front_png, write_trials_csv
from anenas.search import CompletedTrial, Evaluator, Executor, Phase, Study, Task, TrialFiles, run_all
from anenas.tracking import MlflowTracker

_log = logging.getLogger(__name__)


class FrontReport:
    """Logs the front's table, picture and page, and every trial, as artifacts of the search's run.

    As a listener of the study it does so whenever MLflow does not have the current front.
    """

    def __init__(self, tracker: MlflowTracker) -> None:
        self._tracker = tracker
        self._logged: list[CompletedTrial] = []

    def __call__(self, study: Study) -> None:
        if study.front != self._logged:
            self.log(study)

    def log(self, study: Study) -> None:
        """Log it as it is now."""
        with tempfile.TemporaryDirectory() as folder:
            new = Path(folder)
            write_front_csv(study, new / "front.csv")
            write_trials_csv(study, new / "trials.csv")
            write_front_png(study, new / "front.png")
            write_front_page(study, new / "front.html")
            if self._tracker.log_files(new):
                self._logged = study.front


@contextlib.contextmanager
def closing(tracker: MlflowTracker) -> Iterator[None]:
    """However the search ends, its run in MLflow ends too."""
    try:
        yield
    except KeyboardInterrupt:
        tracker.close("KILLED")
        raise
    except BaseException:
        tracker.close("FAILED")
        raise
    else:
        tracker.close("FINISHED")


def test_front(study: Study, evaluator: Evaluator, executor: Executor, data: Path | None) -> None:
    """Measure what ships of the front, and the reference, on the test split, which nothing has seen so far."""
    trials = [*reversed(study.front), *([study.reference] if study.reference else [])]
    tasks = {
        trial.number: Task(
            functools.partial(evaluator.test, trial.architecture), TrialFiles(study.shipped_folder(trial), data)
        )
        for trial in {trial.number: trial for trial in trials}.values()
        if trial.test_accuracy is None
    }
    study.enter(Phase("testing", 0, len(tasks)))
    for done, (number, outcome) in enumerate(run_all(executor, tasks.items()), start=1):
        if outcome.error is None:
            study.set_test_accuracy(number, outcome.value)
        else:
            _log.warning("trial %d could not be tested: %s", number, outcome.error)
        study.enter(Phase("testing", done, len(tasks)))

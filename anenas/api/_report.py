"""What a search tells besides its trials: reports of the front and of what ships, and its end."""

from __future__ import annotations

import contextlib
import logging
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from anenas._errors import AnenasError
from anenas.api._evaluate import evaluated, validated
from anenas.data import Dataset
from anenas.report import write_front_csv, write_front_png, write_trials_csv
from anenas.report.evaluation import PAGE, report_files
from anenas.search import TEST_SCORES, CompletedTrial, Study
from anenas.tasks import TASKS
from anenas.tracking import MlflowTracker

_log = logging.getLogger(__name__)


class FrontReport:
    """Logs the front's table and picture, and every trial, as artifacts of the search's run.

    As a listener of the study it does so when the front has changed, and as rarely as keeps it to a hundredth of the
    search's time. `log` at the end adds the page.
    """

    def __init__(self, tracker: MlflowTracker) -> None:
        self._tracker = tracker
        self._logged: list[CompletedTrial] = []
        self._next = 0.0  # by time.monotonic

    def __call__(self, study: Study) -> None:
        began = time.monotonic()
        if study.front != self._logged and began >= self._next:
            self._write(study)
            ended = time.monotonic()
            self._next = ended + 100 * (ended - began)

    def log(self, study: Study, page: Path | None = None) -> None:
        """Log it as it is now; not at all, if it cannot be written.

        Args:
            study: The study.
            page: Of it, which is logged too, if there is one.
        """
        self._write(study, page)

    def _write(self, study: Study, page: Path | None = None) -> None:
        try:
            with tempfile.TemporaryDirectory() as folder:
                new = Path(folder)
                write_front_csv(study, new / "front.csv")
                write_trials_csv(study, new / "trials.csv")
                write_front_png(study, new / "front.png")
                if page:
                    shutil.copy(page, new / PAGE)
                self._tracker.log_files(new)
        except OSError as error:
            _log.warning("the report of the front cannot be written now: %s", error.strerror or error)
        else:
            self._logged = study.front


def report_tests(study: Study, data: Path, tracker: MlflowTracker) -> None:
    """Report what each model that ships gets right and wrong of the test inputs: beside its package, and in MLflow.

    Args:
        study: Whose front has been tested.
        data: Folder of its data, see `Dataset.save_sizes`.
        tracker: Of the study.
    """
    files = report_files(TASKS[study.settings.task])
    for trial in {trial.number: trial for trial in study.picks.values()}.values():
        folder = study.shipped_folder(trial)
        if not (folder / TEST_SCORES).is_file():
            continue  # tested by another evaluator, by an earlier version, or not at all
        try:
            if not all((folder / name).is_file() for name in files):
                tested = Dataset.open(data, ("test",), trial.architecture.input[2:])
                evaluated(study, trial, tested).write(folder)
        except (AnenasError, OSError) as error:
            _log.warning("trial %d has no report on its test: %s", trial.number, error)
        else:
            tracker.log_trial_files(trial.number, [folder / name for name in files], "test")


class ValidationReports:
    """Logs what each model of the front gets right and wrong of the validation inputs, as an artifact of its trial.

    As a listener of the study it does so as soon as a model is on the front, by the scores that its trial has left, and
    again once it has been trained finally. Test inputs are not looked at.

    Args:
        data: Folder of the study's data, see `Dataset.save_sizes`; None where its evaluator brings its own.
        tracker: Of the study.
    """

    def __init__(self, data: Path | None, tracker: MlflowTracker) -> None:
        self._data, self._tracker = data, tracker
        self._logged: set[tuple[int, bool]] = set()  # trials, and whether trained finally

    def __call__(self, study: Study) -> None:
        for trial in study.front if self._data else ():
            if (key := (trial.number, trial.final is not None)) not in self._logged:
                self._logged.add(key)
                self._log(study, trial)

    def _log(self, study: Study, trial: CompletedTrial) -> None:
        assert self._data
        try:
            held_out = Dataset.open(self._data, ("validation",), trial.architecture.input[2:])
            found = validated(study, trial, held_out)
            if found is None:
                return
            with tempfile.TemporaryDirectory() as folder:
                self._tracker.log_trial_files(trial.number, found.write_figures(Path(folder)), "validation")
        except AnenasError as error:
            _log.warning("trial %d has no report on its validation: %s", trial.number, error)


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

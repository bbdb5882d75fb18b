"""What a search tells besides its trials: reports of the front and of what ships, and its end."""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

from anenas._errors import AnenasError
from anenas.api._evaluate import evaluated
from anenas.data import Dataset
from anenas.report import write_front_csv, write_front_page, write_front_png, write_trials_csv
from anenas.report.classes import REPORT_FILES
from anenas.search import TEST_SCORES, CompletedTrial, Study
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
        """Log it as it is now; later, if that cannot be written."""
        try:
            self._log(study)
        except OSError as error:
            _log.warning("the report of the front cannot be written now: %s", error.strerror or error)

    def _log(self, study: Study) -> None:
        with tempfile.TemporaryDirectory() as folder:
            new = Path(folder)
            write_front_csv(study, new / "front.csv")
            write_trials_csv(study, new / "trials.csv")
            write_front_png(study, new / "front.png")
            write_front_page(study, new / "front.html")
            if self._tracker.log_files(new):
                self._logged = study.front


def report_tests(study: Study, data: Path, tracker: MlflowTracker) -> None:
    """Report what each model that ships gets right and wrong of the test inputs: beside its package, and in MLflow.

    Args:
        study: Whose front has been tested.
        data: Folder of its data, see `Dataset.save_sizes`.
        tracker: Of the study.
    """
    for trial in {trial.number: trial for trial in study.picks.values()}.values():
        folder = study.shipped_folder(trial)
        if not (folder / TEST_SCORES).is_file():
            continue  # tested by another evaluator, by an earlier version, or not at all
        try:
            if not all((folder / name).is_file() for name in REPORT_FILES):
                evaluated(study, trial, Dataset.open(data, trial.architecture.input[2:])).write(folder)
        except (AnenasError, OSError) as error:
            _log.warning("trial %d has no report of its test: %s", trial.number, error)
        else:
            tracker.log_trial_files(trial.number, [folder / name for name in REPORT_FILES], "test")


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

"""What a search tells MLflow besides its trials: reports of the front, and its end."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from anenas.report import write_front_csv, write_front_page, write_front_png, write_trials_csv
from anenas.search import CompletedTrial, Study
from anenas.tracking import MlflowTracker


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

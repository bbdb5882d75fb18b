"""Mirroring a study in MLflow beside its search, which never waits for it."""

from __future__ import annotations

import json
import logging
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from anenas._errors import first_line
from anenas._files import write_whole
from anenas.search import Study
from anenas.tracking._connection import without_secrets
from anenas.tracking._data import LoggedSplit
from anenas.tracking._outbox import SEARCH
from anenas.tracking._runs import StudyRuns
from anenas.tracking._snapshot import Snapshot, Status
from anenas.tracking._source import Source

if TYPE_CHECKING:
    from mlflow import MlflowClient

# Seconds.
_SOONEST, _LATEST = 1.0, 30.0  # between two tries while MLflow does not answer
_PATIENCE = 15.0  # at the end, for one that does not answer,
_STILL = 120.0  # for one request,
_LONGEST = 600.0  # and in all
_TOLD = 3.0

_log = logging.getLogger(__name__)


class MlflowTracker:
    """Mirrors a study in a thread of its own: MLflow is brought to what the study holds, as often as it can be.

    So a search that was killed between two steps catches up when it is resumed, and a server that is away for a while
    misses nothing and delays nothing. What is logged is what the study holds then: nothing is queued in memory.

    Args:
        study: The study to mirror.
        store: Folder of the study; runs of its searches that were killed are closed.
        client: Of MLflow, see `connect`.
        source: What the search was started by; None leaves what MLflow has.
        data: The splits that are trained and tested on; none where they are not at hand.

    Raises:
        AnenasError: If MLflow does not answer or refuses what is begun with.
    """

    def __init__(
        self,
        study: Study,
        store: Path,
        client: MlflowClient,
        *,
        source: Source | None = None,
        data: Sequence[LoggedSplit] = (),
    ) -> None:
        self._runs = StudyRuns(study, store, client, source, data)
        self._study = study
        self._changed = threading.Condition()
        self._wanted: Snapshot | None = None  # what is to be logged next; the newest counts
        self._logging: Snapshot | None = None  # what is being logged
        self._away_since: float | None = None
        self._failed = 0.0  # when it last did not answer
        self._is_closing = self._has_ended = self._has_all = False
        self._thread = threading.Thread(target=self._work, name="mlflow", daemon=True)
        self._thread.start()

    @property
    def run_id(self) -> str:
        """Of the search's run."""
        return self._runs.run_id

    def update(self, study: Study) -> None:
        """Have logged what is new; a listener of the study."""
        self._want(Snapshot.of(study))

    def log_files(self, folder: Path) -> None:
        """Have every file in a folder logged as an artifact of the search."""
        self._post(SEARCH, sorted(folder.iterdir()), "")

    def log_trial_files(self, number: int, files: Sequence[Path], folder: str) -> None:
        """Have files logged as artifacts of a trial, in a folder of that name.

        Args:
            number: Of the trial.
            files: To log; those of the same names are replaced.
            folder: Among its artifacts.
        """
        self._post(str(number), files, folder)

    def log_inputs(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        """Have logged how many inputs of each class each split has, as the artifact inputs.json of the search."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "inputs.json")
            write_whole(file, json.dumps({part: dict(of) for part, of in counts.items()}))
            self._post(SEARCH, [file], "")

    def flush(self) -> bool:
        """Wait until MLflow has everything; False where it has not within a time that is bounded."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
            try:
                return self._settle()
            finally:
                self._is_closing = False

    def close(self, status: Status) -> None:
        """End the search's run, and wait for what is to be logged; it is reopened when the search is resumed."""
        self._want(Snapshot.of(self._study, status))
        try:
            is_done = self.flush()
        except KeyboardInterrupt:  # asked not to wait
            is_done = False
        with self._changed:
            left = self._wanted or self._logging
            self._has_all = is_done
            self._has_ended = True
            self._changed.notify_all()
        self._thread.join(_TOLD)  # a later search of the study must not log beside it; a request may take longer
        if not is_done and left:
            count = self._runs.missing(left)
            said = f"{count} trial{' is' if count == 1 else 's are'} not logged" if count else "not all is logged"
            _log.warning(
                "MLflow at %s has not received everything: %s; run the same search again to log what is missing",
                self._runs.uri,
                said,
            )

    def drop_packages(self, numbers: Iterable[int]) -> int:
        """Remove the packages of trials from their artifacts, once it is closed; what cannot be removed is told.

        Returns:
            How many trials had one there; none where MLflow has not taken all yet.
        """
        if not self._has_all:
            return 0
        try:
            return self._runs.drop_packages(numbers)
        except Exception as error:
            _log.warning(
                "MLflow at %s keeps packages that are deleted here: %s",
                self._runs.uri,
                without_secrets(first_line(error)),
            )
            return 0

    def _post(self, owner: str, files: Sequence[Path], folder: str) -> None:
        try:
            self._runs.outbox.put(owner, files, folder)
        except OSError as error:
            _log.warning("%s cannot be logged: %s", ", ".join(file.name for file in files), error.strerror or error)
            return
        with self._changed:
            latest = self._wanted or self._logging
        self._want(latest or Snapshot.of(self._study))

    def _want(self, snapshot: Snapshot) -> None:
        with self._changed:
            self._wanted = snapshot
            self._changed.notify_all()

    def _settle(self) -> bool:
        """Wait, holding the lock, until all is logged."""
        began, is_told = time.monotonic(), False
        while self._wanted or self._logging:
            self._changed.wait(0.1)
            now = time.monotonic()
            if self._failed > began + _PATIENCE:
                return False
            if now - max(began, self._runs.answered) > _STILL or now - began > _LONGEST:
                return False
            if not is_told and now - began > _TOLD:
                is_told = True
                _log.info("waiting for MLflow at %s to receive the rest; Ctrl-C postpones it", self._runs.uri)
        return True

    # In the thread

    def _work(self) -> None:
        delay = _SOONEST
        while (snapshot := self._next()) is not None:
            try:
                self._runs.log(snapshot)
            except Exception as error:  # whatever it is, the study holds everything and the search goes on
                self._note_away(error)
                self._pause(snapshot, delay)
                delay = min(2 * delay, _LATEST)
            else:
                self._note_back()
                delay = _SOONEST

    def _next(self) -> Snapshot | None:
        with self._changed:
            self._logging = None
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._wanted or self._has_ended)
            if self._has_ended:
                return None
            self._logging, self._wanted = self._wanted, None
            return self._logging

    def _pause(self, missed: Snapshot, delay: float) -> None:
        with self._changed:
            self._wanted = self._wanted or missed
            until = time.monotonic() + delay
            while (left := until - time.monotonic()) > 0 and not self._has_ended:
                self._changed.wait(min(left, _SOONEST) if self._is_closing else left)
                if self._is_closing:
                    return

    def _note_away(self, error: Exception) -> None:
        now = time.monotonic()
        if self._away_since is None:
            self._away_since = now
            why = without_secrets(first_line(error))
            _log.warning("MLflow at %s does not answer; what it misses will be logged later: %s", self._runs.uri, why)
        self._failed = now

    def _note_back(self) -> None:
        if self._away_since is not None:
            seconds = time.monotonic() - self._away_since
            self._away_since = None
            _log.warning("MLflow at %s answers again after %.0f s and has received everything", self._runs.uri, seconds)

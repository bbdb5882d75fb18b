"""The runs of a study in MLflow: one of its search, and one nested in it for each trial."""

from __future__ import annotations

import contextlib
import logging
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from anenas._errors import AnenasError, first_line
from anenas.search import (
    FINAL,
    PACKAGE,
    CompletedTrial,
    FinishedTrial,
    Study,
    is_being_searched,
)
from anenas.tracking._batch import log_batch
from anenas.tracking._connection import default_uri, experiments, without_secrets
from anenas.tracking._data import LoggedSplit
from anenas.tracking._description import of_model, of_search
from anenas.tracking._model import MODEL, log_trial_model, shipped_files
from anenas.tracking._outbox import SEARCH, Outbox
from anenas.tracking._progress import Progress
from anenas.tracking._settings import parameters_of
from anenas.tracking._snapshot import Snapshot
from anenas.tracking._source import OF_EVERY_RUN, Source
from anenas.tracking._trial import (
    FILES,
    NOTE,
    Late,
    experiment_of,
    late,
    status_of,
)
from anenas.tracking._trial_run import TrialRun, fill_run, has_run, model_files
from anenas.tracking._view import ID, STORE, STUDY, TRIAL, view_of

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_PARENT = "mlflow.parentRunId"
# The kind makes MLflow's pages show columns of metrics rather than those for language models.
_KIND = {"mlflow.experimentKind": "custom_model_development"}

_REFUSED = ("INVALID_PARAMETER_VALUE", "BAD_REQUEST")

_log = logging.getLogger(__name__)


class StudyRuns:
    """Makes MLflow hold what a study does. Whatever is interrupted is made up for the next time.

    Args:
        study: Names the runs, and where files lie.
        store: Folder of the study; runs of its searches that were killed are closed.
        client: Of MLflow, see `connect`.
        source: What the search was started by; None leaves what MLflow has.
        data: The splits that are trained and tested on; none where they are not at hand.

    Raises:
        AnenasError: If MLflow does not answer or refuses what is begun with.
    """

    def __init__(
        self, study: Study, store: Path, client: MlflowClient, source: Source | None, data: Sequence[LoggedSplit]
    ) -> None:
        from mlflow.exceptions import MlflowException

        self._study, self._folder, self._client, self._data = study, store, client, data
        self._store = f"{socket.gethostname()}:{store.absolute()}"
        self._outbox = Outbox(study.folder / "mlflow")
        self._runs: dict[int, TrialRun] = {}
        self._refused: set[int] = set()
        self._is_read = False
        self.answered = time.monotonic()
        name = experiment_of(study.settings)
        try:
            self._begin(name, source)
        except MlflowException as error:
            said = (
                f"cannot log the study '{study.name}' in MLflow at {client.tracking_uri}, experiment '{name}': "
                f"{first_line(error)}; put that right there, or choose another `tracking_uri`"
            )
            raise AnenasError(without_secrets(said)) from error

    @property
    def uri(self) -> str:
        """Of MLflow, as it may be shown."""
        return without_secrets(self._client.tracking_uri)

    @property
    def outbox(self) -> Outbox:
        """What else is to be logged: see `Outbox`."""
        return self._outbox

    def missing(self, now: Snapshot) -> int:
        """How many trials MLflow does not have, as far as is known."""
        return sum(has_run(trial) and trial.number not in self._runs for trial in now.finished)

    def log(self, now: Snapshot) -> None:
        """Log what MLflow does not have yet.

        Raises:
            Exception: Whatever MLflow raises where it does not answer; log again later.
        """
        try:
            if not self._is_read:
                self._read()
            self._add(now)
            self._update(now)
            self._outbox.send(self._send)
            self._progress.log(self._study, now)
            self._describe(now)
            if now.status == "FINISHED":
                self._log_models(now)
            if now.status != "RUNNING":
                self._end(now)
        except BaseException:
            self._is_read = False  # a request that was cut off may have been carried out
            raise
        self.answered = time.monotonic()

    # The search's run

    def _begin(self, name: str, source: Source | None) -> None:
        study, client = self._study, self._client
        found = self._find(name)
        tags = source.tags if source else {}
        if found is None:
            self._experiment = self._find_experiment(name)
            started = min((trial.started for trial in study.finished), default=0.0) or time.time()
            ours = {STUDY: study.name, ID: study.id, STORE: self._store, **tags}
            run = client.create_run(self._experiment, int(1000 * started), ours, study.name)
            self.run_id: str = run.info.run_id
            self._tags = dict(ours)
            log_batch(client, self.run_id, parameters=parameters_of(study.settings))
        else:
            self._experiment, self.run_id = found.info.experiment_id, found.info.run_id
            self._tags = found.data.tags | tags
            client.update_run(self.run_id, status="RUNNING")
            log_batch(client, self.run_id, tags=tags)
        client.set_experiment_tag(self._experiment, *view_of(study, study.finished))
        if self._data:
            client.log_inputs(self.run_id, [split.to_mlflow() for split in self._data])

    def _find(self, name: str) -> Run | None:
        """This study's run, wherever an earlier version put it."""
        by_name = self._client.get_experiment_by_name(name)
        query = f"tags.`{ID}` = '{self._study.id}' and tags.`{STORE}` LIKE '%'"
        if by_name and (found := self._search([by_name.experiment_id], query)):
            return found[0]
        if not self._study.finished:
            return None
        return next(iter(self._search(experiments(self._client), query)), None)

    def _find_experiment(self, name: str) -> str:
        from mlflow.exceptions import MlflowException

        experiment = self._client.get_experiment_by_name(name)
        if experiment and experiment.lifecycle_stage == "active":
            return str(experiment.experiment_id)
        ours = self._client.tracking_uri == default_uri(self._folder)
        location = (self._folder / "artifacts").absolute().as_uri() if ours else None
        try:
            return str(self._client.create_experiment(name, artifact_location=location, tags=_KIND))
        except MlflowException:  # another search made it meanwhile
            experiment = self._client.get_experiment_by_name(name)
            if experiment is None or experiment.lifecycle_stage != "active":
                raise
            return str(experiment.experiment_id)

    def _describe(self, now: Snapshot) -> None:
        note = of_search(self._study, now, self._tags)
        if note != self._tags.get(NOTE):
            log_batch(self._client, self.run_id, tags={NOTE: note})
            self._tags[NOTE] = note

    def _end(self, now: Snapshot) -> None:
        for run in self._search([self._experiment], f"{self._ours} and attributes.status = 'RUNNING'"):
            if TRIAL in run.data.tags:  # of a request that was carried out, though its answer did not arrive
                self._client.delete_run(run.info.run_id)
        self._client.set_experiment_tag(self._experiment, *view_of(self._study, now.finished))
        self._client.set_terminated(self.run_id, now.status)

    # What MLflow has

    @property
    def _ours(self) -> str:
        return f"tags.`{ID}` = '{self._study.id}'"

    def _read(self) -> None:
        """Take in the runs that MLflow has of this study; what was cut short is deleted."""
        self._runs = {}
        for run in self._search([self._experiment], self._ours):
            if TRIAL not in run.data.tags:
                continue
            number = int(run.data.tags[TRIAL])
            if run.info.status == "RUNNING" or number in self._runs:  # killed while it was being logged, or doubled
                self._client.delete_run(run.info.run_id)
                continue
            tags = run.data.tags
            known = Late(run.info.run_name, tags, run.data.metrics)
            self._runs[number] = TrialRun(run.info.run_id, known, tags.get(FILES, ""), tags.get(MODEL, ""))
        self._progress = Progress(self._client, self.run_id)
        self._close_killed()
        self._seen = 0  # of the finished trials
        self._front: set[int] = set()
        self._called: Mapping[int, str] = {}
        self._is_read = True

    def _close_killed(self) -> None:
        """End the runs of searches in this store that no process runs any more, whatever their experiment."""
        for run in self._search(experiments(self._client), "attributes.status = 'RUNNING'"):
            if run.data.tags.get(STORE) != self._store:  # not asked for: MLflow's queries cannot hold every path
                continue
            study = run.data.tags[STUDY]
            if study != self._study.name and not is_being_searched(self._folder, study):
                self._client.set_terminated(run.info.run_id, "KILLED")

    def _search(self, experiments: Sequence[str], query: str) -> list[Run]:
        runs: list[Run] = []
        token = None
        while True:
            page = self._client.search_runs(list(experiments), query, max_results=1000, page_token=token)
            runs += page
            if not (token := page.token):
                return runs

    # Trials

    def _add(self, now: Snapshot) -> None:
        from mlflow.exceptions import MlflowException

        front, called = {trial.number for trial in now.front}, now.called
        for trial in now.finished[self._seen :]:
            if has_run(trial) and trial.number not in self._runs and trial.number not in self._refused:
                wanted = self._late(trial, front, called)
                try:
                    self._runs[trial.number] = self._log_trial(trial, wanted)
                except MlflowException as error:
                    if error.error_code not in _REFUSED:
                        raise
                    self._refused.add(trial.number)
                    why = without_secrets(first_line(error))
                    _log.warning("MLflow at %s rejects trial %d and does not show it: %s", self.uri, trial.number, why)
                self.answered = time.monotonic()
            self._seen += 1

    def _log_trial(self, trial: FinishedTrial, wanted: Late) -> TrialRun:
        """Log a trial as a run of its own, whole or not at all."""
        started, ended = int(trial.started * 1000), int(trial.ended * 1000)
        known = {name: value for name, value in self._tags.items() if name in OF_EVERY_RUN}
        tags = {STUDY: self._study.name, ID: self._study.id, TRIAL: str(trial.number), _PARENT: self.run_id, **known}
        run = self._client.create_run(self._experiment, started, tags, wanted.name)
        run_id: str = run.info.run_id
        try:
            fill_run(self._client, run_id, self._study, trial, wanted, self._data, ended)
            self._client.set_terminated(run_id, status_of(trial), ended)
        except BaseException:
            with contextlib.suppress(Exception):  # else it is deleted when runs are read again
                self._client.delete_run(run_id)
            raise
        return TrialRun(run_id, wanted, trial=trial)

    # What changes

    def _update(self, now: Snapshot) -> None:
        """Bring the runs of trials up to date about which something has changed."""
        front, called = {trial.number for trial in now.front}, now.called
        moved = (front ^ self._front) | {
            number for number in called.keys() | self._called.keys() if called.get(number) != self._called.get(number)
        }
        for trial in now.finished:
            if (run := self._runs.get(trial.number)) and (run.trial is not trial or trial.number in moved):
                self._bring_up_to_date(run, trial, front, called)
                run.trial = trial
        self._front, self._called = front, called

    def _bring_up_to_date(
        self, run: TrialRun, trial: FinishedTrial, front: set[int], called: Mapping[int, str]
    ) -> None:
        from mlflow.entities import Metric

        files = self._wanted_files(run, trial, front)
        if files != run.files and isinstance(trial, CompletedTrial):
            self._log_model(run.id, trial)
        wanted = self._late(trial, front, called)
        tags = {name: value for name, value in wanted.tags.items() if value != run.late.tags.get(name, "")}
        tags |= {FILES: files} if files != run.files else {}
        now = int(time.time() * 1000)
        new = {name: value for name, value in wanted.metrics.items() if run.late.metrics.get(name) != value}
        if tags or new:
            log_batch(self._client, run.id, [Metric(name, value, now, 0) for name, value in new.items()], tags=tags)
        if wanted.name != run.late.name:
            self._client.update_run(run.id, name=wanted.name)
        run.files, run.late = files, wanted
        self.answered = time.monotonic()

    def _late(self, trial: FinishedTrial, front: set[int], called: Mapping[int, str]) -> Late:
        name = called.get(trial.number, "")
        note = of_model(self._study, trial, name) if name and isinstance(trial, CompletedTrial) else ""
        return late(trial, name, trial.number in front, note)

    def _wanted_files(self, run: TrialRun, trial: FinishedTrial, front: set[int]) -> str:
        """Which files of its model MLflow shall have: those of the front, and what it has already."""
        if trial.number not in front or not isinstance(trial, CompletedTrial):
            return run.files
        return shipped_files(trial)

    def _log_model(self, run_id: str, trial: CompletedTrial) -> None:
        """Log package and weights of what ships."""
        for file, folder in model_files(self._study, trial):
            self._send_to(run_id, file, folder)

    def drop_packages(self, numbers: Iterable[int]) -> int:
        """Remove the packages of trials from their artifacts; how many had one."""
        from mlflow.artifacts import get_artifact_repository

        count = 0
        for number in set(numbers) & self._runs.keys():
            run = self._runs[number]
            if run.files:
                place = self._client.get_run(run.id).info.artifact_uri
                repository = get_artifact_repository(place, tracking_uri=self._client.tracking_uri)
                for package in (PACKAGE, f"{FINAL}/{PACKAGE}"):
                    repository.delete_artifacts(package)
                run.files = ""
                log_batch(self._client, run.id, tags={FILES: ""})
                count += 1
        return count

    def _log_models(self, now: Snapshot) -> None:
        """Make the picked ones models of MLflow; what they were made of before stays."""
        for number, called in now.called.items():
            run, trial = self._runs.get(number), self._study.trial(number)
            if run and isinstance(trial, CompletedTrial) and run.model.partition(" ")[0] != shipped_files(trial):
                run.model = log_trial_model(self._client, run.id, self._study, trial, called)
                self.answered = time.monotonic()

    def _send(self, owner: str, file: Path, folder: str) -> None:
        if owner == SEARCH:
            self._send_to(self.run_id, file, folder)
        elif owner.isdecimal() and int(owner) in self._runs:
            self._send_to(self._runs[int(owner)].id, file, folder)

    def _send_to(self, run_id: str, file: Path, folder: str) -> None:
        self._client.log_artifact(run_id, str(file), folder or None)
        self.answered = time.monotonic()

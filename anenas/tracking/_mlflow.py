"""Mirroring a study in MLflow."""

from __future__ import annotations

import contextlib
import logging
import math
import re
import socket
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from anenas._database import address, is_damaged, only_here
from anenas._errors import AnenasError, first_line
from anenas.search import (
    ARCHITECTURE,
    FINAL,
    OPERATIONS,
    PACKAGE,
    Evaluation,
    Final,
    FinishedTrial,
    Measurement,
    Study,
    is_being_searched,
)
from anenas.space import SearchSpace
from anenas.tracking._database import INSTEAD, ready
from anenas.tracking._moved import follow

if TYPE_CHECKING:
    from mlflow import MlflowClient

# Tags. A study's name may be taken in another store on the same server, so its runs are found by its id.
_STUDY, _ID, _TRIAL, _STORE = "anenas.study", "anenas.study_id", "anenas.trial", "anenas.store"
_PARENT = "mlflow.parentRunId"

Status = Literal["FINISHED", "KILLED", "FAILED"]


def default_uri(store: Path) -> str:
    """Where MLflow keeps its runs unless a server is named."""
    return address(store / "mlflow.db")


def connect(uri: str) -> MlflowClient:
    """A client of the MLflow store or server at that URI. A database in a file is made whole or not at all.

    Raises:
        AnenasError: If it cannot be reached, or its database cannot be used.
    """
    import mlflow  # noqa: F401  # when it is imported it sets the level of its logger

    file = _file_of(uri)
    try:
        with _quiet("mlflow", "alembic"):  # they log every table that they create
            if file is None:
                return _client(uri)
            file.parent.mkdir(parents=True, exist_ok=True)
            with only_here(file):
                ready(file)
                follow(file)
                return _client(uri)  # which adds MLflow's first rows
    except AnenasError:
        raise
    except Exception as error:  # of SQLAlchemy, requests or MLflow, depending on the URI
        instead = f"; {INSTEAD}" if is_damaged(error) else ""
        raise AnenasError(f"cannot use MLflow at {uri}: {first_line(error)}{instead}") from error


def _client(uri: str) -> MlflowClient:
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    client.search_experiments(max_results=1)
    return client


def _file_of(uri: str) -> Path | None:
    """The file of a database in SQLite; None of any other, or one in memory."""
    if not uri.startswith("sqlite:///"):
        return None
    from sqlalchemy import make_url

    name = make_url(uri).database or ":memory:"
    return None if name.startswith((":memory:", "file:")) else Path(name)


@contextlib.contextmanager
def _quiet(*names: str) -> Iterator[None]:
    """Let other libraries log only errors and warn of nothing, whatever the caller makes of warnings."""
    levels = {logger: logger.level for logger in map(logging.getLogger, names)}
    try:
        for logger in levels:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)


class MlflowTracker:
    """Mirrors a study: each `update` logs whatever MLflow does not have yet.

    So a search that was killed between two steps catches up when it is resumed, and a server that is down for a while
    misses nothing.

    Args:
        study: The study to mirror.
        space: Names the decisions that made each architecture.
        store: Folder of the study; runs of its searches that were killed are closed.
        client: Of MLflow, see `connect`.

    Raises:
        AnenasError: If MLflow does not answer or refuses what is begun with.
    """

    def __init__(self, study: Study, space: SearchSpace, store: Path, client: MlflowClient) -> None:
        from mlflow.exceptions import MlflowException

        self._study, self._space, self._client = study, space, client
        self._store = f"{socket.gethostname()}:{store.absolute()}"
        try:
            self._experiment = self._find_experiment(store)
            self._close_killed(store)
            self.run_id, self._run_ids, self._pareto = self._find_runs()
            self._logged_points = len(self._client.get_metric_history(self.run_id, "hypervolume"))
        except MlflowException as error:
            raise AnenasError(
                f"cannot log the study '{study.name}' in MLflow at {client.tracking_uri}, experiment '{space.name}': "
                f"{first_line(error)}; put that right there, or choose another `tracking_uri`"
            ) from error
        self._tested: dict[int, float] = {}
        self._final: dict[int, Final] = {}
        self._measured: dict[int, Measurement] = {}
        self._seen = 0  # of the finished trials

    def update(self, study: Study) -> None:
        """Log what is new, and update the `pareto` tags; a listener of the study."""
        with self._forgiving():
            for trial in study.finished[self._seen :]:
                if trial.number not in self._run_ids and (trial.evaluation or trial.state == "failed"):
                    self._run_ids[trial.number] = self._log_trial(trial)
                self._seen += 1
            self._log_measurements()
            self._tag_front()
            self._log_final()
            self._log_tests()
            self._log_progress()

    def log_files(self, folder: Path) -> bool:
        """Log every file in a folder as an artifact of the search; False, to try again, if MLflow does not answer."""
        missed = True
        with self._forgiving():
            self._client.log_artifacts(self.run_id, str(folder))
            missed = False
        return not missed

    def log_inputs(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        """Log how many inputs of each class each split has, as the artifact inputs.json of the search."""
        with self._forgiving():
            self._client.log_dict(self.run_id, {part: dict(of) for part, of in counts.items()}, "inputs.json")

    def close(self, status: Status) -> None:
        """End the search's run; it is reopened when the search is resumed."""
        with self._forgiving():
            self._client.set_terminated(self.run_id, status)

    def log_trial_files(self, number: int, files: list[Path], folder: str) -> None:
        """Log files as artifacts of a trial, in a folder of that name; nothing where MLflow does not answer.

        Args:
            number: Of the trial.
            files: To log; those of the same names are replaced.
            folder: Among its artifacts.
        """
        with self._forgiving():
            for file in files if number in self._run_ids else ():
                self._client.log_artifact(self._run_ids[number], str(file), folder)

    def drop_packages(self, numbers: Iterable[int]) -> None:
        """Remove the packages of trials from their artifacts; what cannot be removed stays and is told."""
        from mlflow.artifacts import get_artifact_repository

        with self._forgiving():
            for number in set(numbers) & self._run_ids.keys():
                repository = get_artifact_repository(self._client.get_run(self._run_ids[number]).info.artifact_uri)
                for package in (PACKAGE, f"{FINAL}/{PACKAGE}"):
                    repository.delete_artifacts(package)

    @contextlib.contextmanager
    def _forgiving(self) -> Iterator[None]:
        """The study holds everything: a store that does not answer must not end the search."""
        from mlflow.exceptions import MlflowException

        try:
            yield
        except (MlflowException, OSError) as error:
            logging.getLogger(__name__).warning("MLflow does not answer; what it misses is logged later: %s", error)

    # Runs

    def _find_experiment(self, store: Path) -> str:
        from mlflow.exceptions import MlflowException

        experiment = self._client.get_experiment_by_name(self._space.name)
        if experiment:
            return str(experiment.experiment_id)
        ours = self._client.tracking_uri == default_uri(store)
        location = (store / "artifacts").absolute().as_uri() if ours else None
        # The kind makes MLflow's pages show columns of metrics rather than those for language models.
        tags = {"mlflow.experimentKind": "custom_model_development"}
        try:
            return str(self._client.create_experiment(self._space.name, artifact_location=location, tags=tags))
        except MlflowException:  # another search made it meanwhile
            if (experiment := self._client.get_experiment_by_name(self._space.name)) is None:
                raise
            return str(experiment.experiment_id)

    def _find_runs(self) -> tuple[str, dict[int, str], set[int]]:
        """This study's run, reopened; the complete runs of its trials; and the trials tagged as the front."""
        found = self._search([self._experiment], f"tags.`{_ID}` = '{self._study.id}'")
        searches = [run for run in found if _PARENT not in run.data.tags]
        if not searches:
            tags = {_STUDY: self._study.name, _ID: self._study.id, _STORE: self._store}
            run = self._client.create_run(self._experiment, run_name=self._study.name, tags=tags)
            for name, value in self._study.settings.to_dict().items():
                self._client.log_param(run.info.run_id, name, value)
            return run.info.run_id, {}, set()
        self._client.update_run(searches[0].info.run_id, status="RUNNING")
        whole, pareto = {}, set()
        for run in found:
            if _TRIAL in run.data.tags:
                if run.info.status == "RUNNING":  # killed while it was being logged
                    self._client.delete_run(run.info.run_id)
                else:
                    number = int(run.data.tags[_TRIAL])
                    whole[number] = run.info.run_id
                    pareto |= {number} if run.data.tags.get("pareto") == "true" else set()
        return searches[0].info.run_id, whole, pareto

    def _close_killed(self, store: Path) -> None:
        """End the runs of searches in this store that no process runs any more, whatever their space."""
        experiments = [experiment.experiment_id for experiment in self._client.search_experiments()]
        for run in self._search(experiments, "attributes.status = 'RUNNING'"):
            if run.data.tags.get(_STORE) != self._store:  # not asked for: MLflow's queries cannot hold every path
                continue
            study = run.data.tags[_STUDY]
            if study != self._study.name and not is_being_searched(store, study):
                self._client.set_terminated(run.info.run_id, "KILLED")

    def _search(self, experiments: list[str], query: str) -> list[Any]:
        runs, token = [], None
        while True:
            page = self._client.search_runs(experiments, query, max_results=1000, page_token=token)
            runs += page
            token = page.token
            if not token:
                return runs

    # Trials

    def _log_trial(self, trial: FinishedTrial) -> str:
        """Log a trial as a run of its own, whole or not at all."""
        started, ended = int(trial.started * 1000), int(trial.ended * 1000)
        tags = {_STUDY: self._study.name, _ID: self._study.id, _TRIAL: str(trial.number), _PARENT: self.run_id}
        run = self._client.create_run(self._experiment, start_time=started, run_name=f"trial {trial.number}", tags=tags)
        run_id: str = run.info.run_id
        try:
            self._fill_run(run_id, trial, ended)
            self._client.set_terminated(run_id, "FINISHED" if trial.evaluation else "FAILED", ended)
        except BaseException:
            self._client.delete_run(run_id)
            raise
        return run_id

    def _fill_run(self, run_id: str, trial: FinishedTrial, time_ms: int) -> None:
        from mlflow.entities import Metric, Param, RunTag

        decisions = {"architecture": str(trial.architecture), **self._space.decisions(trial.architecture)}
        tags = {"state": trial.state, "pareto": "false"} | ({"reason": trial.reason} if trial.reason else {})
        if trial.evaluation and trial.evaluation.donor is not None:
            tags["donor"] = str(trial.evaluation.donor)
        if trial.evaluation and trial.evaluation.origin:
            tags["origin"] = trial.evaluation.origin
        metrics = [Metric(name, value, time_ms, 0) for name, value in _figures(trial).items()]
        if trial.evaluation:
            # The score, with the percentage of the training done as its step.
            metrics += [
                Metric(f"{self._score}_at", e.score, time_ms, round(100 * e.budget_fraction)) for e in trial.rungs
            ]
            metrics += [Metric("train_loss", loss, time_ms, step) for step, loss in trial.evaluation.losses]
        self._client.log_batch(
            run_id,
            metrics,
            [Param(name, str(value)) for name, value in decisions.items()],
            [RunTag(name, value) for name, value in tags.items()],
        )
        folder = self._study.trial_folder(trial.number)
        for name in (ARCHITECTURE, OPERATIONS):
            if (folder / name).is_file():
                self._client.log_artifact(run_id, str(folder / name))
        if (folder / PACKAGE).is_dir():
            self._client.log_artifacts(run_id, str(folder / PACKAGE), PACKAGE)

    def _tag_front(self) -> None:
        front = {trial.number for trial in self._study.front}
        for number in (front ^ self._pareto) & self._run_ids.keys():
            self._client.set_tag(self._run_ids[number], "pareto", str(number in front).lower())
        self._pareto = front

    def _log_measurements(self) -> None:
        """What devices said of trials that were logged with an estimate, which stays beside it."""
        from mlflow.entities import Metric, RunTag

        now = int(time.time() * 1000)
        for trial in self._study.finished:
            known = trial.evaluation and trial.evaluation.measurement
            if not known or self._measured.get(trial.number) == known or trial.number not in self._run_ids:
                continue
            figures = {name: value for name, value in _figures(trial).items() if "latency" in name or "engine" in name}
            told = {"state": trial.state, "not_measured" if known.failure else "measured_on": _device(known)}
            told |= {"reason": trial.reason} if trial.reason else {}
            metrics = [Metric(name, value, now, 0) for name, value in figures.items()]
            tags = [RunTag(name, value) for name, value in told.items()]
            self._client.log_batch(self._run_ids[trial.number], metrics, [], tags)
            self._measured[trial.number] = known

    def _log_final(self) -> None:
        """What came of final training, beside the brief figures, with the package."""
        for trial in self._study.completed:
            if trial.final is None or self._final.get(trial.number) == trial.final:
                continue
            run_id, shipped = self._run_ids[trial.number], trial.shipped
            self._client.log_metric(run_id, f"final_{self._score}", shipped.score)
            self._client.log_metric(run_id, "final_total_steps", shipped.total_steps)
            package = self._study.shipped_folder(trial) / PACKAGE
            if trial.final.evaluation and package.is_dir():
                self._client.log_artifacts(run_id, str(package), f"{FINAL}/{PACKAGE}")
            self._final[trial.number] = trial.final

    def _log_tests(self) -> None:
        """Log the test score, which is known for the front once a search has ended."""
        for trial in self._study.front:
            if trial.test_score is not None and self._tested.get(trial.number) != trial.test_score:
                self._client.log_metric(self._run_ids[trial.number], f"test_{self._score}", trial.test_score)
                self._tested[trial.number] = trial.test_score

    @property
    def _score(self) -> str:
        return _metric(self._study.settings.metric)

    # The search's own metrics

    def _log_progress(self) -> None:
        from mlflow.entities import Metric

        now, volumes, answered = int(time.time() * 1000), self._study.hypervolumes, len(self._study.finished)
        metrics = [
            Metric("hypervolume", volumes[step], now, step + 1) for step in range(self._logged_points, len(volumes))
        ]
        metrics += [Metric(state, count, now, answered) for state, count in self._study.counts.items()]
        for i, objective in enumerate(self._study.objectives if self._study.front else ()):
            best = self._study.point(self._study.picks[objective.best])[i]
            metrics.append(Metric(f"best_{_metric(objective.name)}", best, now, len(volumes)))
        for start in range(0, len(metrics), 1000):  # MLflow's limit
            self._client.log_batch(self.run_id, metrics[start : start + 1000])
        self._logged_points = len(volumes)


def _metric(name: str) -> str:
    """A metric's name in MLflow, whose pages group names by "/" and which takes few other signs."""
    return re.sub(r"[^\w.\-/ ]", "_", name.replace("@", "/"))


def _device(known: Measurement) -> str:
    """Where a trial was measured, or why not."""
    device = known.latency.device if known.latency else None
    return known.failure or " ".join(filter(None, [known.place, device]))


def _figures(trial: FinishedTrial) -> dict[str, float]:
    evaluation = trial.evaluation
    if evaluation is None:
        return {}
    estimate, score = evaluation.estimate, _metric(evaluation.metric)
    main, *others = estimate.latency_by_chip.items()
    figures = {
        **{_metric(name): value for name, value in evaluation.metrics.items()},
        score: evaluation.score,
        **({} if evaluation.score_error is None else {f"{score}_error": evaluation.score_error}),
        "latency_ms": main[1].ms,
        "latency_low_ms": main[1].low_ms,
        "latency_high_ms": main[1].high_ms,
        **_measured(evaluation),
        **{_metric(f"latency_ms@{chip}"): latency.ms for chip, latency in others},
        "size_mb": estimate.size_mb,
        "macs": estimate.macs,
        "residency": estimate.residency,
        "params": estimate.params,
        "budget_fraction": evaluation.budget_fraction,
        "inherited": evaluation.inherited,
        "trained_steps": evaluation.trained_steps,
        "total_steps": evaluation.total_steps,
        **{f"verified_{name}": value for name, value in evaluation.verified.items()},
        **{f"seconds_{step}": seconds for step, seconds in evaluation.seconds.items()},
    }
    return {name: float(value) for name, value in figures.items() if math.isfinite(value)}


def _measured(evaluation: Evaluation) -> dict[str, float]:
    """The estimate beside a measured latency, and what is planned on the engine."""
    known = evaluation.measurement
    if known is None:
        return {}
    placement = {} if known.placement is None else {"engine_placement": known.placement}
    return {"estimated_latency_ms": known.estimated.ms, **placement}

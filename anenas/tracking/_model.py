"""Trials as models of MLflow."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from anenas._errors import AnenasError
from anenas.mlflow import log_model
from anenas.search import PACKAGE, CompletedTrial, Study
from anenas.tracking._batch import log_batch
from anenas.tracking._connection import experiments, without_secrets
from anenas.tracking._description import of_model
from anenas.tracking._trial import metric_name, parameters
from anenas.tracking._view import ID, TRIAL

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput, Run

MODEL = "anenas.model"
"""A tag of a trial's run: what its model of MLflow was made of, "brief" or "final", and its number."""

# Of a run, which are its model's.
_OF_MODELS = ("latency_ms", "latency_low_ms", "latency_high_ms", "size_mb", "macs", "params", "residency")

_log = logging.getLogger(__name__)


def shipped_files(trial: CompletedTrial) -> str:
    """Of which training those files are that ship: "brief" or "final"."""
    return "final" if trial.final and trial.final.evaluation else "brief"


def log_trial_model(client: MlflowClient, run_id: str, study: Study, trial: CompletedTrial, called: str) -> str:
    """Log what ships of a trial as the model called "model" of its run, and note it there.

    Returns:
        What the tag `MODEL` holds then; empty where there is no package that can be a model, which is told.
    """
    package = study.shipped_folder(trial) / PACKAGE
    estimate = trial.shipped.estimate
    metadata = {
        "study": study.name,
        "trial": trial.number,
        "called": called,
        "architecture": str(trial.architecture),
        "chip": study.settings.chip,
        "latency_ms": estimate.latency.ms,
        "size_mb": estimate.size_mb,
        trial.shipped.metric: trial.shipped.score,
    }
    try:
        model = log_model(
            client,
            run_id,
            package,
            description=of_model(study, trial, ""),
            params=parameters(trial.architecture),
            metadata=metadata,
        )
    except AnenasError as error:
        _log.warning("trial %d could not become a model in MLflow: %s", trial.number, error)
        return ""
    _log_figures(client, run_id, trial, model)
    noted = f"{shipped_files(trial)} {model}"
    log_batch(client, run_id, tags={MODEL: noted})
    return noted


def _log_figures(client: MlflowClient, run_id: str, trial: CompletedTrial, model_id: str) -> None:
    """Give a model the figures of what ships, those of validation data with the data.

    MLflow gives them to the run, too. There each is a point that the run has already: another would make it a curve.
    """
    from mlflow.entities import Metric

    score = metric_name(trial.shipped.metric)
    scores = [f"final_{score}"] if trial.final else [score, f"{score}_error"]
    run = client.get_run(run_id)
    validation = next((one.dataset for one in run.inputs.dataset_inputs if _is_validation(one)), None)
    metrics = []
    for name in (*scores, f"test_{score}", *_OF_MODELS):
        if name in run.data.metrics:
            point = client.get_metric_history(run_id, name)[-1]
            data = validation if name in scores else None
            on = (data.name, data.digest) if data else ()
            metrics.append(Metric(name, point.value, point.timestamp, point.step, model_id, *on))
    log_batch(client, run_id, metrics)


def _is_validation(given: DatasetInput) -> bool:
    return any(tag.value == "validation" for tag in given.tags)


def model_of(client: MlflowClient, study: Study, trial: CompletedTrial) -> tuple[str, str]:
    """The run of a trial, and the number of the model of MLflow that ships of it, which is logged if it is not.

    Raises:
        AnenasError: If the trial has no run there, or its package cannot be a model.
    """
    run = _run_of(client, study, trial)
    if run is None:
        raise AnenasError(
            f"trial {trial.number} of {study.name} has no run in MLflow at {without_secrets(client.tracking_uri)}; "
            f"name the server of the search with `uri`, or run the same search again to log what is missing"
        )
    noted = run.data.tags.get(MODEL, "")
    if noted.partition(" ")[0] != shipped_files(trial):
        noted = log_trial_model(client, run.info.run_id, study, trial, run.data.tags.get("called", ""))
    if not noted:
        raise AnenasError(f"trial {trial.number} of {study.name} has no package that could become an MLflow model")
    return run.info.run_id, noted.partition(" ")[2]


def _run_of(client: MlflowClient, study: Study, trial: CompletedTrial) -> Run | None:
    query = f"tags.`{ID}` = '{study.id}' and tags.`{TRIAL}` = '{trial.number}'"
    return next(iter(client.search_runs(experiments(client), query, max_results=1)), None)

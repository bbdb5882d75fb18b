"""The run of one trial: what it is filled with, and the files of its model."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from anenas.search import ARCHITECTURE, FINAL, OPERATIONS, PACKAGE, WEIGHTS, CompletedTrial, FinishedTrial, Study
from anenas.tracking._batch import log_batch
from anenas.tracking._data import LoggedSplit
from anenas.tracking._trial import Late, curves, figures, first_tags, parameters

if TYPE_CHECKING:
    from mlflow import MlflowClient

_LARGEST = 100e6  # bytes of a model that MLflow is given

_log = logging.getLogger(__name__)


@dataclass
class TrialRun:
    """A trial's run as MLflow has it.

    Attributes:
        id: MLflow's.
        late: What of it may change.
        files: Which files of the model it has.
        model: The files that its model of MLflow was made of, and its number there; empty where it has none.
        trial: What was last compared with it; None where it was read from MLflow.
    """

    id: str
    late: Late
    files: str = ""
    model: str = ""
    trial: FinishedTrial | None = None


def has_run(trial: FinishedTrial) -> bool:
    """Whether it has a run of its own; what was never trained is counted."""
    return trial.evaluation is not None or trial.state == "failed"


def fill_run(
    client: MlflowClient,
    run_id: str,
    study: Study,
    trial: FinishedTrial,
    wanted: Late,
    data: Sequence[LoggedSplit],
    time_ms: int,
) -> None:
    """Log what is known of a trial once it has ended to a run that is empty.

    Args:
        client: Of MLflow.
        run_id: Of the run.
        study: For where the trial's files lie.
        trial: The trial.
        wanted: What of it may change later, as it is now.
        data: The splits of the study's data; the test split is not the trial's.
        time_ms: When it ended.
    """
    from mlflow.entities import Metric

    found = {**figures(trial), **wanted.metrics}
    metrics = [Metric(name, value, time_ms, 0) for name, value in found.items()]
    metrics += [Metric(name, value, time_ms, step) for name, value, step in curves(trial)]
    tags = first_tags(trial) | {name: value for name, value in wanted.tags.items() if value}
    log_batch(client, run_id, metrics, parameters(trial.architecture), tags)
    if data:
        client.log_inputs(run_id, [split.to_mlflow() for split in data if split.context != "test"])
    folder = study.trial_folder(trial.number)
    for name in (ARCHITECTURE, OPERATIONS):
        if (folder / name).is_file():
            client.log_artifact(run_id, str(folder / name))


def model_files(study: Study, trial: CompletedTrial) -> Iterator[tuple[Path, str]]:
    """Each file of the package and of the weights of what ships, and the folder of artifacts that it belongs in.

    What is too large is left out, which is told.
    """
    folder = study.shipped_folder(trial)
    at = FINAL if trial.final and trial.final.evaluation else ""
    for what in (folder / PACKAGE, folder / WEIGHTS):
        files = sorted(file for file in what.rglob("*") if file.is_file()) if what.is_dir() else [what]
        files = [file for file in files if file.is_file()]
        size = sum(file.stat().st_size for file in files)
        if size > _LARGEST:
            told = f"{what.name} of trial {trial.number}, {size / 1e6:,.0f} MB, is not logged: it is in {folder}"
            _log.warning(told)
            continue
        for file in files:
            yield file, "/".join(filter(None, [at, *file.relative_to(folder).parts[:-1]]))

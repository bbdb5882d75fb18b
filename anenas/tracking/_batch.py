"""Logging to a run in as few requests as can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

_T = TypeVar("_T")


def log_batch(
    client: MlflowClient,
    run_id: str,
    metrics: Sequence[Metric] = (),
    parameters: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Log in as few requests as MLflow's limits allow: 1,000 entities each, 100 parameters and tags among them.

    Args:
        client: Of MLflow.
        run_id: Of the run.
        metrics: To add to it.
        parameters: Likewise, by name.
        tags: Likewise; those that it has are replaced.
    """
    from mlflow.entities import Param, RunTag

    first_params, *more_params = _parts([Param(name, value) for name, value in (parameters or {}).items()], 100)
    first_tags, *more_tags = _parts([RunTag(name, value) for name, value in (tags or {}).items()], 100)
    first_metrics, *more_metrics = _parts(list(metrics), 800)
    client.log_batch(run_id, first_metrics, first_params, first_tags)
    for part in more_metrics:
        client.log_batch(run_id, metrics=part)
    for part in more_params:
        client.log_batch(run_id, params=part)
    for part in more_tags:
        client.log_batch(run_id, tags=part)


def _parts(values: list[_T], size: int) -> list[list[_T]]:
    return [values[start : start + size] for start in range(0, max(1, len(values)), size)]

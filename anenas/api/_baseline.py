"""Forecasts: whether any network of a search is better than repeating the last value."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from anenas.data import Dataset
from anenas.search import CompletedTrial
from anenas.tasks import REGRESSION, Predictions, find_metric


def last_value(dataset: Dataset, metric: str) -> float | None:
    """The metric of the last value of each validation window as its forecast; None where nothing is forecast."""
    columns = json.loads(dataset.metadata.get("columns", "[]"))
    if dataset.task != REGRESSION or not {*dataset.classes} <= {*columns}:
        return None
    held, channels = dataset.validation, [columns.index(name) for name in dataset.classes]
    last = held.inputs[:, :, 0, -1][:, channels].astype(np.float32)
    predictions = Predictions(last, held.labels, dataset.classes)
    return find_metric(metric, dataset.classes).measure(predictions)


def nothing_gained(trials: Sequence[CompletedTrial], metric: str, baseline: float) -> str:
    """That no trial forecasts better than the last value, and what to do; empty where one does, or there is none."""
    wanted = find_metric(metric)
    values = [trial.shipped.score for trial in trials if trial.shipped.metric == metric]
    if not values:
        return ""
    is_maximised = wanted.direction == "maximize"
    best = max(values) if is_maximised else min(values)
    if best > baseline if is_maximised else best < baseline:
        return ""
    return (
        f"no network forecasts better than repeating the last value, which has {wanted.title} {baseline:.4g} on the "
        f"same validation windows (the best network: {best:.4g}); train longer with `epochs`, or do not ship one"
    )

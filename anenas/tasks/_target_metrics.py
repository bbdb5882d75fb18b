"""Metrics of numbers: the mean over the targets where there are several."""

from __future__ import annotations

import numpy as np

from anenas.tasks._metric import metric
from anenas.tasks._predictions import Predictions


@metric("mae", "minimize", title="MAE", is_fraction=False)
def mae(predictions: Predictions) -> float:
    """The mean absolute error, in the targets' unit."""
    return float(np.abs(_errors(predictions)).mean())


@metric("rmse", "minimize", title="RMSE", is_fraction=False)
def rmse(predictions: Predictions) -> float:
    """The root of the mean squared error, in the targets' unit."""
    return float(np.sqrt(np.square(_errors(predictions)).mean(0)).mean())


@metric("r2", title="R²", is_fraction=False)
def r2(predictions: Predictions) -> float:
    """The fraction of the targets' variance that is explained; below 0 for what is worse than their mean."""
    from sklearn.metrics import r2_score

    return float(r2_score(predictions.labels, predictions.scores))


def _errors(predictions: Predictions) -> np.ndarray:
    return np.asarray(predictions.scores, np.float64) - predictions.labels

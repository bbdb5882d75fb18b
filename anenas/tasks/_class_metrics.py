"""Metrics of classes, of which each input has one or several.

A class without inputs has no part in a mean over classes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas.tasks._metric import binomial_error, class_metric, metric
from anenas.tasks._predictions import Predictions

THRESHOLD = 0.5
"""From which probability on an input that may belong to several classes is said to belong to one."""

CLASS_METRICS = ("precision", "recall", "f1")
"""Of one class, before the "@"."""

_BINS = 15  # of the calibration error, as in Guo et al. 2017
_LEAST = 1e-7  # of a probability: the logarithm of what float32 makes 0 says nothing


def _accuracy_error(predictions: Predictions) -> float:
    return binomial_error(accuracy(predictions), len(predictions))


@metric("accuracy", error=_accuracy_error)
def accuracy(predictions: Predictions) -> float:
    """The fraction of inputs for which all is right that is said."""
    labels, said = _labels_and_said(predictions)
    return float(np.mean((labels == said) if labels.ndim == 1 else (labels == said).all(1)))


@metric("balanced_accuracy", title="balanced accuracy")
def balanced_accuracy(predictions: Predictions) -> float:
    """The mean recall of the classes."""
    return float(_by_class(predictions)[1].mean())


@metric("macro_f1", title="macro F1")
def macro_f1(predictions: Predictions) -> float:
    """The mean F1 of the classes."""
    return float(_by_class(predictions)[2].mean())


@metric("top5", title="top-5 accuracy")
def top5(predictions: Predictions) -> float:
    """The fraction of inputs whose class is among the five with the highest scores."""
    best = np.argsort(-predictions.scores, axis=1, kind="stable")[:, :5]
    return float(np.mean((best == predictions.labels[:, None]).any(1)))


@metric("auroc", title="AUROC")
def auroc(predictions: Predictions) -> float:
    """The mean over the classes of the area under the ROC curve of one against the rest."""
    from sklearn.metrics import roc_auc_score

    belongs = _belonging(predictions)
    mixed = [i for i in _there(predictions) if not belongs[:, i].all()]
    each = [roc_auc_score(belongs[:, i], predictions.scores[:, i]) for i in mixed]
    return float(np.mean(each)) if each else 0.5


@metric("mean_average_precision", title="mean average precision")
def mean_average_precision(predictions: Predictions) -> float:
    """The mean over the classes of the area under precision against recall."""
    from sklearn.metrics import average_precision_score

    belongs = _belonging(predictions)
    each = [average_precision_score(belongs[:, i], predictions.scores[:, i]) for i in _there(predictions)]
    return float(np.mean(each)) if each else 0.0


@metric("log_loss", "minimize", title="log loss", is_fraction=False)
def log_loss(predictions: Predictions) -> float:
    """The mean negative logarithm of the probability of what is right, in nats; of several classes of each."""
    scores = np.asarray(predictions.scores, np.float64).clip(_LEAST, 1 - _LEAST)
    belongs = _belonging(predictions)
    if predictions.labels.ndim == 1:
        return float(-np.log(scores[belongs]).mean())
    return float(-np.log(np.where(belongs, scores, 1 - scores)).mean())


@metric("calibration_error", "minimize", title="calibration error")
def calibration_error(predictions: Predictions) -> float:
    """How far confidence is from accuracy: the expected calibration error (Guo et al. 2017, arXiv:1706.04599).

    Its bins are fifteen of equal width.
    """
    confidence, right = predictions.scores.max(1), predictions.predicted == predictions.labels
    bins = np.clip((confidence * _BINS).astype(int), 0, _BINS - 1)
    gaps = np.bincount(bins, confidence - right, minlength=_BINS)
    return float(np.abs(gaps).sum() / len(predictions))


@class_metric("precision")
def _precision(predictions: Predictions, place: int) -> float:
    return float(_by_class(predictions, [place])[0][0])


@class_metric("recall")
def _recall(predictions: Predictions, place: int) -> float:
    return float(_by_class(predictions, [place])[1][0])


@class_metric("f1")
def _f1(predictions: Predictions, place: int) -> float:
    return float(_by_class(predictions, [place])[2][0])


def _by_class(predictions: Predictions, places: list[int] | None = None) -> list[NDArray[Any]]:
    """Precision, recall and F1 of those classes, by default of all that there are; 0 where none was said."""
    from sklearn.metrics import precision_recall_fscore_support

    labels, said = _labels_and_said(predictions)
    chosen = _there(predictions) if places is None else places
    *found, _ = precision_recall_fscore_support(labels, said, labels=chosen, zero_division=0.0)
    return found


def _labels_and_said(predictions: Predictions) -> tuple[NDArray[Any], NDArray[Any]]:
    """What is right and what is said: both places of classes, or both 1 for each class that an input belongs to."""
    if predictions.labels.ndim == 2:
        return predictions.labels, (predictions.scores >= THRESHOLD).astype(predictions.labels.dtype)
    return predictions.labels, predictions.predicted


def _belonging(predictions: Predictions) -> NDArray[np.bool_]:
    """(N, K): which classes each input belongs to."""
    if predictions.labels.ndim == 2:
        return predictions.labels > 0
    return predictions.labels[:, None] == np.arange(len(predictions.names))


def _there(predictions: Predictions) -> list[int]:
    """The classes that have inputs."""
    return [int(i) for i in np.flatnonzero(_belonging(predictions).any(0))]

"""Which report a task has: that of the nearest kind of task that has one."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas._registry import origin
from anenas.report.evaluation._of_class import ClassReport, is_probabilities
from anenas.report.evaluation._of_classes import LabelReport
from anenas.report.evaluation._of_metrics import MetricReport
from anenas.report.evaluation._of_numbers import NumberReport
from anenas.report.evaluation._report import Report
from anenas.tasks import METRICS, Classification, Multilabel, Predictions, Regression, Task

_KINDS: dict[type[Task], type[Report]] = {
    Classification: ClassReport,
    Multilabel: LabelReport,
    Regression: NumberReport,
}

_log = logging.getLogger(__name__)


def report_kind(task: Task) -> type[Report]:
    """The report of a task."""
    return next((_KINDS[kind] for kind in type(task).__mro__ if kind in _KINDS), MetricReport)


def report_of(task: Task, predictions: Predictions, names: Sequence[str] | None, model: str) -> Report:
    """What a model gets right and wrong.

    Args:
        task: Of the labels.
        predictions: What it says of the inputs. Scores of a classification that are no probabilities become their
            softmax, which is logged.
        names: Of the inputs' files; None where nothing tells.
        model: What it is called.

    Raises:
        AnenasError: If there are no inputs, or what is said is not what the task tells.
    """
    kind, classes, scores = report_kind(task), tuple(predictions.names), predictions.scores.astype(np.float32)
    if kind is ClassReport and not is_probabilities(scores):
        scores = _softmax(scores, model)
    # Of the product's own metrics a report has what suits it; a user's own are shown besides.
    metrics = task.usual_metrics(len(classes))
    if kind is not MetricReport:
        metrics = tuple(name for name in metrics if not origin(METRICS[name]).startswith("anenas."))
    return kind(scores, predictions.labels, classes, None if names is None else tuple(names), metrics)


def _softmax(scores: NDArray[Any], model: str) -> NDArray[np.float32]:
    from scipy.special import softmax

    _log.info("the scores of %s are not probabilities; their softmax is used", model)
    found: NDArray[np.float32] = softmax(scores, axis=1)
    return found

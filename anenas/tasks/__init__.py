"""What networks are trained for: tasks, and the metrics that say how well they do.

To add a task, pass an instance of a subclass of `Task` to `TASKS`; to add a metric, decorate a function with `metric`.
"""

from anenas.tasks import _class_metrics, _target_metrics
from anenas.tasks._class_metrics import THRESHOLD
from anenas.tasks._classification import CLASSIFICATION, LABEL_SMOOTHING
from anenas.tasks._metric import (
    METRICS,
    ClassMetric,
    Direction,
    Metric,
    binomial_error,
    find_metric,
    metric,
    metric_names,
)
from anenas.tasks._multilabel import MULTILABEL
from anenas.tasks._predictions import Predictions
from anenas.tasks._regression import REGRESSION
from anenas.tasks._task import TASKS, Loss, Task

__all__ = [
    "CLASSIFICATION",
    "LABEL_SMOOTHING",
    "METRICS",
    "MULTILABEL",
    "REGRESSION",
    "TASKS",
    "THRESHOLD",
    "ClassMetric",
    "Direction",
    "Loss",
    "Metric",
    "Predictions",
    "Task",
    "binomial_error",
    "find_metric",
    "metric",
    "metric_names",
]

del _class_metrics, _target_metrics  # imported for the metrics that they register

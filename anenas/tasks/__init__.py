"""What networks are trained for: tasks, and the metrics that say how well they do.

To add a task, decorate a subclass of `Task` with `task`; to add a metric, a function with `metric`.
"""

from anenas.tasks import _class_metrics, _target_metrics
from anenas.tasks._arrays import Labels, Names
from anenas.tasks._cells import SEPARATOR, Cells, numbered
from anenas.tasks._class_metrics import THRESHOLD
from anenas.tasks._classification import CLASSIFICATION, LABEL_SMOOTHING, Classification
from anenas.tasks._looks import task_of_array, task_of_cells
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
from anenas.tasks._multilabel import MULTILABEL, Multilabel
from anenas.tasks._predictions import Predictions
from anenas.tasks._regression import REGRESSION, Regression
from anenas.tasks._task import TASKS, Loss, Task, task

__all__ = [
    "CLASSIFICATION",
    "LABEL_SMOOTHING",
    "METRICS",
    "MULTILABEL",
    "REGRESSION",
    "SEPARATOR",
    "TASKS",
    "THRESHOLD",
    "Cells",
    "ClassMetric",
    "Classification",
    "Direction",
    "Labels",
    "Loss",
    "Metric",
    "Multilabel",
    "Names",
    "Predictions",
    "Regression",
    "Task",
    "binomial_error",
    "find_metric",
    "metric",
    "metric_names",
    "numbered",
    "task",
    "task_of_array",
    "task_of_cells",
]

del _class_metrics, _target_metrics  # imported for the metrics that they register

"""Which task labels are of, by what they look like."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.tasks._cells import SEPARATOR, Cells
from anenas.tasks._classification import CLASSIFICATION
from anenas.tasks._multilabel import MULTILABEL
from anenas.tasks._regression import REGRESSION
from anenas.tasks._task import Task

_COLUMNS = "a column for each class"


def task_of_array(where: str, labels: NDArray[Any]) -> tuple[Task, str]:
    """The task of labels, and what they look like in words; no words for what is usual.

    Integers, (N,), are classes; integers or booleans, (N, K), say which of K classes an input belongs to; floats are
    numbers to predict.

    Raises:
        AnenasError: If they are whole numbers of float, which may be either.
    """
    if labels.dtype.kind == "f":
        if labels.size and (labels == np.rint(labels)).all():
            raise AnenasError(
                f"{where}: train_y has whole numbers as {labels.dtype}; give classes as integers from 0, or state that "
                f'they are numbers to predict: `task="regression"`'
            )
        return REGRESSION, "numbers with a point"
    return (MULTILABEL, _COLUMNS) if labels.ndim == 2 and labels.shape[1] > 1 else (CLASSIFICATION, "")


def task_of_cells(cells: Cells) -> tuple[Task, str]:
    """The task of a table's labels, and what they look like in words; no words for what is usual.

    One column is of classes, of several where a cell separates them by |, or of numbers where one has a point. Several
    columns are of classes where all are 0 or 1, and of numbers otherwise.
    """
    if cells.are_several:
        return MULTILABEL, f"separated by {SEPARATOR}"
    if cells.are_names:
        return CLASSIFICATION, ""
    if cells.are_flags:
        return MULTILABEL, _COLUMNS
    return REGRESSION, f"numbers: {', '.join(cells.names)}"

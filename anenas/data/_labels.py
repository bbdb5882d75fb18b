"""Labels of arrays: what task they are of, and checked for it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.tasks import CLASSIFICATION, MULTILABEL, REGRESSION, Task

_log = logging.getLogger(__name__)

Labels = Mapping[str, NDArray[Any]]
_LOOKS = {MULTILABEL: "a column for each class", REGRESSION: "numbers with a point"}
_UNNAMED = {MULTILABEL: "", REGRESSION: "value_"}


def read_labels(
    where: str, arrays: Labels, names: NDArray[Any] | None, task: Task | None = None
) -> tuple[Task, dict[str, NDArray[Any]], tuple[str, ...]]:
    """Labels as their task has them, and the name of each class or target.

    Integers, (N,), are classes, counted from 0 without gaps. A column for each class, (N, K) of 0 and 1 or of booleans,
    says which of them an input belongs to. Floats, (N,) or (N, K), are numbers to predict. Whatever is no
    classification is told.

    Args:
        where: The origin of the arrays, for messages.
        arrays: By key, "train_y" among them.
        names: Of the classes or targets; None numbers them.
        task: What they are of; by default what they look like.

    Raises:
        AnenasError: If they are not as described, or not of the task.
    """
    found = task or _task(where, arrays["train_y"])
    if task is None and found is not CLASSIFICATION:
        _log.info("%s: its labels are %s, so the task is %s (`task` says otherwise)", where, _LOOKS[found], found)
    if found is CLASSIFICATION:
        labels = {key: _places(where, key, array) for key, array in arrays.items()}
        classes = _classes(where, _names(where, names), labels)
        return found, labels, classes
    count, given = _columns(arrays["train_y"]), _names(where, names)
    if given is not None and len(given) != count:
        raise AnenasError(f"{where}: class_names has {len(given)} names, but train_y has {count} columns")
    read = _belonging if found is MULTILABEL else _numbers
    unnamed = ("value",) if count == 1 else tuple(f"{_UNNAMED[found]}{i}" for i in range(count))
    return found, {key: read(where, key, array, count) for key, array in arrays.items()}, given or unnamed


def _task(where: str, labels: NDArray[Any]) -> Task:
    if labels.dtype.kind == "f":
        if labels.size and (labels == np.rint(labels)).all():
            raise AnenasError(
                f"{where}: train_y holds whole numbers as {labels.dtype}; give classes as integers from 0, or say that "
                f'they are numbers to predict: `task="regression"`'
            )
        return REGRESSION
    return MULTILABEL if labels.ndim == 2 and labels.shape[1] > 1 else CLASSIFICATION


def _columns(labels: NDArray[Any]) -> int:
    return labels.shape[1] if labels.ndim == 2 else 1


def _names(where: str, names: NDArray[Any] | None) -> tuple[str, ...] | None:
    if names is None:
        return None
    if names.dtype.kind != "U" or names.ndim != 1:
        raise AnenasError(f"{where}: class_names must be a list of strings, not {names.dtype} {names.shape}")
    found = tuple(map(str, names))
    if len(set(found)) < len(found):
        twice = next(name for name in found if found.count(name) > 1)
        raise AnenasError(f"{where}: class_names holds '{twice}' twice; give each class its own name")
    return found


def _places(where: str, key: str, array: NDArray[Any]) -> NDArray[np.int64]:
    if not np.issubdtype(array.dtype, np.integer):
        raise AnenasError(f"{where}: {key} must hold integers from 0, not {array.dtype}")
    if array.ndim != 1:
        raise AnenasError(f"{where}: {key} must have one label for each example, (N,), not {array.shape}")
    if array.size and array.min() < 0:
        raise AnenasError(f"{where}: {key} holds the negative label {array.min()}; labels must count from 0")
    return array.astype(np.int64)


def _classes(where: str, names: tuple[str, ...] | None, labels: Labels) -> tuple[str, ...]:
    if names is None:
        used = np.unique(labels["train_y"])
        gaps = np.flatnonzero(used != np.arange(len(used)))
        if len(gaps):
            raise AnenasError(
                f"{where}: train_y holds the label {used[-1]} but not {gaps[0]}; labels must be 0, 1, 2, … with no gap"
            )
        names = tuple(map(str, used))
    for key, array in labels.items():
        if array.max(initial=0) >= len(names):
            raise AnenasError(
                f"{where}: {key} holds the label {array.max()}, but there are only {len(names)} classes; "
                f"labels must be 0 to {len(names) - 1}"
            )
    return names


def _belonging(where: str, key: str, array: NDArray[Any], count: int) -> NDArray[np.uint8]:
    """Which of so many classes each input belongs to."""
    if array.ndim != 2 or array.shape[1] != count:
        raise AnenasError(f"{where}: {key} must have a column for each of {count} classes, not {array.shape}")
    if array.dtype.kind not in "biuf" or not np.isin(array, (0, 1)).all():
        raise AnenasError(f"{where}: {key} must hold 1 where an example belongs to a class and 0 where not")
    return array.astype(np.uint8)


def _numbers(where: str, key: str, array: NDArray[Any], count: int) -> NDArray[np.float32]:
    """So many numbers for each input."""
    if array.dtype.kind not in "biuf" or array.ndim not in (1, 2) or _columns(array) != count:
        raise AnenasError(
            f"{where}: {key} must hold numbers, a column for each of {count} targets, not {array.dtype} {array.shape}"
        )
    numbers = array.reshape(len(array), count).astype(np.float32)
    if not np.isfinite(numbers).all():
        row, column = np.argwhere(~np.isfinite(numbers))[0]
        raise AnenasError(
            f"{where}: {key}[{row}] is {array.reshape(len(array), count)[row, column]}; expected a number"
        )
    return numbers

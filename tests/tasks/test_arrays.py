"""Labels of arrays as tasks read them: what they are, what they are called, and what is wrong with others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from anenas._errors import AnenasError
from anenas.tasks import CLASSIFICATION, MULTILABEL, REGRESSION, Task


def read(task: Task, train: Any, test: Any = None, names: tuple[str, ...] | None = None) -> tuple[Any, tuple[str, ...]]:
    labels = {"train_y": np.asarray(train)} | ({} if test is None else {"test_y": np.asarray(test)})
    found, named = task.read("'x.npz'", labels, names)
    return found, named


@pytest.mark.parametrize(
    ("task", "labels", "names"),
    [
        (CLASSIFICATION, [0, 0], ("0",)),
        (CLASSIFICATION, [2, 0, 1, 2], ("0", "1", "2")),
        (MULTILABEL, [[0, 1], [1, 1]], ("0", "1")),
        (MULTILABEL, [[True, False, True]], ("0", "1", "2")),
        (MULTILABEL, [[0], [1]], ("0",)),
        (REGRESSION, [0.5, 2.0], ("value",)),
        (REGRESSION, [[0.5], [2.0]], ("value",)),
        (REGRESSION, [[1, 2], [3, 4]], ("value_0", "value_1")),
    ],
)
def test_labels_without_names_are_numbered(task: Task, labels: list[Any], names: tuple[str, ...]) -> None:
    found, named = read(task, labels, np.asarray(labels)[:0])
    assert named == names and not task.problem_of(found["train_y"], len(names), len(labels))
    np.testing.assert_array_equal(found["train_y"], np.reshape(labels, found["train_y"].shape))
    assert found["test_y"].shape == (0, *found["train_y"].shape[1:])
    assert read(task, labels, names=tuple(f"n{i}" for i in range(len(names))))[1][0] == "n0"


@pytest.mark.parametrize(
    ("task", "labels", "told"),
    [
        (CLASSIFICATION, [0, 1, 3, 4], "train_y has the label 4 but not 2; labels must be 0, 1, 2, … without gaps"),
        (CLASSIFICATION, [[0], [1]], r"train_y must have one label per example, \(N,\), not \(2, 1\)"),
        (CLASSIFICATION, [0.0, 1.0], "train_y must contain integers from 0, not float64"),
        (CLASSIFICATION, [-1, 0], "train_y has the negative label -1; labels must start at 0"),
        (MULTILABEL, [0, 1], r"train_y must have one column for each of 1 classes, not \(2,\)"),
        (MULTILABEL, [[0, 2]], "train_y must be 1 where an example belongs to a class, and 0 where it does not"),
        (MULTILABEL, [["0", "1"]], "train_y must be 1 where an example belongs to a class"),
        (REGRESSION, [1.0, np.nan], r"train_y\[1\] is nan; expected a number"),
        (REGRESSION, [[1.0, 2.0], [3.0, -np.inf], [np.nan, 1.0]], r"train_y\[1\] is -inf; expected a number"),
        (REGRESSION, [1.0, 1e39], r"train_y\[1\] is 1e\+39; expected a number"),  # no float32
        (REGRESSION, ["a"], r"train_y must contain numbers, one column for each of 1 targets, not <U1 \(1,\)"),
        (REGRESSION, [[[1.0]]], r"train_y must contain numbers, .* not float64 \(1, 1, 1\)"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_labels_that_are_none_of_a_task_are_told_with_what_was_expected(
    task: Task, labels: list[Any], told: str
) -> None:
    with pytest.raises(AnenasError, match=f"^'x.npz': {told}"):
        read(task, labels)


@pytest.mark.parametrize(
    ("task", "train", "test", "told"),
    [
        (CLASSIFICATION, [0, 1], [2], "test_y has the label 2, but there are only 2 classes; labels must be 0 to 1"),
        (MULTILABEL, [[0, 1]], [[0, 1, 1]], r"test_y must have one column for each of 2 classes, not \(1, 3\)"),
        (REGRESSION, [[0, 1]], [[0]], r"test_y must contain numbers, one column for each of 2 targets, not int64"),
    ],
)
def test_a_split_that_is_unlike_that_of_training_is_told(task: Task, train: Any, test: Any, told: str) -> None:
    with pytest.raises(AnenasError, match=told):
        read(task, train, test)


@pytest.mark.parametrize(("task", "labels"), [(MULTILABEL, [[0, 1]]), (REGRESSION, [[0.0, 1.0]])])
@pytest.mark.parametrize("count", [1, 3])
def test_as_many_names_are_wanted_as_there_are_columns(task: Task, labels: Any, count: int) -> None:
    with pytest.raises(AnenasError, match=f"class_names has {count} names, but train_y has 2 columns"):
        read(task, labels, names=tuple("abc"[:count]))

from __future__ import annotations

import numpy as np
import pytest

from anenas.data import Dataset, Split, check_dataset
from anenas.inputs import SERIES
from anenas.tasks import MULTILABEL, REGRESSION, Task


def dataset(task: Task, classes: tuple[str, ...], labels: np.ndarray) -> Dataset:
    """Thirty series, one of which is in training and test."""
    series = np.random.default_rng(0).normal(size=(30, 2, 1, 9)).astype(np.float32)
    splits = (Split(series[start:end], labels[start:end]) for start, end in ((0, 20), (20, 25)))
    test = Split(np.concatenate([series[25:], series[3:4]]), np.concatenate([labels[25:], labels[3:4]]))
    return Dataset("waves", classes, *splits, test, kind=SERIES, task=task)


@pytest.mark.parametrize("kind", ["numbers", "several classes"])
def test_data_without_one_class_each_are_checked_for_all_else(kind: str) -> None:
    random = np.random.default_rng(1)
    if kind == "numbers":
        data = dataset(REGRESSION, ("height",), random.normal(size=(30, 1)).astype(np.float32))
    else:
        data = dataset(MULTILABEL, ("red", "round"), random.integers(0, 2, (30, 2)).astype(np.uint8))
    concerns = {concern.check: concern for concern in check_dataset(data)}
    assert concerns.pop("same input in two splits").affected == (("test 5", "train 3"),)
    assert concerns.pop("few held-out inputs").message == "there are only 6 test series"
    assert set(concerns) == (set() if kind == "numbers" else {"few inputs of a class"})

from __future__ import annotations

import logging

import numpy as np
import pytest

from anenas._errors import AnenasError
from anenas.data._labels import read_labels
from anenas.tasks import CLASSIFICATION, MULTILABEL, REGRESSION

CLASSES = {"train_y": np.array([0, 2, 1, 1]), "test_y": np.array([2, 0])}
FLAGS = {"train_y": np.array([[0, 1], [1, 1], [1, 0]]), "test_y": np.array([[1, 0]])}
NUMBERS = {"train_y": np.array([0.5, 2, -1]), "test_y": np.array([1.0])}


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "anenas")
    return caplog


def test_labels_are_of_the_task_that_they_look_like_and_what_is_no_classification_is_told(
    log: pytest.LogCaptureFixture,
) -> None:
    task, labels, names = read_labels("mine", CLASSES, None)
    assert (task, names) == (CLASSIFICATION, ("0", "1", "2"))
    assert {key: each.tolist() for key, each in labels.items()} == {"train_y": [0, 2, 1, 1], "test_y": [2, 0]}
    assert log.messages == []
    task, labels, names = read_labels("mine", FLAGS, None)
    assert (task, names, labels["test_y"].tolist()) == (MULTILABEL, ("0", "1"), [[1, 0]])
    task, labels, names = read_labels("mine", NUMBERS, np.array(["weight"]))
    assert (task, names, labels["train_y"].tolist()) == (REGRESSION, ("weight",), [[0.5], [2], [-1]])
    assert [line.partition(", so the task is ")[2] for line in log.messages] == [
        "multilabel (`task` overrides this)",
        "regression (`task` overrides this)",
    ]
    assert log.messages[1].startswith("mine: its labels are numbers with a point, ")


def test_a_task_that_is_given_needs_no_word(log: pytest.LogCaptureFixture) -> None:
    task, labels, names = read_labels("mine", CLASSES, None, REGRESSION)
    assert (task, labels["test_y"].tolist(), len(names)) == (REGRESSION, [[2], [0]], 1)
    assert log.messages == []


def test_names_are_those_of_the_classes_in_their_order() -> None:
    names = read_labels("mine", CLASSES, np.array(["cow", "ant", "bee"]))[2]
    assert names == ("cow", "ant", "bee")
    assert {type(name) for name in names} == {str}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (np.array([1, 2, 3]), "class_names must be a list of strings, not int64 (3,)"),
        (np.array([["a", "b", "c"]]), "class_names must be a list of strings, not <U1 (1, 3)"),
        (np.array(["a", "b", "c", "b", "a"]), "class_names contains 'a' twice; give each class its own name"),
        (np.array(["a", "b", "b"]), "class_names contains 'b' twice; give each class its own name"),
    ],
)
def test_names_that_are_no_list_or_the_same_are_told(names: np.ndarray, message: str) -> None:
    with pytest.raises(AnenasError) as raised:
        read_labels("mine", CLASSES, names)
    assert str(raised.value) == f"mine: {message}"

"""What every task owes: labels that it can check, a loss that falls, and an output that tells what is right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from anenas._errors import AnenasError
from anenas.tasks import (
    CLASSIFICATION,
    MULTILABEL,
    REGRESSION,
    TASKS,
    Cells,
    Classification,
    Predictions,
    Task,
    find_metric,
)
from anenas.tasks import task as decorate


def learnable(task: Task, count: int = 240, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features of zero mean and unit variance, (N, 6), and labels that mostly follow from them."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, 6)).astype(np.float32)
    signal = features[:, :3] + 0.3 * rng.normal(size=(count, 3))
    labels: dict[str, Any] = {
        "classification": signal.argmax(1).astype(np.int64),
        "multilabel": (signal > (-0.5, 0.5, 1.2)).astype(np.uint8),
        "regression": (signal * (1e-3, 1.0, 5e4) + (2.0, 0.0, 3e5)).astype(np.float32),
    }
    return features, labels[task.name]


@pytest.fixture(params=list(TASKS))
def task(request: pytest.FixtureRequest) -> Task:
    return TASKS[request.param]


def test_training_by_the_loss_does_the_task(task: Task) -> None:
    features, labels = learnable(task)
    torch.manual_seed(0)
    layer, loss = nn.Linear(6, 3), task.loss(labels, 3)
    optimizer = torch.optim.Adam(layer.parameters(), 0.05)
    for _ in range(150):
        optimizer.zero_grad()
        loss(layer(torch.from_numpy(features)), torch.from_numpy(labels)).backward()
        optimizer.step()
    unseen, right = learnable(task, seed=1)
    with torch.no_grad():
        scores = task.output(labels)(layer(torch.from_numpy(unseen))).numpy()
    metric = find_metric(task.metrics[0])
    nothing = np.tile(task.constant(labels, 3), (len(right), 1))
    learned, constant = (metric.measure(Predictions(one, right, "abc")) for one in (scores, nothing))
    better = constant - learned if metric.direction == "minimize" else learned - constant
    assert better > 0.3 * (constant if metric.direction == "minimize" else 1 - constant)


def test_the_linear_layer_does_the_task(task: Task) -> None:
    features, labels = learnable(task)
    weight, bias = task.linear(features, labels, 3, 0.1)
    assert (weight.shape, bias.shape, weight.dtype) == ((3, 6), (3,), np.float32)
    with torch.no_grad():
        scores = task.output(labels)(torch.from_numpy(features @ weight.T + bias)).numpy()
    metric = find_metric(task.metrics[0])
    nothing = np.tile(task.constant(labels, 3), (len(labels), 1))
    learned, constant = (metric.measure(Predictions(one, labels, "abc")) for one in (scores, nothing))
    assert learned < 0.6 * constant if metric.direction == "minimize" else learned > 0.75


def test_every_metric_of_a_task_can_be_measured(task: Task) -> None:
    _, labels = learnable(task)
    predictions = Predictions(np.tile(task.constant(labels, 3), (len(labels), 1)), labels, "abc")
    for name in (*task.metrics, *(f"{family}@a" for family in task.class_metrics)):
        assert task.measures(name) and np.isfinite(find_metric(name, "abc").measure(predictions))


def test_held_out_splits_have_their_part_of_every_stratum(task: Task) -> None:
    _, labels = learnable(task)
    strata = task.strata(labels)
    assert strata.shape == (240,) and strata.dtype == np.int64 and len(np.unique(strata)) >= 3


@pytest.mark.parametrize(
    ("task", "labels", "problem"),
    [
        (CLASSIFICATION, np.array([0, 3]), "labels must be 0 to 2"),
        (CLASSIFICATION, np.array([[0, 1]]), r"must be int64 \(2,\)"),
        (MULTILABEL, np.array([0, 1]), r"must be uint8 \(2, 3\), a column for each class"),
        (MULTILABEL, np.array([[0, 2, 1]] * 2, np.uint8), "must be 0 or 1"),
        (REGRESSION, np.array([[0.0, np.nan, 1.0]] * 2, np.float32), "must be finite"),
        (REGRESSION, np.zeros((2, 1), np.float32), r"must be float32 \(2, 3\)"),
    ],
)
def test_labels_of_another_form_are_told(task: Task, labels: np.ndarray, problem: str) -> None:
    import re

    assert re.search(problem, task.problem_of(labels, 3, 2))


def test_balanced_what_an_input_says_counts_and_not_how_frequent_its_class_is() -> None:
    """One feature that says nothing: of classes 9 to 1 the first is told, balanced neither."""
    labels = np.array([0] * 90 + [1] * 10)
    for balanced, told in ((False, 0.9), (True, 0.5)):
        logits = torch.zeros(2, requires_grad=True)
        loss, optimizer = CLASSIFICATION.loss(labels, 2, balanced=balanced), torch.optim.Adam([logits], 0.05)
        for _ in range(300):
            optimizer.zero_grad()
            loss(logits.expand(100, 2), torch.from_numpy(labels)).backward()
            optimizer.step()
        assert logits.softmax(0)[0].item() == pytest.approx(told, abs=0.06)  # smoothed labels are less sure


@pytest.mark.parametrize(
    ("task", "labels", "draws"),
    [
        (CLASSIFICATION, np.array([0, 0, 0, 1]), [1 / 6, 1 / 6, 1 / 6, 1 / 2]),
        (MULTILABEL, np.array([[1, 0], [1, 1], [1, 0], [0, 0]], np.uint8), [1 / 6, 1 / 3, 1 / 6, 1 / 3]),
    ],
)
def test_inputs_are_drawn_so_that_every_class_is_as_frequent(
    task: Task, labels: np.ndarray, draws: list[float]
) -> None:
    assert task.draws(labels) == pytest.approx(draws)


def test_numbers_have_no_class_weights() -> None:
    with pytest.raises(AnenasError, match="class weights need classes"):
        REGRESSION.loss(np.zeros((2, 1), np.float32), 1, balanced=True)


def test_metrics_belong_to_tasks() -> None:
    assert MULTILABEL.measures("recall@cat") and not REGRESSION.measures("recall@cat")
    assert not CLASSIFICATION.measures("rmse") and REGRESSION.measures("rmse")
    assert CLASSIFICATION.measures("a_metric_of_one_s_own")


def test_labels_in_another_order_mean_the_same(task: Task) -> None:
    _, labels = learnable(task)
    arranged = task.arrange(labels, ["a", "b", "c"], ["c", "a", "b"])
    assert not task.problem_of(arranged, 3, len(labels))
    if labels.ndim == 1:
        assert [["c", "a", "b"][i] for i in arranged] == [["a", "b", "c"][i] for i in labels]
    else:
        np.testing.assert_array_equal(arranged, labels[:, [2, 0, 1]])


def test_what_a_task_reads_is_as_it_has_labels(task: Task) -> None:
    _, labels = learnable(task)
    read, names = task.read("here", {"train_y": labels, "test_y": labels[:9]}, ("a", "b", "c"))
    assert names == ("a", "b", "c")
    assert not task.problem_of(read["train_y"], 3, 240) and not task.problem_of(read["test_y"], 3, 9)
    np.testing.assert_array_equal(read["train_y"], labels)


def test_a_task_of_ones_own_is_known_by_its_name_and_reads_as_its_kind() -> None:
    @decorate("sorted")
    class Sorted(Classification):
        metrics = ("accuracy",)

    try:
        assert TASKS["sorted"] == Sorted("sorted") and TASKS["sorted"] != CLASSIFICATION
        assert TASKS["sorted"].usual_metrics(9) == ("accuracy",)
        labels, names = TASKS["sorted"].read_cells(Cells("table", ("grade",), [("10",), ("9",)], [2, 3]))
        assert (labels.tolist(), names) == ([1, 0], ("9", "10"))
        with pytest.raises(AnenasError, match="two tasks have the name 'classification'"):
            decorate("classification")(Sorted)
    finally:
        TASKS._entries.pop("sorted")


def test_one_class_for_each_input_needs_one_column() -> None:
    cells = Cells("'t.csv'", ("a", "b"), [("1", "0")], [2])
    with pytest.raises(AnenasError, match=r"'t.csv': a single class per input needs one column .*; found a, b"):
        CLASSIFICATION.read_cells(cells)

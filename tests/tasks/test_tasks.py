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


@pytest.mark.parametrize("count", [1, 2, 4, 5, 7, 8, 19, 20, 21, 103])
def test_strata_of_numbers_are_fifths_at_most_of_four_inputs_at_least(count: int) -> None:
    """So that what is held out of each is one input at least, and not most of it."""
    labels = np.random.default_rng(count).normal(size=(count, 2)).astype(np.float32)
    strata = REGRESSION.strata(labels)
    counts = np.bincount(strata)
    assert counts.min() >= min(4, count) and len(counts) == max(1, min(5, count // 4))
    assert np.ptp(counts) <= 1 and (np.diff(strata[labels[:, 0].argsort()]) >= 0).all()


def test_a_number_that_is_the_same_for_all_is_told_as_it_is_and_what_differs_from_it_in_its_unit() -> None:
    labels = np.array([[7.0, 1.0], [7.0, 5.0]], np.float32)
    outputs = torch.tensor([[0.0, 0.0], [0.25, 1.0]])
    assert REGRESSION.output(labels)(outputs).tolist() == [[7.0, 3.0], [7.25, 5.0]]
    loss = REGRESSION.loss(labels, 2)(outputs, REGRESSION.output(labels)(outputs))
    assert loss.item() == pytest.approx(0, abs=1e-12)  # the loss and the output have one scale


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("absent", [False, True])
def test_a_linear_layer_of_classes_in_another_order_is_the_same_in_that_order(count: int, absent: bool) -> None:
    """Two classes, of which scikit-learn has one row, as more; and none that has no input is ever told."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 6)).astype(np.float32)
    labels = features[:, :count].argmax(1)
    names = count + absent
    weight, bias = CLASSIFICATION.linear(features, labels, names, 0.1)
    assert ((features @ weight.T + bias).argmax(1) == labels).mean() > 0.9
    order = np.roll(np.arange(names), 1)  # class i is order[i] there
    other_weight, other_bias = CLASSIFICATION.linear(features, order[labels], names, 0.1)
    scores, others = features @ weight.T + bias, features @ other_weight.T + other_bias
    told = (torch.from_numpy(one).softmax(1).numpy() for one in (scores, others[:, order]))
    np.testing.assert_allclose(*told, atol=1e-3)


@pytest.mark.parametrize("strength", [1e-3, 1e-2, 0.1, 10.0])
def test_a_linear_layer_of_numbers_is_regular_by_the_strength(strength: float) -> None:
    """Of one feature of unit variance, ridge regression shrinks what correlates by N / (N + 1 / C)."""
    features = np.random.default_rng(0).permutation(np.repeat([-1.0, 1.0], 20))[:, None].astype(np.float32)
    labels = (3 + 2 * features + np.tile([[-1.0], [1.0]], (20, 1))).astype(np.float32)
    weight, bias = REGRESSION.linear(features, labels, 1, strength)
    correlation = np.corrcoef(features[:, 0], labels[:, 0])[0, 1]
    assert weight.item() == pytest.approx(correlation * 40 / (40 + 1 / strength), rel=2e-3)
    assert bias.item() == pytest.approx(0, abs=2e-3)


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


@pytest.mark.parametrize(
    ("names", "cells", "are_several", "are_names", "are_flags"),
    [
        (("label",), ["cat", "dog"], False, True, False),
        (("label",), ["cat|dog", "dog"], True, True, False),
        (("label",), ["1", "-12"], False, True, False),  # whole numbers name classes, too
        (("label",), ["0", "1"], False, True, True),
        (("price",), ["1.5", "2"], False, False, False),
        (("price",), ["1e3"], False, False, False),
        (("price",), ["inf"], False, True, False),  # it is no number that could be learnt
        (("a", "b"), ["cat", "dog"], False, False, False),
        (("a", "b"), ["1", "0"], False, False, True),
        (("a", "b"), ["0.5", "1"], False, False, False),
    ],
)
def test_what_the_cells_of_a_table_may_be_labels_of(
    names: tuple[str, ...], cells: list[str], are_several: bool, are_names: bool, are_flags: bool
) -> None:
    rows = [tuple(cells)] if len(names) > 1 else [(cell,) for cell in cells]
    found = Cells("table", names, rows, range(2, 2 + len(rows)))
    assert (found.are_several, found.are_names, found.are_flags) == (are_several, are_names, are_flags)


def test_cells_of_numbers_are_read_and_others_named_by_their_row() -> None:
    labels, names = REGRESSION.read_cells(Cells("table", ("a", "b"), [("1.5", "-2"), ("1e3", "0")], [2, 5]))
    assert (labels.tolist(), names) == ([[1.5, -2.0], [1000.0, 0.0]], ("a", "b"))
    for cell in ("cat", "nan", "inf"):
        with pytest.raises(AnenasError, match=f"table, row 5: b is '{cell}'; expected a number, or class names"):
            REGRESSION.read_cells(Cells("table", ("a", "b"), [("1.5", "-2"), ("1e3", cell)], [2, 5]))

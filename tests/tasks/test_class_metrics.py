from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anenas._errors import AnenasError
from anenas.tasks import METRICS, TASKS, Metric, Predictions, Task, find_metric, metric_names

NAMES = ("cat", "dog", "fox")


def noisy(count: int = 400, seed: int = 0, classes: int = 3, signal: float = 1.5) -> Predictions:
    """Of unequal classes, 12 to 3 to 1, most of them right."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(classes, size=count, p=np.array([12, 3, 1]) / 16)
    logits = rng.normal(size=(count, classes)) + signal * np.eye(classes)[labels]
    scores = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return Predictions(scores, labels, NAMES)


def several(count: int = 400) -> Predictions:
    rng = np.random.default_rng(1)
    labels = (rng.random((count, 3)) < (0.5, 0.2, 0.05)).astype(np.uint8)
    return Predictions(1 / (1 + np.exp(-rng.normal(size=(count, 3)) - 3.0 * labels + 1.5)), labels, NAMES)


def measured(name: str, predictions: Predictions) -> float:
    return find_metric(name, NAMES).measure(predictions)


def test_unequal_classes_weigh_the_same_in_balanced_accuracy_and_not_in_accuracy() -> None:
    labels = np.array([0] * 98 + [1] * 2)
    always = Predictions(np.tile([0.9, 0.1], (100, 1)), labels, ("no", "yes"))
    assert find_metric("accuracy").measure(always) == 0.98
    assert find_metric("balanced_accuracy").measure(always) == 0.5
    assert find_metric("macro_f1").measure(always) == pytest.approx((2 * 0.98 / 1.98 + 0) / 2)


def test_precision_recall_and_f1_of_a_class() -> None:
    said = np.eye(3)[[0, 0, 1, 1, 1, 2]]
    found = Predictions(said, np.array([0, 1, 1, 1, 0, 1]), NAMES)
    assert measured("recall@dog", found) == pytest.approx(2 / 4)
    assert measured("precision@dog", found) == pytest.approx(2 / 3)
    assert measured("f1@dog", found) == pytest.approx(4 / 7)
    assert measured("recall@fox", found) == 0


def test_top5_looks_at_five() -> None:
    scores = np.tile(np.arange(7) / 21, (7, 1))
    assert find_metric("top5").measure(Predictions(scores, np.arange(7), tuple("abcdefg"))) == pytest.approx(5 / 7)


def test_log_loss_and_auroc_of_scores_that_know_nothing() -> None:
    nothing = Predictions(np.full((30, 3), 1 / 3), np.repeat(np.arange(3), 10), NAMES)
    assert measured("log_loss", nothing) == pytest.approx(math.log(3))
    assert measured("auroc", nothing) == pytest.approx(0.5)


def test_confidence_that_is_never_right_is_miscalibrated_by_it() -> None:
    wrong = Predictions(np.tile([0.8, 0.2], (10, 1)), np.ones(10, np.int64), ("a", "b"))
    assert find_metric("calibration_error").measure(wrong) == pytest.approx(0.8)
    half = Predictions(np.tile([0.5, 0.4999], (10, 1)), np.array([0, 1] * 5), ("a", "b"))
    assert find_metric("calibration_error").measure(half) == pytest.approx(0.0, abs=1e-3)


def test_metrics_of_several_classes_an_input() -> None:
    found = several()
    said = found.scores >= 0.5
    hits = (said & (found.labels > 0)).sum(0)
    assert measured("recall@dog", found) == pytest.approx(hits[1] / found.labels[:, 1].sum())
    assert 0.6 < measured("macro_f1", found) < measured("auroc", found) < 1
    assert 0.5 < measured("mean_average_precision", found) < 1
    assert measured("accuracy", found) == pytest.approx((said == found.labels).all(1).mean())


@pytest.mark.parametrize("name", ["accuracy", "balanced_accuracy", "macro_f1", "log_loss", "recall@dog"])
def test_the_standard_error_is_the_spread_over_samples(name: str) -> None:
    values = [measured(name, noisy(seed=seed)) for seed in range(200)]
    error = np.mean([find_metric(name, NAMES).standard_error(noisy(seed=seed)) for seed in range(5)])
    assert error == pytest.approx(np.std(values), rel=0.3)


@given(st.integers(0, 1000), st.permutations(range(3)))
def test_the_order_of_classes_and_inputs_makes_no_difference(seed: int, order: list[int]) -> None:
    found = noisy(60, seed)
    renamed = Predictions(
        found.scores[::-1, order], np.argsort(order)[found.labels[::-1]], tuple(NAMES[i] for i in order)
    )
    for name in ("accuracy", "balanced_accuracy", "macro_f1", "auroc", "log_loss", "calibration_error", "f1@fox"):
        one, other = find_metric(name, found.names), find_metric(name, renamed.names)
        assert one.measure(found) == pytest.approx(other.measure(renamed))


def test_a_class_without_inputs_has_no_part_in_a_mean() -> None:
    found = noisy()
    more = Predictions(np.column_stack([found.scores, np.zeros(400)]), found.labels, (*NAMES, "yak"))
    for name in ("balanced_accuracy", "macro_f1", "auroc", "log_loss"):
        assert measured(name, more) == pytest.approx(measured(name, found))


def test_unknown_metrics_and_classes_offer_what_there_is() -> None:
    with pytest.raises(AnenasError, match="unknown metric 'macrof1'; did you mean macro_f1"):
        find_metric("macrof1")
    with pytest.raises(AnenasError, match="unknown class 'dogs'; did you mean dog"):
        find_metric("recall@dogs", NAMES)
    with pytest.raises(AnenasError, match="is for one class: name it, such as recall@cat"):
        find_metric("recall", NAMES)
    with pytest.raises(AnenasError, match="macro_f1 covers all classes; leave out '@cat'"):
        find_metric("macro_f1@cat", NAMES)
    assert "recall@CLASS" in metric_names()


def test_values_in_words() -> None:
    accuracy, loss = find_metric("accuracy"), find_metric("log_loss")
    assert (accuracy.words(0.8731), accuracy.words(0.8731, 0.0074)) == ("87.31%", "87.3 ± 0.7 %")
    assert (loss.words(0.21437), loss.words(0.21437, 0.0081)) == ("0.2144", "0.2144 ± 0.0081")


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_what_is_in_a_unit_of_its_own_is_never_told_in_per_cent(task: Task) -> None:
    fractions = {name for name in task.metrics if task.classifies} - {"log_loss"}
    for name in (*task.metrics, *(f"{family}@a" for family in task.class_metrics)):
        found = find_metric(name)
        is_fraction = name in fractions or "@" in name
        texts = (found.label, found.words(0.5), found.words(0.5, 0.1))
        assert ["%" in text for text in texts] == [is_fraction] * 3, name
        assert found.title and found.title in found.label
    assert find_metric("accuracy").title == "accuracy"


def test_of_inputs_of_no_class_nothing_is_ranked_right() -> None:
    nothing = Predictions(np.full((4, 3), 0.2), np.zeros((4, 3), np.uint8), NAMES)
    assert measured("mean_average_precision", nothing) == 0
    assert measured("auroc", nothing) == 0.5  # as of scores that know nothing


def test_every_metric_is_registered_under_its_name() -> None:
    assert all(one.name == name for name, one in METRICS.items())
    assert isinstance(METRICS["accuracy"], Metric)

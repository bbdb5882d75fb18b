from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score

from anenas._errors import AnenasError
from anenas.report.evaluation import LabelReport
from anenas.report.evaluation._average_precision import _of_class
from anenas.tasks import Predictions, find_metric

CLASSES = ("even", "prime", "never")
LABELS = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0]], np.uint8)
SCORES = np.array([[0.9, 0.2, 0.1], [0.8, 0.4, 0.1], [0.7, 0.6, 0.1], [0.1, 0.95, 0.1]], np.float32)


@pytest.fixture
def report() -> LabelReport:
    return LabelReport(SCORES, LABELS, CLASSES, ("0.png", "1.png", "2.png", "3.png"))


def test_every_input_of_a_class_is_counted_once(report: LabelReport) -> None:
    even, prime, never = report.by_class
    assert (even.support, even.right, even.wrong, even.missed, even.rightly_not) == (2, 2, 1, 0, 1)
    assert (prime.support, prime.right, prime.wrong, prime.missed, prime.rightly_not) == (2, 1, 1, 1, 1)
    assert (even.precision, even.recall, even.f1) == (pytest.approx(2 / 3), 1, pytest.approx(0.8))
    assert prime.average_precision == pytest.approx(average_precision_score(LABELS[:, 1], SCORES[:, 1]))
    assert (never.support, never.precision, never.recall, never.f1, never.average_precision) == (0, *[None] * 4)


def test_its_figures_are_those_that_a_search_goes_by(report: LabelReport) -> None:
    predictions = Predictions(SCORES, LABELS, CLASSES)
    for name in ("accuracy", "macro_f1", "mean_average_precision"):
        assert getattr(report, name).value == pytest.approx(find_metric(name).measure(predictions))
    assert report.macro_f1.value == pytest.approx(f1_score(LABELS[:, :2], SCORES[:, :2] >= 0.5, average="macro"))


def test_intervals_hold_the_figure_and_narrow_with_the_root_of_the_inputs(report: LabelReport) -> None:
    many = LabelReport(np.tile(SCORES, (100, 1)), np.tile(LABELS, (100, 1)), CLASSES)
    for name in ("accuracy", "macro_f1", "mean_average_precision"):
        few, more = getattr(report, name), getattr(many, name)
        assert 0 <= few.low <= more.low < more.value < more.high <= few.high <= 1
    assert report.macro_f1 == LabelReport(SCORES, LABELS, CLASSES).macro_f1


def test_inputs_that_count_more_than_once_count_so_in_the_average_precision() -> None:
    rng = np.random.default_rng(0)
    scores, belongs = rng.integers(0, 9, 60).astype(np.float32) / 9, rng.random(60) < 0.4  # many have the same score
    times = rng.integers(0, 4, (3, 60)).astype(np.float32)
    found, there = _of_class(scores, belongs, times)
    wanted = [average_precision_score(belongs, scores, sample_weight=one) for one in times]
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert there.all()


def test_the_surest_mistakes_come_first_with_their_class(report: LabelReport) -> None:
    found = [(one.file, one.label, one.belongs, round(one.probability, 2)) for one in report.most_wrong()]
    assert found == [("3.png", "prime", False, 0.95), ("2.png", "even", False, 0.7), ("1.png", "prime", True, 0.4)]
    assert report.worst(2).note == "The 2 of 3 wrong pairs of an input and a class with the highest probabilities."
    assert report.weakest == ("lowest F1", "prime, 50.0%")


def test_probabilities_that_come_true_are_calibrated() -> None:
    scores = np.full((10, 1), 0.3, np.float32)
    labels = np.array([[1]] * 3 + [[0]] * 7, np.uint8)
    assert LabelReport(scores, labels, ("a",)).calibration_error == pytest.approx(0, abs=1e-6)
    assert LabelReport(scores + 0.5, labels, ("a",)).calibration_error == pytest.approx(0.5, abs=1e-6)


def test_json_holds_no_nan_and_classes_without_inputs_are_said(report: LabelReport) -> None:
    found = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert (found["inputs"], found["threshold"], found["classes"][2]["f1"]) == (4, 0.5, None)
    assert report.remarks == ("no input belongs to these classes, which are not in the means: never",)
    nothing = LabelReport(SCORES[:, 2:], LABELS[:, 2:], ("never",))
    assert nothing.weakest is None and nothing.macro_f1.value == 0
    json.dumps(nothing.to_dict(), allow_nan=False)


def test_what_does_not_fit_is_told() -> None:
    for scores, labels, message in (
        (SCORES, LABELS * 2, "labels must be 0 or 1"),
        (SCORES, LABELS[:, :2], "labels must be 0 or 1, of"),
        (SCORES * 2, LABELS, "scores must be probabilities"),
    ):
        with pytest.raises(AnenasError, match=message):
            LabelReport(scores, labels, CLASSES)

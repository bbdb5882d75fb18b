from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score

from anenas._errors import AnenasError
from anenas.report.evaluation import ClassReport
from anenas.tasks import Predictions, find_metric


def test_averages_are_of_the_classes_that_have_inputs(report: ClassReport) -> None:
    assert report.accuracy.value == 5 / 8
    assert report.balanced_accuracy.value == pytest.approx(balanced_accuracy_score(report.labels, report.predicted))
    of_three = f1_score(report.labels, report.predicted, average="macro")
    assert report.macro_f1.value == pytest.approx(of_three)
    assert report.without_inputs == ("$<b>",)


def test_its_figures_are_those_that_a_search_goes_by(report: ClassReport) -> None:
    predictions = Predictions(report.scores, report.labels, report.classes)
    for name in ("accuracy", "balanced_accuracy", "macro_f1"):
        assert getattr(report, name).value == pytest.approx(find_metric(name).measure(predictions))
    assert report.calibration_error == pytest.approx(find_metric("calibration_error").measure(predictions), abs=1e-6)


def test_an_input_taken_for_a_class_that_has_none_counts_against_its_own_class_alone() -> None:
    scores = np.eye(3, dtype=np.float32)[[0, 0, 1, 2]]
    found = ClassReport(scores, np.array([0, 0, 1, 1]), ("a", "b", "c"))
    assert (found.balanced_accuracy.value, found.macro_f1.value) == (0.75, pytest.approx((1 + 2 / 3) / 2))
    assert [one.predicted for one in found.by_class] == [2, 1, 1]
    assert found.by_class[2].precision == 0


def test_intervals_hold_the_figure_and_are_the_same_every_time(report: ClassReport) -> None:
    again = ClassReport(report.scores, report.labels, report.classes)
    for name in ("accuracy", "balanced_accuracy", "macro_f1"):
        figure = getattr(report, name)
        assert 0 <= figure.low < figure.value < figure.high <= 1
        assert figure == getattr(again, name)
    # Wilson's own formula, with z = 1.96.
    p, n, z = 5 / 8, 8, 1.959964
    middle, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert report.accuracy.low == pytest.approx((middle - half) / (1 + z**2 / n), abs=1e-6)
    assert report.accuracy.high == pytest.approx((middle + half) / (1 + z**2 / n), abs=1e-6)


def test_intervals_of_averages_narrow_with_the_root_of_the_inputs(report: ClassReport) -> None:
    many = ClassReport(np.tile(report.scores, (100, 1)), np.tile(report.labels, 100), report.classes)
    assert many.macro_f1.value == pytest.approx(report.macro_f1.value)
    ratio = (report.macro_f1.high - report.macro_f1.low) / (many.macro_f1.high - many.macro_f1.low)
    assert 6 < ratio < 14


def test_a_class_has_no_figure_of_what_it_has_none_of(report: ClassReport) -> None:
    cat, dog, cow, none = report.by_class
    assert (cat.support, cat.predicted, cat.precision, cat.recall) == (3, 3, pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert (dog.recall, cow.precision, cow.recall, cow.f1) == (0.5, 0.5, 1, pytest.approx(2 / 3))
    assert dog.recall_low is not None and dog.recall_low < 0.5
    assert (none.support, none.precision, none.recall, none.recall_low, none.f1) == (0, None, None, None, None)
    never = ClassReport(np.array([[0.9, 0.1]] * 2, np.float32), np.array([0, 1]), ("a", "b")).by_class[1]
    assert (never.precision, never.recall, never.f1) == (None, 0, 0)


def test_the_surest_mistakes_come_first_with_their_files(report: ClassReport) -> None:
    found = report.most_wrong()
    assert [(one.index, one.file, one.label, one.predicted) for one in found] == [
        (5, "dog/5.png", "dog", "cat"),
        (2, "cat/2.png", "cat", "dog"),
        (6, "dog/6.png", "dog", "cow"),
    ]
    assert found[0].probability == pytest.approx(0.99)
    assert len(report.most_wrong(2)) == 2


def test_pairs_are_counted_by_how_often_they_are_confused(report: ClassReport) -> None:
    assert {(one.label, one.predicted, one.count) for one in report.most_confused()} == {
        ("cat", "dog", 1),
        ("dog", "cat", 1),
        ("dog", "cow", 1),
    }
    assert report.confusion.tolist() == [[2, 1, 0, 0], [1, 2, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0]]


def test_the_calibration_error_is_how_far_confidence_is_from_accuracy() -> None:
    scores = np.array([[0.8, 0.2]] * 10, np.float32)
    as_sure_as_right = ClassReport(scores, np.array([0] * 8 + [1] * 2), ("a", "b"))
    assert as_sure_as_right.calibration_error == pytest.approx(0, abs=1e-6)
    too_sure = ClassReport(scores, np.array([0] * 5 + [1] * 5), ("a", "b"))
    assert too_sure.calibration_error == pytest.approx(0.3, abs=1e-6)
    (one,) = too_sure.calibration
    assert (one.count, one.accuracy, one.low <= 0.8 < one.high) == (10, 0.5, True)


def test_json_holds_no_nan(report: ClassReport) -> None:
    found = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert (found["inputs"], found["without_inputs"], found["classes"][3]["recall"]) == (8, ["$<b>"], None)
    assert found["most_wrong"][0]["file"] == "dog/5.png"
    assert found["accuracy"]["low"] < found["accuracy"]["value"]


def test_what_does_not_fit_is_told(report: ClassReport) -> None:
    scores, labels, classes = report.scores, report.labels, report.classes
    for given, message in (
        ((scores[:0], labels[:0], classes), "no inputs"),
        ((scores[:, :3], labels, classes), r"scores must be \(8, 4\), not \(8, 3\)"),
        ((scores, labels + 3, classes), "labels must be 0 to 3"),
        ((scores, labels, classes, ("a",)), "1 names were given for 8 inputs"),
        ((2 * scores, labels, classes), "must be probabilities"),
    ):
        with pytest.raises(AnenasError, match=message):
            ClassReport(*given)

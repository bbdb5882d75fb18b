from __future__ import annotations

import json

import numpy as np
import pytest

from anenas._errors import AnenasError
from anenas.report.evaluation import NumberReport
from anenas.tasks import Predictions, find_metric

TARGETS = ("age", "price")


def of(count: int, seed: int = 0) -> NumberReport:
    """Ages that are 2 too high in the mean, and prices far from 0; the first age is far off."""
    rng = np.random.default_rng(seed)
    labels = np.stack([rng.normal(40, 10, count), rng.normal(3e6, 1e4, count)], 1).astype(np.float32)
    scores = (labels + rng.normal((2, 0), (1, 3e3), (count, 2))).astype(np.float32)
    scores[0, 0] = labels[0, 0] - 50
    return NumberReport(scores, labels, TARGETS, tuple(f"{i}.png" for i in range(count)))


def test_its_figures_are_those_that_a_search_goes_by() -> None:
    report = of(200)
    predictions = Predictions(report.scores, report.labels, TARGETS)
    for name in ("mae", "rmse", "r2"):
        assert getattr(report, name).value == pytest.approx(find_metric(name).measure(predictions))
    for place, one in enumerate(report.by_number):
        alone = Predictions(report.scores[:, place : place + 1], report.labels[:, place : place + 1], TARGETS[:1])
        for name in ("mae", "rmse", "r2"):
            assert getattr(one, name).value == pytest.approx(find_metric(name).measure(alone), rel=1e-4)
    assert report.by_number[0].bias == pytest.approx(report.errors[:, 0].mean())
    assert report.by_number[1].spread == pytest.approx(1e4, rel=0.2)


def test_intervals_hold_the_figure_and_are_as_wide_as_it_varies() -> None:
    one = of(400).by_number[1].mae
    assert one.low is not None and one.high is not None and one.low < one.value < one.high
    others = [of(400, seed).by_number[1].mae.value for seed in range(40)]
    assert (one.high - one.low) / 3.92 == pytest.approx(np.std(others), rel=0.35)


def test_the_inputs_that_are_furthest_off_come_first_by_name() -> None:
    report = of(50)
    first, second, *_ = report.most_wrong()
    assert (first.file, first.number) == ("0.png", "age")
    assert first.true - first.predicted == pytest.approx(50, abs=1e-3)
    assert first.deviations == pytest.approx(-50 / report.spread[0])
    assert abs(second.deviations) <= abs(first.deviations)
    shown = report.worst(1).inputs[0]
    assert shown.caption[2].endswith("standard deviations below") and shown.cells[0] == "age"


def test_what_is_always_right_or_always_the_same_has_figures_too() -> None:
    labels = np.full((5, 1), 7, np.float32)
    right, wrong = NumberReport(labels, labels, ("a",)), NumberReport(labels + 1, labels, ("a",))
    assert (right.r2.value, right.mae.value, wrong.r2.value, wrong.mae.value) == (1, 0, 0, 1)
    assert right.worst().inputs == () and right.weakest is None
    for one in (right, wrong, NumberReport(labels[:1] + 1, labels[:1], ("a",))):
        json.dumps(one.to_dict(), allow_nan=False)


def test_of_many_numbers_the_worst_are_listed() -> None:
    rng = np.random.default_rng(0)
    labels = rng.normal(size=(60, 5)).astype(np.float32)
    report = NumberReport(labels + np.arange(5, dtype=np.float32), labels, tuple("abcde"))
    sheet = report.sheet(2)
    assert [row[0] for row in sheet.rows] == ["e", "d"]
    assert sheet.left_out == "the 2 with the lowest R² of 5 numbers"
    assert report.sheet().left_out == "" and report.weakest is not None and report.weakest[1].startswith("e, ")


def test_what_does_not_fit_is_told() -> None:
    labels = np.zeros((3, 2), np.float32)
    for scores, message in ((labels * np.nan, "finite numbers"), (labels[:, :1], r"scores must be \(3, 2\)")):
        with pytest.raises(AnenasError, match=message):
            NumberReport(scores, labels, TARGETS)
    with pytest.raises(AnenasError, match=r"labels must be \(3, 2\)"):
        NumberReport(labels, labels[:, :1], TARGETS)

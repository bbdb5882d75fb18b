from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anenas.inputs import IMAGES
from anenas.report.evaluation import (
    ClassReport,
    InputView,
    LabelReport,
    MetricReport,
    NumberReport,
    report_files,
    report_of,
    write_figures,
    write_report,
)
from anenas.tasks import (
    CLASSIFICATION,
    METRICS,
    MULTILABEL,
    REGRESSION,
    Classification,
    Predictions,
    Task,
    metric,
)

RNG = np.random.default_rng(0)
SCORES = RNG.dirichlet(np.ones(3), 40).astype(np.float32)
LABELS = {
    CLASSIFICATION: RNG.integers(0, 3, 40),
    MULTILABEL: RNG.integers(0, 2, (40, 3)).astype(np.uint8),
    REGRESSION: RNG.normal(size=(40, 3)).astype(np.float32),
}
KINDS = {CLASSIFICATION: ClassReport, MULTILABEL: LabelReport, REGRESSION: NumberReport}


class Graded(Classification):
    metrics = ("off_by", *Classification.metrics)


@pytest.fixture
def off_by() -> Iterator[None]:
    @metric("off_by", "minimize", title="off by", is_fraction=False)
    def _off_by(predictions: Predictions) -> float:
        return float(np.abs(predictions.predicted - predictions.labels).mean())

    yield
    METRICS._entries.pop("off_by")


@pytest.mark.parametrize("task", list(KINDS), ids=str)
def test_each_task_has_a_report_with_all_its_files(task: Task, tmp_path: Path) -> None:
    report = report_of(task, Predictions(SCORES, LABELS[task], ("a", "$b", "<c>")), None, "m")
    assert type(report) is KINDS[task]
    images = np.zeros((40, 1, 4, 4), np.uint8)
    written = write_report(report, images, InputView(IMAGES), tmp_path, title="m")
    assert [one.name for one in written] == list(report_files(task))
    page = (tmp_path / "report.html").read_text()
    assert page.count("<img alt=") >= len(report.pictures) and "&lt;c&gt;" in page
    for title, figure in report.figures.items():
        assert f'<td>{title}</td><td class="n">{figure}</td>' in page
    for picture in written[2:]:
        with Image.open(picture) as opened:
            assert min(opened.size) > 300


@pytest.mark.parametrize("task", list(KINDS), ids=str)
def test_the_quick_report_is_json_and_one_picture(task: Task, tmp_path: Path) -> None:
    report = report_of(task, Predictions(SCORES, LABELS[task], tuple("abc")), None, "m")
    data, picture = write_figures(report, tmp_path, {"model": "m"})
    assert json.loads(data.read_text()) == {"model": "m", **report.to_dict()}
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_task_of_ones_own_has_the_report_of_its_kind_and_its_metrics(off_by: None) -> None:
    labels = LABELS[CLASSIFICATION]
    report = report_of(Graded("graded"), Predictions(SCORES, labels, tuple("abc")), None, "m")
    assert type(report) is ClassReport
    figure = report.figures["off by"]
    assert figure.value == np.abs(SCORES.argmax(1) - labels).mean()
    assert figure.low is not None and figure.high is not None and figure.low < figure.value < figure.high
    assert report.to_dict()["off_by"] == figure.to_dict()
    assert list(report_of(CLASSIFICATION, Predictions(SCORES, labels, tuple("abc")), None, "m").figures)[-1] == (
        "calibration error"
    )


def test_a_task_of_no_known_kind_has_its_metrics_alone(tmp_path: Path) -> None:
    report = MetricReport(SCORES, LABELS[REGRESSION], tuple("abc"), None, ("rmse",))
    images = np.zeros((40, 1, 4, 4), np.uint8)
    written = write_report(report, images, InputView(IMAGES), tmp_path, title="m")
    assert [one.name for one in written] == ["report.html", "report.json"]
    assert list(json.loads(written[1].read_text())) == ["inputs", "rmse"]

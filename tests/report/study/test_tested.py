from __future__ import annotations

import json

import numpy as np

from anenas.report.evaluation import report_of
from anenas.report.study import _tested
from anenas.tasks import CLASSIFICATION, REGRESSION, Predictions

FACTS = {"model": "m", "data": "d", "split": "test", "notes": ["a note"]}


def test_the_report_of_classes_is_its_figures_table_and_matrix() -> None:
    scores = np.eye(3, dtype=np.float32)[[0, 0, 1, 2, 2, 1]]
    report = report_of(CLASSIFICATION, Predictions(scores, np.array([0, 0, 1, 1, 2, 2]), ("a", "b", "c")), None, "m")
    found = _tested.tested({**FACTS, **json.loads(json.dumps(report.to_dict()))})
    assert found.about == "m on d: the test split, 6 inputs"
    assert found.figures[0][:2] == ("accuracy", "66.7%")
    assert found.columns[:2] == ["name", "inputs"]
    assert [row[0][1] for row in found.rows] == ["a", "b", "c"]
    recall = found.columns.index("recall")
    assert [row[recall] for row in found.rows] == [(1.0, "100.0%"), (0.5, "50.0%"), (0.5, "50.0%")]
    assert found.confusion == [
        ("a", [(2, 5), (0, 0), (0, 0)]),
        ("b", [(0, 0), (1, 3), (1, 3)]),
        ("c", [(0, 0), (1, 3), (1, 3)]),
    ]
    assert found.notes == ["a note"]


def test_the_report_of_numbers_has_a_row_for_each() -> None:
    scores = np.array([[1.0, 2.0], [2.0, 2.5], [3.0, 2.0]], np.float32)
    labels = scores + np.float32(0.5)
    report = report_of(REGRESSION, Predictions(scores, labels, ("age", "size")), None, "m")
    found = _tested.tested({**FACTS, **json.loads(json.dumps(report.to_dict()))})
    assert [row[0][1] for row in found.rows] == ["age", "size"] and not found.confusion
    assert "-0.5" in [text for _, text in found.rows[0]]  # its bias

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from reported import reported_study

from anenas.report import write_front_csv, write_trials_csv
from anenas.search import SearchSettings, Study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return reported_study(tmp_path)


def test_the_front_table_has_a_row_for_each_model_fastest_first(study: Study, tmp_path: Path) -> None:
    write_front_csv(study, tmp_path / "front.csv")
    rows = list(csv.DictReader((tmp_path / "front.csv").open()))
    assert [(row["trial"], row["accuracy"], row["latency_ms"]) for row in rows] == [
        ("0", "0.8", "0.2"),
        ("1", "0.9", "0.3"),
    ]
    assert [float(row["accuracy_error"]) for row in rows] == pytest.approx([0.0400, 0.0304], abs=1e-4)
    assert rows[0]["architecture"] == str(study.finished[0].architecture)


def test_the_trial_table_has_every_answer_with_its_reason(study: Study, tmp_path: Path) -> None:
    write_trials_csv(study, tmp_path / "trials.csv")
    rows = list(csv.DictReader((tmp_path / "trials.csv").open()))
    assert [row["state"] for row in rows] == ["completed"] * 3 + ["failed"]
    assert rows[-1]["reason"] == "ValueError: no"
    assert rows[-1]["accuracy"] == ""


def test_a_study_without_a_completed_trial_has_an_empty_table(tmp_path: Path) -> None:
    study = Study.create_or_continue(tmp_path / "store", "empty", SearchSettings({"accuracy": 0.0, "latency_ms": 0.5}))
    write_front_csv(study, tmp_path / "front.csv")
    assert list(csv.DictReader((tmp_path / "front.csv").open())) == []

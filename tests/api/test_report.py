from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from studies import trained_study
from tiny import write_tiny

from anenas.api._evaluate import validated
from anenas.api._report import ValidationReports, report_tests
from anenas.data import PARTS, Dataset, load_data
from anenas.latency import Target
from anenas.report.evaluation import report_files
from anenas.search import TEST_SCORES, VALIDATION_SCORES, Study, TrainingEvaluator, TrialFiles
from anenas.space import SearchSpace, read_space
from anenas.tasks import CLASSIFICATION
from anenas.tracking import MlflowTracker, connect, default_uri

TRIAL = "1x1x16x16-conv_r1_s2_c16_k3_relu-dsconv_r1_s2_c16_k3_relu-head_n3"


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> SearchSpace:
    folder = tmp_path_factory.mktemp("study")
    write_tiny(folder, tests=63)
    return read_space(folder / "tiny.yaml")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, space: SearchSpace, mlflow_database: Path) -> Path:
    """With the store of a study of one trial, tested, whose data lie beside it in "shared"."""
    folder = tmp_path_factory.mktemp("tested")
    write_tiny(folder, tests=63)
    data = str(folder / "data.npz")
    dataset = load_data(data, size=(16, 16), channels=1)
    study = trained_study(folder / "store", space, dataset, data, [TRIAL], epochs=1)
    [trial] = study.completed
    evaluator = TrainingEvaluator((Target.named("A15"),), epochs=1, device="cpu")
    files = TrialFiles(study.shipped_folder(trial), folder / "shared")
    study.set_test_score(trial.number, evaluator.test(trial.architecture, files))
    shutil.copy(mlflow_database, folder / "store")
    return folder


@pytest.fixture
def study(tmp_path: Path, folder: Path) -> Study:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return Study.load(tmp_path / "store", "tiny")


@pytest.fixture
def tracker(study: Study, space: SearchSpace, tmp_path: Path) -> MlflowTracker:
    tracker = MlflowTracker(study, tmp_path / "store", connect(default_uri(tmp_path / "store")))
    tracker.update(study)
    assert tracker.flush()
    return tracker


def test_what_ships_has_a_report_of_its_test_beside_it_and_in_mlflow(
    study: Study, tracker: MlflowTracker, tmp_path: Path
) -> None:
    report_tests(study, tmp_path / "shared", tracker)
    [trial] = study.completed
    folder = study.shipped_folder(trial)
    found = json.loads((folder / "report.json").read_text())
    assert (found["study"], found["split"], found["inputs"]) == ("tiny", "test", 63)
    assert found["accuracy"]["value"] == trial.test_score
    client = MlflowClient(default_uri(tmp_path / "store"))
    assert tracker.flush()
    [experiment] = client.search_experiments(filter_string="name LIKE 'tiny%'")
    [run] = client.search_runs([experiment.experiment_id], "tags.`anenas.trial` = '0'")
    logged = {Path(file.path).name for file in client.list_artifacts(run.info.run_id, "test")}
    files = set(report_files(CLASSIFICATION))
    assert logged == files == {file.name for file in folder.iterdir()} & files


def test_it_is_made_of_what_the_test_left_and_not_of_another_run(
    study: Study, tracker: MlflowTracker, tmp_path: Path
) -> None:
    folder = study.shipped_folder(study.completed[0])
    labels = Dataset.open(tmp_path / "shared", PARTS).test.labels
    np.save(folder / TEST_SCORES, np.eye(3, dtype=np.float16)[(labels + 1) % 3])
    report_tests(study, tmp_path / "shared", tracker)
    assert json.loads((folder / "report.json").read_text())["accuracy"]["value"] == 0


def test_what_was_tested_without_scores_has_no_report(study: Study, tracker: MlflowTracker, tmp_path: Path) -> None:
    folder = study.shipped_folder(study.completed[0])
    (folder / TEST_SCORES).unlink()
    report_tests(study, tmp_path / "shared", tracker)
    assert not (folder / "report.html").exists()


def test_a_report_that_cannot_be_made_does_not_end_the_search(
    study: Study, tracker: MlflowTracker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "shared" / "dataset.json").unlink()
    with caplog.at_level(logging.WARNING, "anenas"):
        report_tests(study, tmp_path / "shared", tracker)
    assert "trial 0 has no report on its test" in caplog.text


def test_a_model_on_the_front_has_a_report_of_its_validation_in_mlflow(
    study: Study, tracker: MlflowTracker, tmp_path: Path
) -> None:
    reports = ValidationReports(tmp_path / "shared", tracker)
    for file in (tmp_path / "shared").glob("test*.npy"):
        np.save(file, np.zeros_like(np.load(file)))  # it would be seen if test inputs were looked at
    reports(study)
    client = MlflowClient(default_uri(tmp_path / "store"))
    assert tracker.flush()
    [experiment] = client.search_experiments(filter_string="name LIKE 'tiny%'")
    [run] = client.search_runs([experiment.experiment_id], "tags.`anenas.trial` = '0'")
    logged = {Path(file.path).name: file.path for file in client.list_artifacts(run.info.run_id, "validation")}
    assert set(logged) == {"report.json", "confusion.png"}
    found = json.loads(Path(client.download_artifacts(run.info.run_id, logged["report.json"], tmp_path)).read_text())
    [trial] = study.completed
    assert (found["split"], found["inputs"]) == ("validation", trial.evaluation.held_out)
    assert found["accuracy"]["value"] == pytest.approx(trial.evaluation.score, abs=1e-3)


def test_a_trial_without_the_scores_of_its_validation_has_no_report_of_it(study: Study, tmp_path: Path) -> None:
    [trial] = study.completed
    dataset = Dataset.open(tmp_path / "shared", PARTS)
    found = validated(study, trial, dataset)
    assert found is not None and found.about[0].endswith("by the network in float32, as the search judged it")
    (study.shipped_folder(trial) / VALIDATION_SCORES).unlink()
    assert validated(study, trial, dataset) is None

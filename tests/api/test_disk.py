from __future__ import annotations

import dataclasses
import logging
import re
import shutil
from pathlib import Path

import pytest
from mlflow import MlflowClient
from pretend import SPACE, PretendEvaluator, estimate
from studies import pretend_study

import anenas
from anenas import AnenasError
from anenas.api._disk import tell_disk
from anenas.search import PACKAGE, Evaluation, Study, TrialFiles
from anenas.space import Architecture
from anenas.tracking import default_uri


class SmallIsBest(PretendEvaluator):
    """Whose fastest network is its most accurate."""

    def evaluate(self, architecture: Architecture, files: TrialFiles, budget_fraction: float = 1.0) -> Evaluation:
        found = super().evaluate(architecture, files, budget_fraction)
        return dataclasses.replace(found, score=1 - found.estimate.latency.ms)


def test_at_the_end_of_a_search_mlflow_too_has_the_packages_of_the_front_alone(
    tmp_path: Path, mlflow_database: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pretend.yaml").write_text(SPACE)
    Path("store").mkdir()
    shutil.copy(mlflow_database, "store/mlflow.db")
    caplog.set_level(logging.INFO, "anenas")
    settings = {"evaluator": SmallIsBest(), "executor": "serial", "classes": 10, "sampler": "random"}
    result = anenas.run_search("pretend.yaml", trials=6, final="none", store="store", **settings)
    study = Study.load(Path("store").absolute(), result.study)
    kept = {trial.number for trial in study.pareto}
    dropped = {trial.number for trial in study.completed} - kept
    assert kept and dropped
    client = MlflowClient(default_uri(Path("store").absolute()))
    runs = client.search_runs([one.experiment_id for one in client.search_experiments()])
    numbers = {int(run.data.tags["anenas.trial"]): run.info.run_id for run in runs if "anenas.trial" in run.data.tags}
    assert {number for number in kept | dropped if client.list_artifacts(numbers[number], PACKAGE)} == kept
    assert {number for number in kept | dropped if (study.trial_folder(number) / PACKAGE).exists()} == kept
    said = [message for message in caplog.messages if message.startswith("deleted the packages")]
    further = min(dropped)
    anenas.run_search("pretend.yaml", trials=6, final="none", final_trials=[further], store="store", **settings)
    study = Study.load(Path("store").absolute(), result.study)
    assert [trial.number for trial in study.completed if trial.final] == [further]
    assert {trial.number for trial in study.completed if trial.test_score is not None} >= {further}
    [trained] = [trial for trial in study.completed if trial.final]
    assert (study.shipped_folder(trained) / PACKAGE).exists()
    with pytest.raises(AnenasError, match=rf"trial 99 of {result.study} has not completed; `final_trials` takes"):
        anenas.run_search("pretend.yaml", trials=6, final_trials=[99], store="store", **settings)
    assert len(said) == 1 and f"of {len(dropped)} trial" in said[0] and re.search(r"those of [1-9] in MLflow", said[0])


def test_what_is_told_before_is_what_trials_take_on_average(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "anenas")
    study = pretend_study(tmp_path / "store", "s", [])
    tell_disk(study, [estimate(1.0, size_mb=size_mb) for size_mb in (1.0, 1.0, 7.0)], trials=10)
    [said] = caplog.messages
    assert said.startswith("disk: about 6.0 MB a trial, 60.0 MB for 10")  # each package is there twice
    caplog.clear()
    trained = pretend_study(tmp_path / "store", "trained", [(1, 16), (1, 64)])  # of 1.6 and 6.4 MB
    tell_disk(trained, [estimate(1.0, size_mb=50.0)], trials=10)
    assert caplog.messages[0].startswith("disk: about 8.0 MB a trial, 64.0 MB for 8")

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from commands import Run
from studies import trained_study
from tiny import write_tiny

from anenas import AnenasError
from anenas.api import register, remove_study
from anenas.data import load_data
from anenas.search import Study
from anenas.space import read_space
from anenas.tracking import LoggedSplit, MlflowTracker, Source, connect, default_uri

TRIAL = "1x1x16x16-conv_r1_s2_c16_k3_relu-dsconv_r1_s2_c16_k3_relu-head_n3"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    write_tiny(folder)
    data = str(folder / "data.npz")
    dataset, space = load_data(data, size=(16, 16), channels=1), read_space(folder / "tiny.yaml")
    trained_study(folder / "store", space, dataset, data, [TRIAL], epochs=1)
    return folder / "store"


@pytest.fixture
def store(made: Path, mlflow_database: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "store")
    shutil.copy(mlflow_database, tmp_path / "store")
    return tmp_path / "store"


def test_the_knee_of_a_search_is_a_model_that_is_registered_once(store: Path, run: Run) -> None:
    with pytest.raises(AnenasError, match="trial 0 of tiny has no run in MLflow"):
        register("tiny", "shapes", store=store)
    tracker = MlflowTracker(Study.load(store, "tiny"), store, connect(default_uri(store)))
    tracker.close("FINISHED")
    found = register("tiny", "shapes", store=store)
    assert (found.version, found.alias, found.trial, found.is_new) == ("1", "knee", 0, True)
    [version] = connect(default_uri(store)).search_model_versions("name = 'shapes'")
    assert re.match(r"accuracy .* ms on A15; .* MB\. Trial 0 of tiny: 1x1x16x16-", version.description)
    told = run("register", "tiny", "--as", "shapes", "--pick", "0", "--store", store).out
    assert "trial 0 was already version 1 of shapes" in told and "models:/shapes@trial-0" in told
    assert run("register", "tiny", "--as", "shapes", "--pick", "7", "--store", store).code == 2


def test_a_model_has_the_words_the_decisions_and_the_figures_of_its_trial(store: Path) -> None:
    client, split = connect(default_uri(store)), LoggedSplit("shapes", "01-validation", "validation", "", "{}", "{}")
    MlflowTracker(Study.load(store, "tiny"), store, client, source=Source.here(), data=[split]).close("FINISHED")
    [experiment] = [one.experiment_id for one in client.search_experiments() if one.name != "Default"]
    [model] = client.search_logged_models([experiment])
    run = client.get_run(model.source_run_id)
    assert model.tags["mlflow.note.content"].startswith("**Trial 0 of `tiny`**: accuracy")
    assert "--pick 0" in model.tags["mlflow.note.content"]  # what it is called now may be another's tomorrow
    assert model.tags["mlflow.source.name"] == run.data.tags["mlflow.source.name"]
    assert model.params == run.data.params
    found = {metric.key: (metric.value, metric.dataset_name) for metric in model.metrics}
    assert found["accuracy"] == (run.data.metrics["accuracy"], "shapes")
    assert found["latency_ms"] == (run.data.metrics["latency_ms"], None)
    assert len(client.get_metric_history(model.source_run_id, "accuracy")) == 1  # no curve


def test_a_study_that_is_deleted_takes_its_models_along_but_for_registered_ones(store: Path, tmp_path: Path) -> None:
    copies = {name: shutil.copytree(store, tmp_path / name) for name in ("plain", "registered")}
    for copy in copies.values():
        MlflowTracker(Study.load(copy, "tiny"), copy, connect(default_uri(copy))).close("FINISHED")
    register("tiny", "shapes", store=copies["registered"])
    for copy in copies.values():
        remove_study("tiny", copy)
    assert not list((copies["plain"] / "artifacts" / "models").iterdir())
    assert list((copies["registered"] / "artifacts" / "models").rglob("model.mlpackage"))

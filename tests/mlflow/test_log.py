from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient

from anenas import AnenasError
from anenas.coreml import Package
from anenas.mlflow import log_model, register_model
from anenas.space import Architecture

NETWORK = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-head_n3")


@pytest.fixture
def client(tmp_path: Path, mlflow_database: Path) -> MlflowClient:
    shutil.copy(mlflow_database, tmp_path)
    return MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")


def test_a_logged_model_is_its_runs_and_registered_once(
    client: MlflowClient, package: Callable[[Architecture], Package], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = client.create_experiment("photos", artifact_location=(tmp_path / "artifacts").as_uri())
    run = client.create_run(experiment).info.run_id
    model = log_model(client, run, package(NETWORK).path)
    assert [output.model_id for output in client.get_run(run).outputs.model_outputs] == [model]
    first, is_new = register_model(client, run, model, "cats", alias="knee", description="Trial 3.")
    again, is_new_again = register_model(client, run, model, "cats", alias="accurate")
    assert (is_new, is_new_again) == (True, False) and str(first.version) == str(again.version) == "1"
    assert {client.get_model_version_by_alias("cats", alias).version for alias in ("knee", "accurate")} == {1}
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")  # MLflow sets it, and leaves it set for tests that come later
    mlflow.set_tracking_uri(client.tracking_uri)
    try:
        loaded = [mlflow.pyfunc.load_model(uri) for uri in (f"runs:/{run}/model", "models:/cats@knee")]
        found = [one.predict(np.zeros((2, 1, 16, 16), np.float32)) for one in loaded]
    finally:
        mlflow.set_tracking_uri(None)
    assert found[0].shape == (2, 3) and found[0].equals(found[1])


def test_a_name_that_mlflow_does_not_take_is_one_line(
    client: MlflowClient, package: Callable[[Architecture], Package], tmp_path: Path
) -> None:
    experiment = client.create_experiment("photos", artifact_location=(tmp_path / "artifacts").as_uri())
    run = client.create_run(experiment).info.run_id
    model = log_model(client, run, package(NETWORK).path)
    with pytest.raises(AnenasError, match="MLflow cannot register ''"):
        register_model(client, run, model, "")

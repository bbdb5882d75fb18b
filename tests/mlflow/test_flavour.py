from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from commands import environment

from anenas import AnenasError
from anenas.coreml import Package, program_scores
from anenas.mlflow import load_model, save_model
from anenas.space import Architecture

NETWORK = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-head_n3")
ALONE = """
import json, sys
import numpy as np
import mlflow
found = mlflow.pyfunc.load_model(sys.argv[1]).predict(np.load(sys.argv[2]))
told = {"columns": list(found.columns), "rows": found.to_numpy().tolist(), "cli": "anenas.cli" in sys.modules}
print(json.dumps(told))
"""


@pytest.fixture
def exported(package: Callable[[Architecture], Package]) -> Package:
    return package(NETWORK)


def test_a_saved_model_predicts_in_another_process_as_the_program_does(exported: Package, tmp_path: Path) -> None:
    save_model(exported.path, tmp_path / "model", metadata={"chip": "A15"})
    inputs = np.random.default_rng(0).integers(0, 256, (3, 1, 16, 16)).astype(np.float32)
    np.save(tmp_path / "in.npy", inputs)
    command = [sys.executable, "-c", ALONE, str(tmp_path / "model"), str(tmp_path / "in.npy")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment(), cwd=tmp_path)
    told = json.loads(done.stdout)
    assert told["columns"] == ["class 0", "class 1", "class 2"] and not told["cli"]
    np.testing.assert_allclose(told["rows"], program_scores(exported, inputs), atol=1e-6)


def test_a_model_wants_anenas_alone_and_holds_no_pickle(exported: Package, tmp_path: Path) -> None:
    save_model(exported.path, tmp_path / "model", metadata={"chip": "A15"})
    lines = (tmp_path / "model" / "requirements.txt").read_text().split()
    assert {line.partition("==")[0] for line in lines} == {"anenas", "mlflow"}  # which MLflow adds
    written = yaml.safe_load((tmp_path / "model" / "MLmodel").read_text())
    assert written["flavors"]["anenas"]["package"] == "data/model.mlpackage"
    assert written["metadata"] == {"chip": "A15"}
    assert json.loads(written["signature"]["inputs"])[0]["tensor-spec"]["shape"] == [-1, 1, 16, 16]
    assert not [file for file in (tmp_path / "model").rglob("*") if file.suffix in (".pkl", ".pickle", ".pth")]


def test_the_program_itself_is_had_and_another_model_is_refused(exported: Package, tmp_path: Path) -> None:
    save_model(exported.path, tmp_path / "model")
    pixels = np.zeros((1, 1, 16, 16), np.float32)
    [name] = exported.example_inputs()
    scores = load_model(str(tmp_path / "model"))({name: pixels})
    assert any(np.allclose(value, program_scores(exported, pixels), atol=1e-6) for value in scores.values()
               if isinstance(value, np.ndarray) and value.ndim == 2)  # fmt: skip
    (tmp_path / "empty").mkdir()
    with pytest.raises(AnenasError, match="is no model of anenas"):
        load_model(str(tmp_path / "empty"))

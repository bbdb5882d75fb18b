from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import mlflow
import numpy as np
import pytest
import standin_macos
import yaml
from commands import environment

from anenas import AnenasError
from anenas.coreml import Package, as_arrays, program_scores
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


def test_on_a_mac_core_ml_runs_it_if_asked(exported: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_model(exported.path, tmp_path / "model")
    (tmp_path / "mac").mkdir()
    standin_macos.install(monkeypatch, tmp_path / "mac")
    seen: list[np.ndarray] = []

    def predict(self: standin_macos.ModelProxy, inputs: dict[str, np.ndarray], state: object) -> dict[str, np.ndarray]:
        (given,) = inputs.values()
        seen.append(given)
        return {as_arrays(exported, tmp_path / f"{len(seen)}.mlpackage").outputs[0].name: given[:, 0, 0, :3]}

    monkeypatch.setattr(standin_macos.ModelProxy, "predict", predict)
    loaded = mlflow.pyfunc.load_model(str(tmp_path / "model"), model_config={"engine": "core_ml"})
    inputs = np.random.default_rng(0).integers(0, 256, (3, 1, 16, 16)).astype(np.float32)
    found = loaded.predict(inputs)
    assert [one.shape for one in seen] == [(1, 1, 16, 16)] * 3  # Core ML takes what the program does: one at a time
    assert list(found.columns) == exported.class_names
    np.testing.assert_array_equal(found.to_numpy(), inputs[:, 0, 0, :3])


def test_where_core_ml_refuses_a_model_it_is_one_line(
    exported: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    standin_macos.install(monkeypatch, tmp_path)
    monkeypatch.setenv("STANDIN_REFUSES", as_arrays(exported, tmp_path / "arrays.mlpackage").outputs[0].name)
    save_model(exported.path, tmp_path / "model")
    with pytest.raises(AnenasError, match=r"^Core ML cannot load .*: the stand-in refuses this model$"):
        mlflow.pyfunc.load_model(str(tmp_path / "model"), model_config={"engine": "core_ml"})


@pytest.mark.parametrize(
    ("engine", "said"), [("core_ml", "which is only on macOS; the engine 'interpreter' runs"), ("core", "did you mean")]
)
def test_an_engine_that_is_not_there_is_one_line(exported: Package, tmp_path: Path, engine: str, said: str) -> None:
    save_model(exported.path, tmp_path / "model")
    with pytest.raises(AnenasError, match=said) as raised:
        mlflow.pyfunc.load_model(str(tmp_path / "model"), model_config={"engine": engine})
    assert "\n" not in str(raised.value)


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
    with pytest.raises(AnenasError, match="is not a model of anenas"):
        load_model(str(tmp_path / "empty"))

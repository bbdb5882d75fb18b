from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from commands import Run
from torch import nn

from anenas.coreml import convert
from anenas.mil import coremltools, load_program


class Bright(nn.Module):
    """Overflows in float16 for bright pictures."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x * 300).mean((2, 3)).softmax(1)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("program") / "model.mlpackage"
    convert(Bright(), path, shape=(1, 3, 4, 4), classes=["a", "b", "c"])
    return path


@pytest.fixture
def given(run: Run, model: Path) -> None:
    """A folder with a package and its inputs."""
    shutil.copytree(model, model.name)
    pixels = np.zeros((2, 3, 4, 4), np.uint8)
    pixels[0, 1], pixels[1, 2] = 10, 255
    np.savez("in.npz", image=pixels)
    np.savez("bad.npz", picture=pixels)


@pytest.mark.usefixtures("given")
def test_a_program_runs_from_arrays_to_arrays(run: Run) -> None:
    code, out, err = run("run", "model.mlpackage", "--inputs", "in.npz", "--outputs", "out.npz")
    assert (code, err) == (0, "")
    assert "classLabel_probs  float32 (2, 3)" in out
    with np.load("out.npz") as written, np.load("in.npz") as given:
        assert written["classLabel"].tolist() == ["b", "c"]
        expected = load_program("model.mlpackage")({"image": given["image"]})
        np.testing.assert_array_equal(written["classLabel_probs"], expected["classLabel_probs"])


@pytest.mark.usefixtures("given")
def test_what_float16_loses_is_told(run: Run) -> None:
    arguments = ("run", "model.mlpackage", "--inputs", "in.npz", "--outputs", "out.npz", "--precision", "fp16")
    code, out, _ = run(*arguments)
    assert code == 0
    assert "overflow of 16 values at " in out
    assert "denormal" not in out and out.count("float16 flushes") <= 1
    assert "(mul)" in out
    _, out, _ = run(*arguments, "--json")
    told = json.loads(out)
    assert told["outputs"]["classLabel_probs"] == {"shape": [2, 3], "dtype": "float32"}
    assert {(event["op_type"], event["kind"], event["count"]) for event in told["report"]} >= {("mul", "overflow", 16)}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("nothing.mlpackage --inputs in.npz --outputs out.npz", "nothing.mlpackage is not an .mlpackage"),
        ("model.mlpackage --inputs bad.npz --outputs out.npz", "unknown input 'picture'"),
        ("model.mlpackage --inputs none.npz --outputs out.npz", "'none.npz' is not there; expected an .npz file"),
        ("model.mlpackage --inputs model.mlpackage --outputs out.npz", "'model.mlpackage' is a folder"),
        ("model.mlpackage --inputs text.npz --outputs out.npz", "'text.npz' is not an .npz file, or is incomplete"),
        ("model.mlpackage --inputs objects.npz --outputs out.npz", "'image' contains Python objects"),
        ("model.mlpackage --inputs in.npz --outputs nowhere/out.npz", "'nowhere/out.npz' cannot be written"),
        ("model.mlpackage --inputs in.npz --outputs out.npz --precision int8", "unknown precision 'int8'"),
        ("model.mlpackage --inputs in.npz --outputs out.npz --backend tpu", "unknown backend 'tpu'"),
        (
            "model.mlpackage --inputs in.npz --outputs out.npz --backend coreml --precision fp16",
            "leave out --precision",
        ),
    ],
)
@pytest.mark.usefixtures("given")
def test_a_mistake_is_one_line_and_nothing_is_written(
    refusal: Callable[..., str], arguments: str, expected: str
) -> None:
    Path("text.npz").write_text("no arrays")
    np.savez("objects.npz", image=np.array([{}], dtype=object))
    assert expected in refusal("run", *arguments.split())


@pytest.mark.usefixtures("given")
def test_a_program_is_verified_and_the_exit_code_is_1_where_it_differs(run: Run) -> None:
    dim = 3 * np.random.default_rng(0).random((4, 3, 4, 4), np.float32)
    values = load_program("model.mlpackage")({"image": dim})["classLabel_probs"]
    np.savez("right.npz", image=dim, classLabel_probs=values)
    np.savez("wrong.npz", image=dim, classLabel_probs=values[:, ::-1])
    code, out, err = run("verify", "model.mlpackage", "--against", "right.npz")
    assert (code, err) == (0, "")
    assert out.startswith("model.mlpackage against right.npz, 4 samples\n")
    assert out.endswith("equal    within what is allowed\n")
    code, out, err = run("verify", "model.mlpackage", "--against", "wrong.npz", "--json")
    assert (code, err) == (1, "")
    told = json.loads(out)
    assert (told["package"], told["passed"]) == ("model.mlpackage", False)
    assert "differs by" in told["problems"][0]


@pytest.mark.usefixtures("given")
def test_a_picture_that_was_divided_by_255_is_told(run: Run) -> None:
    np.savez("scaled.npz", image=np.random.default_rng(0).random((1, 3, 4, 4), np.float32))
    code, _, err = run("run", "model.mlpackage", "--inputs", "scaled.npz", "--outputs", "out.npz")
    assert code == 0
    assert "the image image has values from" in err and "multiply by 255" in err


def test_a_state_goes_from_one_file_to_the_next(run: Run) -> None:
    class Counter(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("total", torch.zeros(1, 3, dtype=torch.float16))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.total.add_(x)
            return self.total * 2

    ct = coremltools()
    ct.convert(
        torch.jit.trace(Counter().eval(), torch.zeros(1, 3)),
        inputs=[ct.TensorType(name="x", shape=(1, 3))],
        outputs=[ct.TensorType(name="y")],
        states=[ct.StateType(wrapped_type=ct.TensorType(shape=(1, 3), dtype=np.float16), name="total")],
        minimum_deployment_target=ct.target.iOS18,
        skip_model_load=True,
    ).save("state.mlpackage")
    for begin, after in (({}, [[4, 4, 4]]), ({"total": np.full((1, 3), 10, np.float16)}, [[14, 14, 14]])):
        np.savez("x.npz", x=np.full((4, 3), 1, np.float32), **begin)
        assert run("run", "state.mlpackage", "--inputs", "x.npz", "--outputs", "y.npz")[0] == 0
        with np.load("y.npz") as written:
            np.testing.assert_array_equal(written["total"], after)
            np.testing.assert_array_equal(written["y"][-1:], 2 * np.array(after))


def test_what_a_program_cannot_be_held_against_is_one_line(refusal: Callable[..., str], model: Path) -> None:
    assert "cannot verify against 'something'; expected weights (.safetensors)" in refusal(
        "verify", model, "--against", "something"
    )
    assert "Invalid value for '--samples'" in refusal("verify", model, "--against", model, "--samples", 0)


@pytest.mark.usefixtures("given")
def test_elsewhere_than_on_macos_core_ml_is_answered_with_torch(
    refusal: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.system", lambda: "Linux")
    arguments = ("run", "model.mlpackage", "--inputs", "in.npz", "--outputs", "out.npz", "--backend", "coreml")
    assert refusal(*arguments) == "anenas: Core ML exists only on macOS; run the program with torch (--backend torch)\n"

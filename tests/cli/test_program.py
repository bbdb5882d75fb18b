from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from anenas import cli
from anenas.coreml import convert
from anenas.mil import load_program

Run = Callable[..., tuple[int, str, str]]


class Bright(nn.Module):
    """Overflows in float16 for bright pictures."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x * 300).mean((2, 3)).softmax(1)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs the command in a folder with a package and its inputs; its exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    convert(Bright(), Path("model.mlpackage"), shape=(1, 3, 4, 4), classes=["a", "b", "c"])
    pixels = np.zeros((2, 3, 4, 4), np.uint8)
    pixels[0, 1], pixels[1, 2] = 10, 255
    np.savez("in.npz", image=pixels)
    np.savez("bad.npz", picture=pixels)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["anenas", "run", *arguments])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_a_program_runs_from_arrays_to_arrays(run: Run) -> None:
    code, out, err = run("model.mlpackage", "--inputs", "in.npz", "--outputs", "out.npz")
    assert (code, err) == (0, "")
    assert "classLabel_probs  float32 (2, 3)" in out
    with np.load("out.npz") as written, np.load("in.npz") as given:
        assert written["classLabel"].tolist() == ["b", "c"]
        expected = load_program("model.mlpackage")({"image": given["image"]})
        np.testing.assert_array_equal(written["classLabel_probs"], expected["classLabel_probs"])


def test_what_float16_loses_is_told(run: Run) -> None:
    arguments = ("model.mlpackage", "--inputs", "in.npz", "--outputs", "out.npz", "--precision", "fp16")
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
    ("arguments", "message"),
    [
        ("nothing.mlpackage --inputs in.npz --outputs out.npz", "nothing.mlpackage is no .mlpackage"),
        ("model.mlpackage --inputs bad.npz --outputs out.npz", "unknown input 'picture'"),
        ("model.mlpackage --inputs none.npz --outputs out.npz", "'none.npz' is not there; expected an .npz file"),
        ("model.mlpackage --inputs model.mlpackage --outputs out.npz", "'model.mlpackage' is a folder"),
        ("model.mlpackage --inputs text.npz --outputs out.npz", "'text.npz' is no .npz file, or is cut short"),
        ("model.mlpackage --inputs objects.npz --outputs out.npz", "the array 'image' cannot be read"),
        ("model.mlpackage --inputs in.npz --outputs nowhere/out.npz", "'nowhere/out.npz' cannot be written"),
        ("model.mlpackage --inputs in.npz --outputs out.npz --precision int8", "unknown precision 'int8'"),
        ("model.mlpackage --inputs in.npz --outputs out.npz --backend tpu", "unknown backend 'tpu'"),
        (
            "model.mlpackage --inputs in.npz --outputs out.npz --backend coreml --precision fp16",
            "leave --precision out",
        ),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(run: Run, arguments: str, message: str) -> None:
    Path("text.npz").write_text("no arrays")
    np.savez("objects.npz", image=np.array([{}], dtype=object))
    before = sorted(Path.cwd().rglob("*"))
    code, out, err = run(*arguments.split())
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert sorted(Path.cwd().rglob("*")) == before

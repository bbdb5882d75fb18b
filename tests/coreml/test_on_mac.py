"""Packages run by Core ML, with something that stands in for it: no test can reach the real one from here."""

from __future__ import annotations

import sys
import types
import warnings
from typing import Any, ClassVar

import numpy as np
import pytest
from means import means_packages

from anenas._errors import AnenasError
from anenas.coreml import CoreMLProgram, Package, program_scores
from anenas.mil import coremltools, load_program


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Package]:
    return means_packages(tmp_path_factory.mktemp("means"), (1, 2), ["a", "b", "c"], 4)


class StandIn:
    """Takes arrays of the model's own size, and no others."""

    calls: ClassVar[list[int]] = []
    fails = ""

    def __init__(self, path: str, compute_units: Any) -> None:
        assert compute_units == coremltools().ComputeUnit.CPU_AND_NE
        self._program = load_program(path)
        if self.fails == "load":
            warnings.warn("You will not be able to run it. Error message was: no such function", RuntimeWarning, 2)

    def get_compiled_model_path(self) -> str:
        if self.fails:
            raise RuntimeError("not loaded")
        return "compiled"

    def predict(self, given: dict[str, Any]) -> dict[str, Any]:
        ((_, array),) = given.items()
        assert array.shape == self._program.inputs[0].shape and array.dtype == np.float32
        if not array.any():
            raise RuntimeError("out of memory\nat 0x0")
        self.calls.append(len(array))
        return dict(self._program(given))


@pytest.fixture
def on_mac(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "coremltools.libcoremlpython", types.ModuleType("libcoremlpython"))
    monkeypatch.setattr(coremltools().models, "MLModel", StandIn)
    monkeypatch.setattr(StandIn, "calls", [])
    monkeypatch.setattr(StandIn, "fails", "")


@pytest.mark.parametrize(("batch", "calls"), [(1, [1] * 5), (2, [2] * 3)])
def test_scores_are_those_of_the_interpreter_batch_by_batch(
    batch: int, calls: list[int], packages: dict[int, Package], on_mac: None
) -> None:
    package = packages[batch]
    pixels = np.random.default_rng(0).integers(1, 256, (5, 3, 4, 4), dtype=np.uint8)
    found = program_scores(package, pixels, run=CoreMLProgram(package))
    assert StandIn.calls == calls
    np.testing.assert_allclose(found, program_scores(package, pixels, "fp32"), atol=1e-6)


def test_outputs_have_the_package_s_own_names(packages: dict[int, Package], on_mac: None) -> None:
    (name,) = CoreMLProgram(packages[1])({"image": np.ones((1, 3, 4, 4))})
    assert name == "classLabel_probs"  # of a dictionary that the copy gives as an array of another name


def test_why_core_ml_refuses_a_package_is_told(packages: dict[int, Package], on_mac: None) -> None:
    with pytest.raises(AnenasError, match=r"^Core ML cannot run \S+1.mlpackage: out of memory$"):
        CoreMLProgram(packages[1])({"image": np.zeros((1, 3, 4, 4))})
    for fails, why in (("load", "no such function"), ("later", "not loaded")):
        StandIn.fails = fails
        with pytest.raises(AnenasError, match=rf"^Core ML cannot load \S+1.mlpackage: {why}$"):
            CoreMLProgram(packages[1])


def test_elsewhere_it_is_told_what_runs_instead(packages: dict[int, Package]) -> None:
    with pytest.raises(AnenasError, match="only on macOS; the engine 'interpreter' runs anywhere"):
        CoreMLProgram(packages[1])

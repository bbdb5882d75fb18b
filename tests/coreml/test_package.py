"""A package is opened once, and what is asked of it twice is worked out once."""

from __future__ import annotations

import gc
import json
import shutil
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import anenas
from anenas.coreml import Package, compress, convert_arrays, program_accuracy
from anenas.mil import Precision, ProgramFile, coremltools, load_program
from anenas.space import Architecture

Packaged = Callable[[Architecture], Package]
CLASSIFIER = Architecture.parse("1x3x16x16-conv_r1_s2_c16_k3_relu-conv_r1_s1_c32_k3_relu-head_n4")


def test_it_is_public() -> None:
    assert anenas.Package is Package


def test_what_is_asked_twice_is_the_same(package: Packaged) -> None:
    found = Package.open(str(package(CLASSIFIER)))
    assert found.path == package(CLASSIFIER).path
    assert found.graph is found.graph
    assert found.program() is found.program("fp32")
    assert found.program("fp16") is found.program("fp16") is not found.program()
    assert (found.program("fp16").precision, found.program().precision) == ("fp16", "fp32")


def test_what_it_says_of_itself(package: Packaged) -> None:
    found = Package.open(package(CLASSIFIER).path)
    (given,), (label, scores) = found.inputs, found.outputs
    assert (given.name, given.image, given.shape) == ("image", "RGB", (1, 3, 16, 16))
    assert (label.dtype, scores.dtype) == ("label", "probabilities")
    assert (found.inputs, found.score_outputs) == ((given,), [scores])
    assert found.input_size == (3, 16, 16)
    assert found.class_names == list(found.classes) == [f"class {i}" for i in range(4)]
    assert json.loads(found.metadata["classes"]) == found.class_names
    assert (found.target, found.stored_forms) == ("iOS16", [])
    assert found.bytes == sum(file.stat().st_size for file in found.path.rglob("*") if file.is_file())
    assert found.digest == package(CLASSIFIER).digest


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_its_program_computes_what_one_that_is_loaded_alone_does(precision: Precision, package: Packaged) -> None:
    found = Package.open(package(CLASSIFIER).path)
    inputs = found.example_inputs(seed=3, samples=5)
    other: Precision = "fp16" if precision == "fp32" else "fp32"
    found.program(other)(inputs)  # it has decoded what both read
    ours, alone = found.program(precision), load_program(found.path, precision)
    for name, values in alone(inputs).items():
        np.testing.assert_array_equal(ours(inputs)[name], values)
    assert ours.report == alone.report


def test_an_unknown_precision_is_told(package: Packaged) -> None:
    with pytest.raises(anenas.AnenasError, match="unknown precision 'fp8'"):
        package(CLASSIFIER).program("fp8")  # type: ignore[arg-type]


def test_what_is_written_to_its_path_later_is_another_package(package: Packaged, tmp_path: Path) -> None:
    path = tmp_path / "m.mlpackage"
    shutil.copytree(package(CLASSIFIER).path, path)
    before = Package.open(path)
    inputs = before.example_inputs(samples=2)
    expected = before.program()(inputs)["classLabel_probs"]
    after = compress(before, path, "palette2")
    assert (after.path, after.stored_forms, before.stored_forms) == (path, ["palette2"], [])
    np.testing.assert_array_equal(before.program()(inputs)["classLabel_probs"], expected)
    assert np.abs(after.program()(inputs)["classLabel_probs"] - expected).max() > 1e-4
    assert Package.open(path).digest == after.digest


def test_a_trial_s_steps_parse_a_package_once(
    package: Packaged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    inner = ProgramFile.open.__func__  # type: ignore[attr-defined]
    monkeypatch.setattr(
        ProgramFile, "open", classmethod(lambda cls, path: opened.append(Path(path)) or inner(cls, path))
    )
    small = compress(package(CLASSIFIER), tmp_path / "small.mlpackage", "palette4")
    images = np.zeros((3, 3, 16, 16), np.uint8)
    program_accuracy(small, images, np.zeros(3, int))
    assert small.graph.macs and small.target and small.bytes and small.program().inputs and small.stored_forms
    assert opened == [tmp_path / "small.mlpackage"]


def test_it_goes_with_its_weights_when_nobody_has_it(package: Packaged) -> None:
    found = Package.open(package(CLASSIFIER).path)
    program, graph = found.program("fp16"), found.graph
    gone = [weakref.ref(found), weakref.ref(found.main), weakref.ref(program)]
    gc.disable()  # which would also find what holds on to itself, but late
    try:
        del found, program
        assert [reference() for reference in gone] == [None] * 3
    finally:
        gc.enable()
    assert graph.macs


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Package]:
    """Converts a module that takes arrays of given shapes."""

    def saved(module: nn.Module, *shapes: Any) -> Package:
        ct = coremltools()
        inputs = [ct.TensorType(name=f"x{i}", shape=ct.Shape(shape)) for i, shape in enumerate(shapes)]
        examples = [torch.zeros([size if isinstance(size, int) else 4 for size in shape]) for shape in shapes]
        model = ct.convert(
            torch.jit.trace(module.eval(), examples),
            inputs=inputs,
            minimum_deployment_target=ct.target.iOS16,
            skip_model_load=True,
        )
        model.save(str(tmp_path / "m.mlpackage"))
        return Package.open(tmp_path / "m.mlpackage")

    return saved


class Sum(nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x + y, x - y


def test_several_inputs_and_outputs_are_no_pair(saved: Callable[..., Package]) -> None:
    found = saved(Sum(), (1, 3), (1, 3))
    with pytest.raises(anenas.AnenasError, match="has 2 inputs and 2 outputs; expected one of each"):
        _ = found.score_outputs
    with pytest.raises(anenas.AnenasError, match="does not take one input of a fixed size"):
        _ = found.input_size


@pytest.mark.parametrize("flexible", [False, True])
def test_an_input_that_is_not_of_four_fixed_sizes_has_no_size(flexible: bool, saved: Callable[..., Package]) -> None:
    shape = (1, 3, coremltools().RangeDim(2, 8, default=4), 4) if flexible else (1, 3, 4)
    with pytest.raises(anenas.AnenasError, match="does not take one input of a fixed size"):
        _ = saved(nn.ReLU(), shape).input_size


def test_a_package_without_names_of_classes_says_so(tmp_path: Path) -> None:
    found = convert_arrays(nn.Conv2d(3, 4, 3).eval(), tmp_path / "m.mlpackage", shape=(1, 3, 8, 8))
    assert (found.classes, dict(found.metadata).get("classes")) == ((), None)
    with pytest.raises(anenas.AnenasError, match="has no class names; its metadata must have"):
        _ = found.class_names

"""Programs of networks that were trained for other tasks than to name one class."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from anenas._errors import AnenasError
from anenas.coreml import Package, convert, program_scores, verify_network
from anenas.coreml._convert import _outputs_fit_half
from anenas.coreml._output_names import output_names
from anenas.network import Deployed, Normalisation, build, fuse
from anenas.space import Architecture
from anenas.tasks import MULTILABEL, REGRESSION, Task

NETWORK = Architecture.parse("1x3x16x16-conv_r1_s2_c16_k3_relu-head_n2")
PIXELS = np.random.default_rng(1).integers(0, 256, (12, 3, 16, 16)).astype(np.float32)


def made(folder: Path, task: Task, labels: np.ndarray, names: list[str]) -> tuple[Package, Deployed]:
    torch.manual_seed(0)
    network = build(NETWORK).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(4)  # so that what it tells is spread
    deployed = Deployed(fuse(network), Normalisation((0.5,) * 3, (0.3,) * 3), task.output(labels)).eval()
    package = convert(deployed, folder / "m.mlpackage", shape=NETWORK.input, classes=names, task=task)
    return package, deployed


def told(deployed: Deployed) -> np.ndarray:
    with torch.no_grad():
        return np.asarray(deployed(torch.from_numpy(PIXELS)).numpy())


def numbers(mean: float, std: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.stack([mean + std * rng.normal(size=90), rng.normal(size=90)], axis=1).astype(np.float32)


def test_several_classes_are_a_dictionary_of_probabilities_that_need_not_sum_to_one(tmp_path: Path) -> None:
    package, deployed = made(tmp_path, MULTILABEL, np.array([[0, 1]], np.uint8), ["red", "round"])
    assert [(one.name, one.dtype) for one in package.outputs] == [
        ("classLabel", "label"), ("classLabel_probs", "probabilities"),
    ]  # fmt: skip
    scores = program_scores(package, PIXELS)
    np.testing.assert_allclose(scores, told(deployed), atol=2e-3)
    assert np.abs(scores.sum(1) - 1).max() > 0.05
    verified = verify_network(package, deployed, PIXELS)
    assert verified.passed and verified.fp16[0].top1 == 1.0


@pytest.mark.parametrize("scale", [(40.0, 12.0), (250_000.0, 12_000.0), (0.0, 1e-5)])
def test_numbers_have_outputs_by_their_names_and_keep_their_units(scale: tuple[float, float], tmp_path: Path) -> None:
    mean, std = scale
    package, deployed = made(tmp_path, REGRESSION, numbers(mean, std), ["price (€)", "rooms"])
    assert [(one.name, one.dtype, one.shape) for one in package.outputs] == [
        ("price", "fp32", (1, 1)), ("rooms", "fp32", (1, 1)),
    ]  # fmt: skip
    assert (package.class_names, package.metadata["task"]) == (["price (€)", "rooms"], "regression")
    off = np.abs(program_scores(package, PIXELS) - told(deployed)) / (std, 1.0)
    assert off.max() < 0.02  # of a standard deviation: float16 alone rounds 250,000 to infinity
    assert verify_network(package, deployed, PIXELS).passed


@pytest.mark.parametrize(("scale", "kinds"), [((40.0, 12.0), set()), ((250_000.0, 12_000.0), {"mul", "add", "split"})])
def test_only_what_float16_does_not_hold_is_computed_in_float32(
    scale: tuple[float, float], kinds: set[str], tmp_path: Path
) -> None:
    package, _ = made(tmp_path, REGRESSION, numbers(*scale), ["price", "rooms"])
    in_fp32 = {op.kind for op in package.graph.ops if op.outputs[0].dtype == "fp32"}
    assert in_fp32 - {"cast"} == kinds


@pytest.mark.parametrize(
    ("mean", "std", "fits"),
    [
        (0.0, 1.0, True),
        (17_000.0, 5_000.0, True),
        (18_000.0, 5_000.0, False),  # three deviations further are half of float16's largest number
        (-18_000.0, 5_000.0, False),
        (17.0, 1.0, True),
        (18.0, 1.0, False),  # rounded by a hundredth of a deviation there
        (-18.0, 1.0, False),
        (0.0, 0.0011, True),
        (0.0, 0.0009, False),
    ],
)
def test_what_float16_holds_of_numbers_in_their_units(mean: float, std: float, fits: bool) -> None:
    for others in ([], [0.0]):
        units = (torch.tensor([mean, *others]), torch.tensor([std, *[1.0 for _ in others]]))
        assert _outputs_fit_half(SimpleNamespace(units=units)) == fits  # type: ignore[arg-type]
    assert _outputs_fit_half(torch.nn.ReLU()) and _outputs_fit_half(SimpleNamespace(units=None))  # type: ignore[arg-type]


def test_what_is_converted_next_is_float16_again(tmp_path: Path) -> None:
    made(tmp_path, REGRESSION, numbers(250_000.0, 12_000.0), ["price", "rooms"])
    after, _ = made(tmp_path, REGRESSION, numbers(40.0, 12.0), ["age", "rooms"])
    assert {op.kind for op in after.graph.ops if op.outputs[0].dtype == "fp32"} == {"cast"}


def test_a_number_is_not_right_because_it_is_large(tmp_path: Path) -> None:
    """A program that is off by half a standard deviation is off by 2 % of the largest price."""
    package, deployed = made(tmp_path, REGRESSION, numbers(250_000.0, 12_000.0), ["price", "rooms"])
    deployed.output.mean += torch.tensor([6_000.0, 0.0])  # type: ignore[operator,union-attr]
    verified = verify_network(package, deployed, PIXELS)
    assert not verified.passed and any("price differs" in problem for problem in verified.problems)


def test_names_of_outputs_are_identifiers_each_once() -> None:
    assert output_names(["a b", "a-b", "3rd", "image", "€"]) == ["a_b", "a_b_", "_3rd", "image_", "value"]


def test_a_package_of_a_task_that_is_not_known_here_says_so(tmp_path: Path) -> None:
    package, _ = made(tmp_path, MULTILABEL, np.eye(2, dtype=np.uint8), ["a", "b"])
    package.model.description.metadata.userDefined["task"] = "someones"
    package.model_file.write_bytes(package.model.SerializeToString())
    with pytest.raises(AnenasError, match="has the task 'someones', which is not known here: name its file"):
        _ = Package.open(package.path).task


def test_each_operation_of_a_network_of_numbers_is_compared_up_to_their_units(tmp_path: Path) -> None:
    package, deployed = made(tmp_path, REGRESSION, numbers(40.0, 12.0), ["age", "rooms"])
    verified = verify_network(package, deployed, PIXELS[:1], layers=True)
    kinds = [op.kind for op in package.graph.ops if op.kind != "cast"]
    assert len(verified.layers) == kinds.index("reshape") + 1 < len(kinds)
    assert max(layer.relative for layer in verified.layers) < 1e-3

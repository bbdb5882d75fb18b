"""What `verify` holds equal follows from types and precision."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from anenas.coreml import Difference, Package, Verification, compress, verify, verify_network
from anenas.coreml._bounds import MARGIN, _bound
from anenas.mil import coremltools
from anenas.mil._spacing import spacing
from anenas.mil._syntax import Constant

Converted = Callable[..., Package]


class Of(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(x)


@pytest.fixture
def converted(tmp_path: Path) -> Converted:
    def converted(network: nn.Module, x: np.ndarray, precision: str = "FLOAT16", **options: Any) -> Package:
        ct = coremltools()
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.mlpackage"
        given = ct.TensorType(name="x", shape=x.shape)
        ct.convert(
            torch.jit.trace(network.eval(), torch.from_numpy(x)),
            inputs=options.pop("inputs", [given]),
            compute_precision=getattr(ct.precision, precision),
            minimum_deployment_target=ct.target.iOS16,
            skip_model_load=True,
            **options,
        ).save(str(path))
        return Package.open(path)

    return converted


def held(package: Package, x: np.ndarray, expected: Any, name: str = "") -> Verification:
    return verify(package, {"x": x}, {name or package.outputs[0].name: np.asarray(expected)}, "values")


def outputs(network: nn.Module, x: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        values: np.ndarray = network(torch.from_numpy(x)).numpy()
    return values


@pytest.mark.parametrize("wrong", [499, 501, 510])
def test_an_index_that_is_off_by_one_or_more_is_found(converted: Converted, wrong: int) -> None:
    x = np.zeros((1, 1000), np.float32)
    x[0, 500] = 1
    package = converted(Of(lambda x: x.argmax(1)), x)
    assert held(package, x, np.array([500], np.int32)).passed
    result = held(package, x, np.array([wrong], np.int32))
    assert [problem.split(" differs by ")[1] for problem in result.problems] == [
        f"{abs(wrong - 500)} in {precision} where 0 is allowed; 1 value does" for precision in ("fp32", "fp16")
    ]


def test_labels_are_compared(converted: Converted) -> None:
    x = np.array([[0.1, 0.7, 0.2]], np.float32)
    names = coremltools().ClassifierConfig(["cat", "dog", "owl"])
    package = converted(nn.Softmax(1), x, classifier_config=names)
    assert held(package, x, ["dog"], "classLabel").passed
    assert not held(package, x, ["cat"], "classLabel").passed


def test_an_index_that_rounding_changes_is_no_difference(converted: Converted) -> None:
    """Two scores a millionth apart: in float16 they are the same, and the first is taken."""
    x = np.array([[0.3, 0.7, 0.7000001, 0.1]], np.float32)
    package = converted(Of(lambda x: (x * 1.5).argmax(1)), x)
    result = held(package, x, np.array([2], np.int32))
    assert not [problem for problem in result.problems if "fp16" in problem]


@pytest.mark.parametrize("precision", ["FLOAT32", "FLOAT16"])
def test_scores_are_not_judged_by_the_coordinates_beside_them(converted: Converted, precision: str) -> None:
    def head(x: torch.Tensor) -> torch.Tensor:
        return torch.cat([x[:, :4] * 640, torch.sigmoid(x[:, 4:])], 1)

    x = np.random.default_rng(0).random((1, 6, 50), np.float32)
    right = outputs(Of(head), x)
    package = converted(Of(head), x, precision)
    assert held(package, x, right).passed
    wrong = right.copy()
    wrong[0, 4, 7] += 0.02  # 3e-5 of the largest
    result = held(package, x, wrong)
    assert len(result.problems) == 2 and "1 value does" in result.problems[0]


def small_network(epsilon: float = 1e-5) -> nn.Module:
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 16, 3), nn.BatchNorm2d(16, eps=epsilon), nn.ReLU(), nn.Conv2d(16, 5, 3)]
    network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    network[1].running_var.uniform_(0.01, 0.1)
    return network.eval()


X = np.random.default_rng(0).standard_normal((4, 3, 12, 12)).astype(np.float32)


def test_a_wrong_epsilon_is_found_in_a_program_of_float32(converted: Converted) -> None:
    package = converted(small_network(), X, "FLOAT32")
    right = held(package, X, outputs(small_network(), X))
    assert right.passed, right.problems
    assert right.fp32[0].relative < 1e-5 and right.tolerances["fp32"] < 1e-4
    assert not held(package, X, outputs(small_network(2e-5), X)).passed


def test_float16_may_be_off_by_what_rounding_explains_and_no_more(converted: Converted) -> None:
    package = converted(small_network(), X)
    expected = outputs(small_network(), X)
    right = held(package, X, expected)
    assert right.passed, right.problems
    assert all(0 < one.largest <= 0.5 * np.abs(expected).max() * right.tolerances[p] for p, (one,) in
               {"fp32": right.fp32, "fp16": right.fp16}.items())  # fmt: skip
    assert right.tolerances["fp16"] < 0.05
    wrong = expected.copy()
    wrong[2, 3] += 0.05 * np.abs(expected).max()
    assert not held(package, X, wrong).passed


def test_a_class_that_is_never_likely_may_become_zero_in_float16(converted: Converted) -> None:
    """The engine has no denormal numbers: a probability below 6.1e-5 is zero there."""
    scores = np.linspace(-1, 1, 40, dtype=np.float32)[None].repeat(16, axis=0)
    scores[:, 3] = np.linspace(-7.5, -6.9, 16)
    network = Of(lambda x: torch.softmax(x, dim=1))
    expected = outputs(network, scores)
    assert 1e-5 < expected[:, 3].min() < 6.1e-5 and expected[:, 3].max() < 6.1e-5
    package = converted(network, scores)
    right = held(package, scores, expected)
    assert right.passed, right.problems
    wrong = expected.copy()
    wrong[5, 3] += 1e-3
    assert not held(package, scores, wrong).passed


def test_what_is_allowed_is_never_more_than_a_part_of_the_largest_value(converted: Converted) -> None:
    """A difference of two near numbers, which rounding explains everything of."""
    x = np.linspace(0, 1, 32, dtype=np.float32)[None]
    network = Of(lambda x: (x * 1e-6 + 1000.0) - 1000.0)
    package = converted(network, x, "FLOAT32")
    result = held(package, x, outputs(network, x))
    assert result.tolerances["fp32"] <= 0.01 * 1.0001


def test_a_mask_by_a_number_far_larger_than_all_values_is_no_excuse(converted: Converted) -> None:
    """Padding lowered below everything, as before a maximum: no rounding moves a mask of 0 and 1."""

    def largest(x: torch.Tensor) -> torch.Tensor:
        there = x[:, -1:].sign().relu()
        return (x[:, :-1] * 1.1 - (1 - there) * 60000.0).amax(2)

    x = np.random.default_rng(0).standard_normal((1, 17, 20)).astype(np.float32)
    x[:, -1] = np.arange(20) > 5
    expected = outputs(Of(largest), x)
    for precision, most in (("FLOAT32", 2e-5), ("FLOAT16", 0.02)):
        package = converted(Of(largest), x, precision)
        right = held(package, x, expected)
        assert right.passed, right.problems
        assert right.tolerances["fp32"] < most and right.tolerances["fp16"] < 0.02
        assert len(held(package, x, expected * 1.03).problems) == 2


def test_a_factor_that_was_rounded_to_one_is_rounding(converted: Converted) -> None:
    """1 is no rounded number as a rule, but 1.0003 is 1 in float16."""
    package = converted(Of(lambda x: x * 1.0), X)
    for factor, passes in ((1.0003, True), (1.01, False)):
        assert held(package, X, X * np.float32(factor)).passed == passes


def test_the_same_bounds_come_out_again(converted: Converted) -> None:
    package = converted(small_network(), X)
    expected = outputs(small_network(), X)
    assert held(package, X, expected) == held(Package.open(package.path), X, expected)


def test_a_picture_that_was_scaled_already_is_told(converted: Converted, caplog: pytest.LogCaptureFixture) -> None:
    x = np.random.default_rng(0).integers(0, 256, (1, 3, 16, 16)).astype(np.float32)
    ct = coremltools()
    picture = ct.ImageType(name="x", shape=x.shape, scale=1 / 255)
    package = converted(nn.Conv2d(3, 4, 3), x, inputs=[picture])
    program = package.program()
    name = package.outputs[0].name
    for pixels, told in ((x, False), (x / 255, True), (x - 128, True), (0 * x, False)):
        caplog.clear()
        with caplog.at_level(logging.WARNING, "anenas"):
            verify(package, {"x": pixels}, {name: program({"x": pixels})[name]}, "itself")
        assert [record.levelname for record in caplog.records] == ["WARNING"] * told
        assert not told or ("the image x has values from" in caplog.text and "0 to 255" in caplog.text)


def test_what_is_furthest_beyond_its_bound_is_what_is_told() -> None:
    a, e = np.array([640.0, 0.1, 0.2]), np.array([639.0, 0.1, 0.9])
    found = Difference.between("y", a, e, bounds=np.array([2.0, 0.01, 0.01]))
    assert (found.largest, found.beyond, found.allowed) == (1.0, 1, 0.01)
    assert found.found == pytest.approx(0.7)
    assert found.problem("fp16", 9.0) == "y differs by 0.7 in fp16 where 0.01 is allowed; 1 value does"


def large_network(epsilon: float = 1e-5, wrong: float = 0.0) -> nn.Module:
    """One whose weights are worth compressing."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 32, 3), nn.BatchNorm2d(32, eps=epsilon), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU()]
    network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 40))
    network[1].running_var.uniform_(0.01, 0.1)
    with torch.no_grad():
        network[3].weight[2, 7, 1, 1] += wrong
    return network.eval()


FORMS = pytest.mark.parametrize("form", ["int8", "palette4", "sparse50"])


@pytest.mark.parametrize(("form", "most"), [("int8", 0.05), ("palette4", 0.1)])
def test_a_compressed_program_is_held_to_what_its_format_explains(
    converted: Converted, tmp_path: Path, form: str, most: float
) -> None:
    plain = converted(large_network(), X)
    small = compress(plain, tmp_path / f"{form}.mlpackage", form)
    assert small.stored_forms
    expected = outputs(large_network(), X)
    right = held(small, X, expected)
    assert right.passed, right.problems
    assert right.fp32[0].relative < right.tolerances["fp32"] < most * 1.0001
    swapped = expected.copy()
    swapped[:, [0, 1]] = swapped[:, [1, 0]]
    assert not held(small, X, swapped).passed


@FORMS
def test_programs_of_the_same_compressed_weights_agree_to_rounding(
    converted: Converted, tmp_path: Path, form: str
) -> None:
    def small(name: str, **mistake: float) -> Package:
        return compress(converted(large_network(**mistake), X), tmp_path / name, form)

    one = small("one.mlpackage")
    values = one.program()({"x": X})

    def compared(other: Package) -> Verification:
        return verify(other, {"x": X}, values, "the same", other=one)

    right = compared(small("same.mlpackage"))
    assert right.passed, right.problems
    assert max(right.tolerances.values()) < 0.03
    assert not compared(small("epsilon.mlpackage", epsilon=1e-3)).passed
    assert not compared(small("weight.mlpackage", wrong=0.3)).passed


@pytest.mark.parametrize("form", ["int8", "int4-block", "palette4", "sparse50"])
def test_what_a_format_may_be_off_by_is_what_compression_does_to_weights(
    converted: Converted, tmp_path: Path, form: str
) -> None:
    def weight(package: Package) -> Constant:
        convolutions = [one for one in package.main.operations if one.type == "conv"]
        return next(one for one in convolutions[1].operands["weight"] if isinstance(one, Constant))

    plain = converted(large_network(), X)
    small = weight(compress(plain, tmp_path / f"{form}.mlpackage", form))
    off = np.abs(small.read().astype(np.float64) - weight(plain).read())
    most = spacing(small)
    assert most.shape == off.shape and not spacing(weight(plain)).any()
    assert (off <= 1.02 * most + 1e-4).all(), (off - most).max()
    assert off.max() > 0.4 * most.max()


def test_a_network_with_the_weights_that_are_stored_is_held_to_rounding_alone(
    converted: Converted, tmp_path: Path
) -> None:
    """Its weights were trained as integers, say: what their format may be off by is no excuse."""
    network = large_network()
    small = compress(converted(network, X), tmp_path / "small.mlpackage", "palette4")
    strict = verify_network(small, network, X, rounded=False)
    loose = held(small, X, outputs(network, X))
    assert loose.passed and not strict.passed  # as these are not the ones that are stored
    assert 5 * max(strict.tolerances.values()) < min(loose.tolerances.values())


def test_what_is_no_number_has_no_bound_of_its_own_and_widens_no_other() -> None:
    values = np.array([1.0, np.nan, np.inf, 0.5], np.float32)
    moved = [values + np.array([0.01, 0.0, 0.0, np.inf], np.float32)]
    found = _bound(values, moved, least=1e-3, most=0.5)
    np.testing.assert_allclose(found, np.full(4, MARGIN * 0.01 + 1e-3), rtol=1e-4)
    nothing = np.array([0.0, np.nan], np.float32)
    np.testing.assert_array_equal(_bound(nothing, [nothing], least=1e-3, most=0.5), [0.0, 0.0])

"""What the engine is known to compute otherwise, and what no precision may touch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from anenas.ane import known_differences
from anenas.mil import Program, coremltools, load_program
from anenas.mil.operations import ON_ENGINE

Built = Callable[..., Program]
Converted = Callable[..., Path]


def builder() -> Any:
    coremltools()
    from coremltools.converters.mil import Builder

    return Builder


def only(results: dict[str, Any]) -> Any:
    (result,) = results.values()
    return result


class Of(nn.Module):
    def __init__(self, function: Callable[..., torch.Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


def test_every_known_difference_of_the_engine_that_is_taken_in_is_computed() -> None:
    taken = {name for name, one in known_differences().items() if one.in_interpreter and one.where == "engine"}
    assert {difference for difference, _ in ON_ENGINE.values()} == taken
    assert all(known_differences()[difference].operation == kind for kind, (difference, _) in ON_ENGINE.items())


@pytest.mark.parametrize(
    ("build", "x", "engine"),
    [
        (lambda mb, x: mb.softplus(x=x), [1.0, 10.0, 10.39, 10.4, 20.0], [1.313, 10.0, 10.39, 0, 0]),
        (lambda mb, x: mb.reduce_log_sum_exp(x=x, axes=[0], keep_dims=True), [11.0, 10.9, 1.0], [0]),
        (lambda mb, x: mb.matmul(x=mb.expand_dims(x=x, axes=[0]), y=np.float32([[1], [2]])), [1e4, 1e4], [[30000]]),
        (lambda mb, x: mb.matmul(x=mb.expand_dims(x=x, axes=[0]), y=np.float32([[1], [-3]])), [0, 1.1e4], [[-np.inf]]),
    ],
)
def test_fp16_computes_what_the_engine_does(built: Built, build: Any, x: list[float], engine: list[float]) -> None:
    def program(precision: str) -> Program:
        options = {"compute_precision": coremltools().precision.FLOAT16}
        return built(lambda a: build(builder(), a), {"a": (len(x),)}, precision=precision, **options)

    given = {"a": np.array(x, np.float32)}
    np.testing.assert_allclose(only(program("fp16")(given)), engine, rtol=2e-3)
    assert np.isfinite(only(program("fp32")(given))).all()
    np.testing.assert_array_less(1e-3, np.abs(only(program("fp32")(given))))


def test_values_that_the_engine_computes_otherwise_are_reported(built: Built) -> None:
    options = {"compute_precision": coremltools().precision.FLOAT16}
    program = built(lambda a: builder().softplus(x=a), {"a": (3,)}, precision="fp16", **options)
    program({"a": np.array([1, 11, 12], np.float32)})
    assert [(event.op_type, event.kind, event.count) for event in program.report] == [
        ("softplus", "known difference", 2)
    ]


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_a_scale_that_decides_a_size_is_not_rounded(converted: Converted, mode: str) -> None:
    def resized(x: torch.Tensor) -> torch.Tensor:
        return F.interpolate(x * 0.3, size=(20, 31), mode=mode)

    path = converted(Of(resized), (1, 3, 13, 11))
    x = np.random.default_rng(0).random((1, 3, 13, 11), np.float32)
    for precision in ("fp32", "fp16"):
        found = only(load_program(path, precision)({"x0": x}))  # type: ignore[arg-type]
        np.testing.assert_allclose(found, resized(torch.from_numpy(x)), atol=1e-3)


def test_a_size_that_is_computed_in_floats_is_not_rounded_either(built: Built) -> None:
    def build(a: Any) -> Any:
        mb = builder()
        length = mb.cast(x=mb.slice_by_index(x=mb.shape(x=a), begin=[0], end=[1]), dtype="fp32")
        scaled = mb.cast(x=mb.mul(x=length, y=np.float32(2049.4)), dtype="int32")  # 2049 is no number of float16
        return mb.fill(shape=mb.add(x=scaled, y=np.int32(0)), value=np.float32(0.1))

    program = built(build, {"a": (1,)}, precision="fp16")
    found = only(program({"a": np.zeros(1, np.float32)}))
    assert found.shape == (2049,)
    assert found[0] == np.float16(0.1)  # what decides no shape is rounded


@pytest.mark.parametrize(
    ("function", "x"),
    [
        (lambda p: -torch.where(p > 0, p * p.log(), torch.zeros_like(p)).sum(-1), [[0.5, 0.25, 0.25, 0.0]]),
        (lambda x: torch.where(x > 0, x.sqrt(), -(-x).sqrt()), [[-2.0, -0.5, 0.5, 2.0]]),
        (lambda x: torch.where(x == 0, torch.zeros_like(x), x / x.abs()), [[-1.0, 0.0, 3.0]]),
        (lambda x: torch.where(x > 5, x, (x.exp() + 1).log()), [[1.0, 4.0, 12.0]]),
    ],
    ids=["entropy", "signed root", "safe division", "stable softplus"],
)
def test_what_select_does_not_take_is_no_loss(converted: Converted, function: Any, x: list[list[float]]) -> None:
    given = np.array(x, np.float32)
    path = converted(Of(function), given.shape, compute_precision=coremltools().precision.FLOAT16)
    program = load_program(path, "fp16")
    np.testing.assert_allclose(only(program({"x0": given})), function(torch.from_numpy(given)), atol=2e-3)
    assert not [event for event in program.report if event.is_loss]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.where(x > -5, x.sqrt(), torch.zeros_like(x)),  # takes it
        lambda x: torch.where(x > 0, x, x.exp().clamp(max=1.0)),  # absorbed before the select
        lambda x: torch.where(x > 0, x.sqrt(), torch.zeros_like(x)) + torch.sqrt(x),  # taken elsewhere
    ],
)
def test_what_reaches_the_result_by_any_way_is_a_loss(converted: Converted, function: Any) -> None:
    given = np.array([[-2.0, 1.0, 12.0]], np.float32)
    path = converted(Of(function), given.shape, compute_precision=coremltools().precision.FLOAT16)
    program = load_program(path, "fp16")
    program({"x0": given})
    assert [event for event in program.report if event.is_loss]

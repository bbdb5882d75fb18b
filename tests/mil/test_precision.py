from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from anenas._errors import AnenasError
from anenas.mil import Program, coremltools, load_program

Built = Callable[..., Program]


def builder() -> Any:
    coremltools()
    from coremltools.converters.mil import Builder

    return Builder


def half() -> Any:
    return coremltools().precision.FLOAT16


def lost(program: Program) -> list[tuple[str, str, int]]:
    return [(event.op_type, event.kind, event.count) for event in program.report]


class Overflowing(nn.Module):
    """A network whose middle leaves float16, while its end is harmless."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 2, 1, bias=False)
        nn.init.constant_(self.first.weight, 300.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.first(x)
        return (y * y).sum((1, 2, 3)).sigmoid()


def test_a_network_that_overflows_is_caught_where_it_does(converted: Callable[..., Path]) -> None:
    path = converted(Overflowing(), (1, 1, 2, 2), compute_precision=half())
    x = np.array([0, 1, 2, 0.5], np.float32).reshape(1, 1, 2, 2)
    program = load_program(path, "fp16")
    program({"x0": x})
    assert lost(program) == [("mul", "overflow", 4)]
    assert program.report[0].op in {name for name, _ in program.intermediates({"x0": x})}
    harmless = load_program(path)
    harmless({"x0": x})
    assert harmless.report == ()


def test_what_is_lost_in_many_inputs_is_counted_together(converted: Callable[..., Path]) -> None:
    program = load_program(converted(Overflowing(), (1, 1, 2, 2), compute_precision=half()), "fp16")
    program({"x0": np.ones((5, 1, 2, 2), np.float32)}, at_once=2)
    assert lost(program) == [("mul", "overflow", 5 * 8)]


def test_a_program_of_float32_shows_what_float16_would_lose(converted: Callable[..., Path]) -> None:
    program = load_program(converted(Overflowing(), (1, 1, 2, 2)), "fp16")
    program({"x0": np.ones((1, 1, 2, 2), np.float32)})
    assert lost(program) == [("mul", "overflow", 8)]


def test_what_is_declared_float32_in_a_program_of_float16_stays_so(converted: Callable[..., Path]) -> None:
    ct = coremltools()
    chosen = ct.transform.FP16ComputePrecision(op_selector=lambda op: op.op_type != "mul")
    program = load_program(converted(Overflowing(), (1, 1, 2, 2), compute_precision=chosen), "fp16")
    program({"x0": np.ones((1, 1, 2, 2), np.float32)})
    assert all(event.op_type != "mul" for event in program.report)
    assert ("cast", "overflow", 8) in lost(program)


def test_what_is_no_number_is_told_apart_from_what_is_infinite(built: Built) -> None:
    mb = builder()

    def build(a: Any) -> Any:
        big = mb.mul(x=a, y=a)
        return mb.relu(x=mb.sub(x=big, y=mb.mul(x=big, y=2.0)))

    program = built(build, {"a": (2,)}, precision="fp16", compute_precision=half())
    result = next(iter(program({"a": np.array([1, 400], np.float32)}).values()))
    assert np.isnan(result[1])
    assert lost(program) == [("mul", "overflow", 1), ("sub", "nan", 1)]


def test_the_smallest_numbers_become_zero_and_are_counted(built: Built) -> None:
    mb = builder()
    program = built(lambda a: mb.mul(x=a, y=0.001), {"a": (4,)}, precision="fp16", compute_precision=half())
    result = next(iter(program({"a": np.array([1, 0.07, 0.01, 0], np.float32)}).values()))
    smallest = 2.0**-14
    assert (np.abs(result[result != 0]) >= smallest).all()
    assert lost(program) == [("mul", "denormal", 1)]
    assert np.count_nonzero(result) == 2


def test_an_infinity_of_the_program_s_own_is_no_news(built: Built) -> None:
    mb = builder()
    mask = np.array([0, -np.inf], np.float32)
    program = built(
        lambda a: mb.softmax(x=mb.add(x=a, y=mask)), {"a": (2,)}, precision="fp16", compute_precision=half()
    )
    result = next(iter(program({"a": np.ones(2, np.float32)}).values()))
    assert result.tolist() == [1, 0]
    assert program.report == ()


def test_every_result_is_a_number_of_float16(converted: Callable[..., Path]) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Hardswish(), nn.Conv2d(8, 4, 3), nn.Flatten(), nn.Softmax(1))
    path = converted(network, (1, 3, 8, 8), compute_precision=half())
    x = np.random.RandomState(0).rand(1, 3, 8, 8).astype(np.float32)
    program = load_program(path, "fp16")
    for _, value in program.intermediates({"x0": x}):
        np.testing.assert_array_equal(value, value.astype(np.float16).astype(value.dtype))
    (rounded,), (exact,) = program({"x0": x}).values(), load_program(path)({"x0": x}).values()
    assert 0 < np.abs(rounded - exact).max() < 1e-3


def test_an_unknown_precision_is_refused(converted: Callable[..., Path]) -> None:
    with pytest.raises(AnenasError, match="unknown precision 'fp8'"):
        load_program(converted(nn.ReLU(), (1, 3)), "fp8")  # type: ignore[arg-type]

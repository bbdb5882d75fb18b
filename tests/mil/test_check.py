from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from anenas._errors import AnenasError
from anenas.coreml import Package
from anenas.mil import coremltools
from anenas.mil._check import _fits, check_block
from anenas.mil._syntax import Block, Constant, Operation, Value
from anenas.mil._types import ValueType, named_type
from anenas.space import Architecture

NETWORK = "1x3x16x16-conv_r1_s2_c16_k3_relu-mbconv_r1_s2_c16_k3_e4_relu-head_n3"
MODEL = "Data/com.apple.CoreML/model.mlmodel"

Packaged = Callable[[Architecture], Package]


@pytest.fixture
def altered(package: Packaged, tmp_path: Path) -> Callable[[Callable[[Any], None]], Path]:
    """Writes a package of which one operation was changed."""

    def altered(change: Callable[[Any], None]) -> Path:
        path = shutil.copytree(package(Architecture.parse(NETWORK)).path, tmp_path / "m.mlpackage")
        coremltools()
        from coremltools.proto import Model_pb2

        model = Model_pb2.Model()
        model.ParseFromString((path / MODEL).read_bytes())
        function = model.mlProgram.functions["main"]
        change(function.block_specializations[function.opset].operations)
        (path / MODEL).write_bytes(model.SerializeToString())
        return path

    return altered


def convs(operations: Any) -> list[Any]:
    return [one for one in operations if one.type == "conv"]


def shape_of_another_size(operations: Any) -> None:
    convs(operations)[1].outputs[0].type.tensorType.dimensions[1].constant.size += 1


def one_axis_less(operations: Any) -> None:
    del convs(operations)[1].outputs[0].type.tensorType.dimensions[3]


def a_value_without_end(operations: Any) -> None:
    convs(operations)[-1].outputs[0].type.tensorType.dimensions[1].constant.size = 2**60


def another_weight(operations: Any) -> None:
    first, *_, last = convs(operations)
    last.inputs["weight"].CopyFrom(first.inputs["weight"])


def one_result_more(operations: Any) -> None:
    conv = convs(operations)[0]
    conv.outputs.add().CopyFrom(conv.outputs[0])
    conv.outputs[1].name = "more"


@pytest.mark.parametrize(
    "change", [shape_of_another_size, one_axis_less, a_value_without_end, another_weight, one_result_more]
)
def test_an_operation_that_does_not_fit_is_told_where_the_program_is_read(
    altered: Callable[[Callable[[Any], None]], Path], change: Callable[[Any], None]
) -> None:
    path = altered(change)
    for read in (lambda: Package.open(path).graph, lambda: Package.open(path).program()):
        with pytest.raises(AnenasError, match="is damaged: operation ") as raised:
            read()
        assert str(raised.value).isprintable()


def test_a_whole_program_is_read(altered: Callable[[Callable[[Any], None]], Path]) -> None:
    assert Package.open(altered(lambda operations: None)).graph.ops


def value(*sizes: int | None, dtype: str | None = "fp32") -> Value:
    return Value("y", ValueType("tensorType", named_type(dtype) if dtype else None, sizes))


@pytest.mark.parametrize(
    ("declared", "found", "fits"),
    [
        ((2, 3), (2, 3), True),
        ((2, 3), (3, 2), False),
        ((2, 3), (2, 3, 1), False),
        ((None, 3), (7, 3), True),
        ((None, 3), (7, 4), False),
        ((), (1,), True),  # one number may be called a vector
        ((1,), (), True),
        ((1, 1), (), False),
        ((), (1, 1), False),
        ((1,), (2,), False),
        ((2,), (1,), False),
    ],
)
def test_a_result_has_the_shape_that_is_declared(
    declared: tuple[int | None, ...], found: tuple[int, ...], fits: bool
) -> None:
    assert _fits(value(*declared).type, torch.empty(found)) == fits
    assert _fits(value(*declared, dtype=None).type, torch.empty(found))


@pytest.mark.parametrize(
    ("sizes", "fine"),
    [
        ((2**20, 2**20), True),
        ((2**20, 2**20 + 1), False),
        ((2**40, 1), True),
        ((2**41, 0), False),
        ((1,) * 32, True),
        ((1,) * 33, False),
    ],
)
def test_values_that_no_device_holds_are_refused(sizes: tuple[int, ...], fine: bool) -> None:
    given = value(*sizes)
    block = Block((given,), (Operation("z", "relu", {"x": (given,)}, (value(*sizes),)),), ())
    told = pytest.raises(AnenasError, match=r"^m.mlpackage is damaged: operation y: a value of \d+ axes and ")
    with contextlib.nullcontext() if fine else told:
        check_block(block, Path("m.mlpackage"))


def numbers(*given: int) -> Constant:
    array = np.array(given, np.int32)
    return Constant("n", ValueType("tensorType", named_type("int32"), array.shape), lambda: array)


def checked(kind: str, result: Value, given: Value, **operands: Constant | Value) -> None:
    bound = {"x": (given,)} | {name: (one,) for name, one in operands.items()}
    check_block(Block((given,), (Operation("z", kind, bound, (result,)),), ()), Path("m.mlpackage"))


def test_numbers_that_decide_shapes_are_read_and_a_few_thousand_at_most() -> None:
    checked("tile", value(6, 3), value(2, 3), reps=numbers(3, 1))
    with pytest.raises(AnenasError, match="operation z: tile computes 6×3, where it says 6×4"):
        checked("tile", value(6, 4), value(2, 3), reps=numbers(3, 1))
    with pytest.raises(AnenasError, match="operation z: its reps holds 4,097 numbers"):
        checked("tile", value(6, 3), value(2, 3), reps=numbers(*[1] * 4097))
    with pytest.raises(AnenasError, match="operation z: tile fails: "):  # at most 4,096 are looked at
        checked("tile", value(6, 3), value(2, 3), reps=numbers(*[1] * 4095, -1))
    given = value(2, 3)
    checked("tile", value(6, 4), given, reps=value(2, dtype="int32"))  # which only a run knows
    checked("relu", value(2, 4), Value("x", ValueType("listType")))


@pytest.mark.parametrize(("steps", "looked_at"), [(256, True), (257, False)])
def test_long_recurrent_layers_are_taken_as_declared(steps: int, looked_at: bool) -> None:
    h, ih, hh = value(1, 2), value(2, 3), value(2, 2)
    operands = {"initial_h": h, "weight_ih": ih, "weight_hh": hh}
    given = value(steps, 1, 3)
    bound = {"x": (given,)} | {name: (one,) for name, one in operands.items()}
    results = (value(9, 9, 9), value(1, 2))
    block = Block((given, h, ih, hh), (Operation("z", "rnn", bound, results),), ())
    told = pytest.raises(AnenasError, match="rnn computes 1×1×2, where it says 9×9×9")
    with told if looked_at else contextlib.nullcontext():
        check_block(block, Path("m.mlpackage"))

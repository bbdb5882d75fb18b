from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anenas._errors import AnenasError
from anenas.coreml import Package
from anenas.mil import coremltools
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

"""The table of element types is MIL's, and what is not in it is refused wherever it stands."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anenas._errors import AnenasError
from anenas.coreml import Package
from anenas.graph import ITEM_BYTES
from anenas.mil import coremltools
from anenas.mil._types import _BY_FEATURE, _STRING, _TYPES, named_type
from anenas.space import Architecture

MODEL = Path("Data/com.apple.CoreML/model.mlmodel")
CLASSIFIER = Architecture.parse("1x2x8x8-conv_r1_s2_c16_k3_relu-head_n3")  # of arrays
IMAGES = Architecture.parse("1x3x8x8-conv_r1_s2_c16_k3_relu-head_n3")


@pytest.fixture
def copied(package: Callable[[Architecture], Package], tmp_path: Path) -> Callable[..., Path]:
    """Copies a package whose model is changed by a function."""

    def copied(change: Callable[[Any], None], architecture: Architecture = CLASSIFIER) -> Path:
        path = tmp_path / "copy.mlpackage"
        shutil.copytree(package(architecture).path, path, dirs_exist_ok=True)
        shutil.copyfile(package(architecture).model_file, path / MODEL)
        model = Package.open(path).model
        change(model)
        (path / MODEL).write_bytes(model.SerializeToString())
        return path

    return copied


def block(model: Any) -> Any:
    function = model.mlProgram.functions["main"]
    return function.block_specializations[function.opset]


def tensor_types(model: Any) -> Iterator[Any]:
    """Every type of a tensor in a program: of inputs, results and constants."""
    function = model.mlProgram.functions["main"]
    yield from (given.type.tensorType for given in function.inputs)
    for operation in block(model).operations:
        if operation.type == "const":
            yield operation.attributes["val"].type.tensorType
        else:
            yield from (out.type.tensorType for out in operation.outputs if out.type.WhichOneof("type") == "tensorType")


def refusals(path: Path) -> set[str]:
    """What the graph's reader and the interpreter say of a package."""
    said = set()
    for read in (lambda: Package.open(path).graph, lambda: Package.open(path).program()):
        with pytest.raises(AnenasError) as raised:
            read()
        said.add(str(raised.value))
    return said


def test_names_and_bits_are_those_of_coremltools() -> None:
    coremltools()
    from coremltools.converters.mil.mil import types

    known = {
        number: builtin
        for number, builtin in types.PROTO_TO_BUILTIN_TYPE.items()
        if builtin not in (types.str, types.uint64)
    }
    assert known.keys() == _TYPES.keys()
    for number, builtin in known.items():
        found = _TYPES[number]
        assert found.name == types.builtin_to_string(builtin)
        assert found.bits == (8 if builtin is types.bool else builtin.get_bitwidth())
        assert found.numpy == types.nptype_from_builtin(builtin) or found.bits < 8
        assert found.numpy.itemsize * 8 >= found.bits


def test_what_inputs_may_be_are_those_of_the_description() -> None:
    coremltools()
    from coremltools.proto import FeatureTypes_pb2

    kinds = FeatureTypes_pb2.ArrayFeatureType.ArrayDataType
    names = {"FLOAT32": "fp32", "DOUBLE": "fp64", "FLOAT16": "fp16", "INT32": "int32", "INT8": "int8"}
    assert {kinds.Value(key): name for key, name in names.items()} == {n: t.name for n, t in _BY_FEATURE.items()}
    assert set(names) == set(kinds.keys()) - {"INVALID_ARRAY_DATA_TYPE"}


def test_every_type_of_whole_bytes_has_its_size_in_a_graph() -> None:
    sizes = {found.name: found.bits // 8 for found in _TYPES.values() if found.bits >= 8}
    assert sizes | {"string": 0} == ITEM_BYTES


def test_a_name_that_is_not_known_is_told_with_those_that_are() -> None:
    with pytest.raises(AnenasError, match=r"element type 'fp8' is not known; known: bool, fp16, fp32, fp64, int8"):
        named_type("fp8")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_an_unknown_type_is_refused_wherever_it_stands(copied: Callable[..., Path], data: st.DataObject) -> None:
    number = data.draw(st.integers(0, 100).filter(lambda number: number not in (*_TYPES, _STRING)))

    def change(model: Any) -> None:
        places = list(tensor_types(model))
        data.draw(st.sampled_from(range(len(places))).map(lambda place: places[place])).dataType = number

    path = copied(change)
    (said,) = refusals(path)  # both say the same
    assert said.startswith(f"{path}: element type {number} of MIL is not known; known: bool, fp16, fp32, ")
    assert "\n" not in said


def test_a_type_of_few_bits_is_for_compressed_weights_alone(copied: Callable[..., Path]) -> None:
    def change(model: Any) -> None:
        found = [op for op in block(model).operations if op.type == "conv"]
        name = found[0].inputs["weight"].arguments[0].name
        (weight,) = (op for op in block(model).operations if op.outputs[0].name == name)
        weight.attributes["val"].type.tensorType.dataType = 35

    path = copied(change)
    with pytest.raises(AnenasError, match=r"is uint4, which is allowed only for compressed weights$"):
        _ = Package.open(path).graph


def test_the_type_of_a_described_input_is_refused_where_it_is_not_known(copied: Callable[..., Path]) -> None:
    def change(model: Any) -> None:
        model.description.input[0].type.multiArrayType.dataType = 5

    path = copied(change)
    with pytest.raises(AnenasError, match="element type 5 of an input's description is not known"):
        _ = Package.open(path).inputs


def test_an_input_that_is_described_without_a_type_has_its_programs(copied: Callable[..., Path]) -> None:
    path = copied(lambda model: model.description.input[0].type.multiArrayType.ClearField("dataType"))
    assert Package.open(path).inputs[0].dtype == "fp32"


def test_a_colour_space_that_is_not_known_is_refused(copied: Callable[..., Path]) -> None:
    path = copied(lambda model: model.description.input[0].type.imageType.ClearField("colorSpace"), IMAGES)
    with pytest.raises(AnenasError, match=r"colour space 0 of an image is not known"):
        _ = Package.open(path).inputs


@pytest.mark.parametrize("number", sorted(_TYPES))
def test_every_known_type_is_computed_in_one_that_torch_has(number: int) -> None:
    import torch

    found = _TYPES[number]
    assert torch.zeros(1, dtype=found.torch).numpy().astype(found.numpy) == np.zeros(1)

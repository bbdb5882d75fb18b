from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from anenas._errors import AnenasError
from anenas.ane import check, get_chip
from anenas.coreml import Package, convert, convert_arrays
from anenas.graph import Flexible, Graph
from anenas.mil import coremltools
from anenas.network import trace
from anenas.space import Architecture

Packaged = Callable[[Architecture], Package]

MODEL = Path("Data/com.apple.CoreML/model.mlmodel")
SMALL = Architecture.parse("1x1x16x16-dsconv_r1_s2_c16_k3_relu-head_n10")


@pytest.fixture
def broken(package: Packaged, tmp_path: Path) -> Path:
    """A copy of a package, to be broken."""
    path: Path = shutil.copytree(package(SMALL).path, tmp_path / "broken.mlpackage")
    return path


def message_of(path: Path) -> str:
    with pytest.raises(AnenasError) as raised:
        _ = Package.open(path).graph
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_program_is_read_with_its_weights_and_attributes(package: Packaged) -> None:
    graph = package(SMALL).graph
    assert [op.kind for op in graph.ops] == [
        *("cast", "mul", "add", "conv", "relu", "conv", "relu"),
        *("reduce_mean", "conv", "reshape", "softmax", "cast", "classify"),
    ]
    depthwise, pointwise = graph.ops[3], graph.ops[5]
    assert [weight.shape for weight in depthwise.weights] == [(1, 1, 3, 3), (1,)]
    assert dict(depthwise.attributes) == {"stride": (2, 2), "dilation": (1, 1), "groups": 1}
    assert [weight.shape for weight in pointwise.weights] == [(16, 1, 1, 1), (16,)]
    assert [t.shape for op in graph.ops[3:7] for t in op.outputs] == [*[(1, 1, 8, 8)] * 2, *[(1, 16, 8, 8)] * 2]


def test_every_tensor_that_is_read_was_written_before(package: Packaged) -> None:
    graph = package(SMALL).graph
    written = {tensor.name for tensor in graph.inputs}
    for op in graph.ops:
        assert {tensor.name for tensor in op.inputs} <= written
        written |= {tensor.name for tensor in op.outputs}
    assert {tensor.name for tensor in graph.outputs} <= written


def test_operands_are_read_in_their_order(tmp_path: Path) -> None:
    class Products(nn.Module):
        """Matrix products whose work is another with their operands swapped."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = x.flatten(1)
            tall, wide = y[:, :10].reshape(1, 5, 2), y[:, 10:16].reshape(1, 2, 3)
            return (torch.matmul(tall, wide).sum(1) - y[:, :3]).softmax(1)

    path = tmp_path / "model.mlpackage"
    convert(Products(), path, shape=(1, 1, 8, 8), classes=["a", "b", "c"])
    graph = Package.open(path).graph
    by_kind = {op.kind: op for op in graph.ops}
    assert [tensor.shape for tensor in by_kind["matmul"].inputs] == [(1, 5, 2), (1, 2, 3)]
    assert by_kind["matmul"].macs == 5 * 2 * 3
    assert by_kind["sub"].inputs[0].name == by_kind["reduce_sum"].outputs[0].name


@pytest.mark.parametrize(
    ("constant", "transposed"),
    [
        ("x", ()),
        ("x", ("transpose_x",)),
        ("x", ("transpose_y",)),
        ("x", ("transpose_x", "transpose_y")),
        ("y", ()),
        ("y", ("transpose_x",)),
        ("y", ("transpose_y",)),
    ],
)
def test_a_product_with_a_constant_is_as_much_work_on_either_side(
    saved: Callable[..., Path], constant: str, transposed: tuple[str, ...]
) -> None:
    """Of (5, 2) by (2, 3)."""
    sizes = {"x": (5, 2), "y": (2, 3)}
    sizes |= {name: sizes[name][::-1] for name in "xy" if f"transpose_{name}" in transposed}
    [read] = set("xy") - {constant}

    def build(given: Any) -> Any:
        coremltools()
        from coremltools.converters.mil import Builder

        factors = {read: given, constant: np.ones(sizes[constant], np.float32)}
        product = Builder.matmul(**factors, **dict.fromkeys(transposed, True))
        return Builder.add(x=product, y=Builder.relu(x=product))

    graph = Package.open(saved(build, {"given": sizes[read]})).graph
    assert [op.macs for op in graph.ops if op.kind in ("matmul", "linear")] == [5 * 2 * 3]


def test_what_rules_ask_of_an_operation_is_read_as_it_is_traced(tmp_path: Path) -> None:
    class Parts(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = nn.functional.avg_pool2d(nn.functional.max_pool2d(x, (3, 2), 2), 2)
            return x.permute(0, 2, 1, 3).softmax(2).flatten(1)[:, 1:4].softmax(-1)

    path = tmp_path / "model.mlpackage"
    convert(Parts(), path, shape=(1, 3, 32, 32), classes=["a", "b", "c"])
    kinds = ("max_pool", "avg_pool", "transpose", "softmax", "slice_by_index")

    def noted(graph: Graph) -> list[tuple[str, dict[str, object]]]:
        return [(op.kind, dict(op.attributes)) for op in graph.ops if op.kind in kinds]

    assert noted(Package.open(path).graph) == noted(trace(Parts(), (1, 3, 32, 32)))


def test_compressed_weights_belong_to_the_operation_that_reads_them(package: Packaged, tmp_path: Path) -> None:
    ct = coremltools()
    optimize = importlib.import_module("coremltools.optimize.coreml")
    model = ct.models.MLModel(str(package(SMALL)), skip_model_load=True)
    config = optimize.OptimizationConfig(optimize.OpPalettizerConfig(nbits=4, weight_threshold=0))
    path = tmp_path / "compressed.mlpackage"
    optimize.palettize_weights(model, config).save(str(path))
    plain, compressed = package(SMALL).graph, Package.open(path).graph
    assert [op.kind for op in compressed.ops] == [op.kind for op in plain.ops]
    assert compressed.macs == plain.macs
    assert compressed.weight_bytes < plain.weight_bytes
    forms = {weight.storage.form if weight.storage else "" for op in compressed.ops for weight in op.weights}
    assert forms == {"", "palette4"}


def test_a_path_without_a_package_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.mlpackage", tmp_path):
        assert message_of(path) == f"{path} is not an .mlpackage: it has no Manifest.json"
    file = tmp_path / "model.mlpackage"
    file.write_bytes(b"")
    assert message_of(file) == f"{file} is not an .mlpackage: it has no Manifest.json"


def test_a_model_that_is_cut_short_is_refused(broken: Path) -> None:
    model = broken / MODEL
    model.write_bytes(model.read_bytes()[:1000])
    assert message_of(broken) == f"{model} is not a Core ML model, or is incomplete or encrypted"


def test_a_file_of_something_else_is_refused(broken: Path) -> None:
    model = broken / MODEL
    model.write_text("<html>not found</html>")
    assert message_of(broken) == f"{model} is not a Core ML model, or is incomplete or encrypted"


@pytest.mark.parametrize("kind", ["neuralNetwork", "neuralNetworkClassifier", "pipeline", "empty", "other function"])
def test_a_model_that_is_no_program_is_refused(broken: Path, kind: str) -> None:
    coremltools()
    from coremltools.proto import Model_pb2

    spec = Model_pb2.Model(specificationVersion=7)
    if kind == "other function":
        spec.mlProgram.functions["other"].opset = "CoreML6"
    elif kind != "empty":
        getattr(spec, kind).SetInParent()
    (broken / MODEL).write_bytes(spec.SerializeToString())
    holds = "no ML program" if kind in ("empty", "other function") else f"a model of type {kind}"
    assert message_of(broken) == f"{broken} holds {holds}; convert it with minimum_deployment_target iOS15 or later"


def test_a_program_that_runs_in_a_circle_is_refused(broken: Path) -> None:
    coremltools()
    from coremltools.proto import Model_pb2

    spec = Model_pb2.Model()
    spec.ParseFromString((broken / MODEL).read_bytes())
    function = spec.mlProgram.functions["main"]
    computing = [op for op in function.block_specializations[function.opset].operations if op.type != "const"]
    first, last = computing[0], computing[-1]
    first.inputs["x"].arguments[0].name = last.outputs[0].name
    (broken / MODEL).write_bytes(spec.SerializeToString())
    assert message_of(broken).endswith(
        f"nothing computes '{last.outputs[0].name}', which {first.outputs[0].name} reads"
    )


def test_a_program_whose_output_nothing_makes_is_refused(broken: Path) -> None:
    coremltools()
    from coremltools.proto import Model_pb2

    spec = Model_pb2.Model()
    spec.ParseFromString((broken / MODEL).read_bytes())
    function = spec.mlProgram.functions["main"]
    function.block_specializations[function.opset].outputs[0] = "nowhere"
    (broken / MODEL).write_bytes(spec.SerializeToString())
    assert message_of(broken).endswith("nothing computes 'nowhere', which its caller reads")


def test_huge_declared_shapes_are_refused_without_making_them(broken: Path) -> None:
    coremltools()
    from coremltools.proto import Model_pb2

    spec = Model_pb2.Model()
    spec.ParseFromString((broken / MODEL).read_bytes())
    function = spec.mlProgram.functions["main"]
    for op in function.block_specializations[function.opset].operations:
        for out in op.outputs:
            for dimension in out.type.tensorType.dimensions:
                dimension.constant.size = 2**40
    (broken / MODEL).write_bytes(spec.SerializeToString())
    assert "is damaged: operation " in message_of(broken)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_anywhere_is_told_in_one_line_or_does_no_harm(
    broken: Path, package: Packaged, data: st.DataObject
) -> None:
    changed = bytearray(package(SMALL).model_file.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    (broken / MODEL).write_bytes(changed)
    try:
        found = Package.open(broken)
        assert found.graph.outputs and found.example_inputs()
    except AnenasError as error:
        assert "\n" not in str(error)


def test_what_a_loop_reads_of_what_is_around_it_belongs_to_it(tmp_path: Path) -> None:
    gru = nn.GRU(4, 8, batch_first=True)

    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gru = gru

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.gru(x.reshape(1, 6, 4) * 2)[0].sum((1, 2), keepdim=True)

    graph = convert_arrays(Recurrent().eval(), tmp_path / "loop.mlpackage", shape=(1, 1, 6, 4)).graph
    (loop,) = (op for op in graph.ops if op.kind == "while_loop")
    made = {tensor.name for op in graph.ops for tensor in op.outputs}
    assert loop.inputs and {tensor.name for tensor in loop.inputs} <= made
    weights = [weight.shape for weight in loop.weights if len(weight.shape) == 2]
    assert sum(rows * columns for rows, columns in weights) == sum(w.numel() for w in gru.parameters() if w.dim() == 2)


@pytest.fixture
def flexible(tmp_path: Path) -> Callable[[Any], Path]:
    """Converts a small network for inputs of that shape."""

    def make(given: Any) -> Path:
        network = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Upsample(scale_factor=2)).eval()
        traced = torch.jit.trace(network, torch.zeros(1, 3, 32, 32))
        target = coremltools().target.iOS16
        model = coremltools().convert(traced, inputs=[given], convert_to="mlprogram", minimum_deployment_target=target)
        model.save(str(tmp_path / "flexible.mlpackage"))
        return tmp_path / "flexible.mlpackage"

    return make


@pytest.mark.parametrize("kind", [0, 2, "image"])
def test_a_flexible_program_is_read_at_its_usual_shape(flexible: Callable[[Any], Path], kind: int | str) -> None:
    ct = coremltools()
    size = ct.RangeDim(8, 64, default=32)
    given = {
        0: lambda: ct.TensorType(name="x", shape=ct.Shape((1, 3, size, size))),
        2: lambda: ct.TensorType(
            name="x", shape=ct.EnumeratedShapes([(1, 3, 16, 16), (1, 3, 32, 32)], default=(1, 3, 32, 32))
        ),
        "image": lambda: ct.ImageType(name="x", shape=ct.Shape((1, 3, size, size))),
    }[kind]()
    graph = Package.open(flexible(given)).graph
    assert graph.inputs[0].shape == (1, 3, 32, 32)
    assert [op.outputs[0].shape for op in graph.ops if op.kind == "conv"] == [(1, 16, 32, 32)]
    assert graph.outputs[0].shape == (1, 16, 64, 64)
    assert graph.macs == 16 * 32 * 32 * 27
    assert graph.flexible == (Flexible("x", kind if isinstance(kind, int) else 0),)
    found = [finding for finding in check(graph, get_chip("A15")) if finding.rule == "flexible-shape"]
    assert len(found) == (0 if kind == 2 else 1)


def test_a_program_of_fixed_shapes_is_not_run_to_be_read(package: Packaged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anenas.mil._graph._usual_shapes", None)
    assert Package.open(package(SMALL).path).graph.flexible == ()

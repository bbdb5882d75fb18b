from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from anenas.graph import Graph
from anenas.network import trace


class Lambda(nn.Module):
    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class Affine(nn.Module):
    """A product and a sum with constants of that shape."""

    scale: Tensor
    shift: Tensor

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.register_buffer("scale", torch.ones(shape))
        self.register_buffer("shift", torch.ones(shape))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale + self.shift


def kinds(graph: Graph) -> list[str]:
    return [op.kind for op in graph.ops]


def trace_of(function: Callable[[Tensor], Tensor], shape: tuple[int, ...] = (1, 4, 6, 6)) -> Graph:
    return trace(Lambda(function), shape)


def test_a_convolution_takes_in_its_batch_normalisation() -> None:
    graph = trace(nn.Sequential(nn.Conv2d(4, 8, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(8)), (1, 4, 6, 6))
    (op,) = graph.ops
    assert op.kind == "conv"
    # The bias comes from the batch normalisation.
    assert [weight.shape for weight in op.weights] == [(8, 4, 3, 3), (8,)]
    assert op.attributes == {"stride": (2, 2), "dilation": (1, 1), "groups": 1}
    assert (op.inputs, op.outputs) == (graph.inputs, graph.outputs)
    assert graph.outputs[0].shape == (1, 8, 3, 3)


def test_a_batch_normalisation_that_follows_no_convolution_stays() -> None:
    graph = trace(nn.Sequential(nn.Conv2d(4, 8, 1), nn.ReLU(), nn.BatchNorm2d(8)), (1, 4, 6, 6))
    assert kinds(graph) == ["conv", "relu", "batch_norm"]
    assert graph.ops[-1].weight_bytes == 4 * 8 * 2


def test_a_depthwise_convolution_keeps_its_groups() -> None:
    (op,) = trace(nn.Conv2d(8, 8, 5, padding=2, groups=8), (1, 8, 6, 6)).ops
    assert op.attributes["groups"] == 8
    assert op.macs == 8 * 25 * 36


def test_a_linear_layer_has_its_weights_as_core_ml_stores_them() -> None:
    (op,) = trace(nn.Linear(20, 10), (1, 20)).ops
    assert (op.kind, [weight.shape for weight in op.weights], op.macs) == ("linear", [(10, 20), (10,)], 200)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((1, 4, 1, 1), ["batch_norm"]),
        ((4, 1, 1), ["batch_norm"]),
        ((), ["mul", "add"]),
        ((1, 1, 1, 1), ["mul", "add"]),
        ((1, 4, 6, 6), ["mul", "add"]),
        ((6,), ["mul", "add"]),
    ],
)
def test_a_scale_and_a_shift_of_each_channel_are_one_batch_normalisation(
    shape: tuple[int, ...], expected: list[str]
) -> None:
    graph = trace(Affine(*shape), (1, 4, 6, 6))
    assert kinds(graph) == expected
    assert (graph.ops[0].inputs, graph.ops[-1].outputs) == (graph.inputs, graph.outputs)


def test_a_scale_that_something_else_reads_stays() -> None:
    class Both(Affine):
        def forward(self, x: Tensor) -> Tensor:
            scaled = x * self.scale
            return (scaled + self.shift) * scaled

    assert kinds(trace(Both(1, 4, 1, 1), (1, 4, 6, 6))) == ["mul", "add", "mul"]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (torch.nn.functional.relu, ["relu"]),
        (torch.nn.functional.relu_, ["relu"]),
        (torch.nn.functional.relu6, ["clip"]),
        (torch.nn.functional.silu, ["silu"]),
        (torch.nn.functional.hardsigmoid, ["sigmoid_hard"]),
        (torch.nn.functional.hardswish, ["thresholded_relu", "sigmoid_hard", "mul"]),
        (lambda x: x.mean((2, 3)), ["reduce_mean"]),
        (lambda x: x.softmax(1), ["softmax"]),
        (lambda x: x.flatten(1), ["reshape"]),
        (lambda x: torch.cat([x, x], 1), ["concat"]),
        (lambda x: x.permute(0, 2, 3, 1), ["transpose"]),
        (lambda x: torch.nn.functional.max_pool2d(x, 2), ["max_pool"]),
        (lambda x: torch.nn.functional.dropout(x, 0.5, False), []),
        (lambda x: x.contiguous().detach(), []),
        (lambda x: x + torch.ones(3).sum(), ["add"]),
    ],
)
def test_operations_have_core_mls_names(function: Callable[[Tensor], Tensor], expected: list[str]) -> None:
    assert kinds(trace_of(function)) == expected


def test_an_operation_that_is_not_known_goes_by_its_own_name() -> None:
    graph = trace_of(lambda x: torch.erfinv(x.cumsum(1)).relu())
    assert kinds(graph) == ["cumsum", "erfinv", "relu"]
    assert graph.macs == 0


def test_what_is_computed_in_place_is_read_by_what_follows() -> None:
    def forward(x: Tensor) -> Tensor:
        y = x + x
        y.relu_()
        return y * x

    graph = trace_of(forward)
    assert kinds(graph) == ["add", "relu", "mul"]
    assert [t.name for t in graph.ops[2].inputs] == ["relu_1", "x"]


def test_a_module_that_does_nothing_is_a_graph_without_operations() -> None:
    graph = trace(nn.Identity(), (1, 4, 6, 6), name="pixels")
    assert graph.ops == ()
    assert graph.inputs == graph.outputs
    assert graph.inputs[0].name == "pixels"


def test_tracing_leaves_the_module_as_it_is() -> None:
    module = nn.Sequential(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4), nn.ReLU(inplace=True)).train()
    before = copy.deepcopy(module.state_dict())
    trace(module, (1, 4, 6, 6))
    assert module.training
    assert all(p.device.type == "cpu" for p in module.parameters())
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())


def test_an_input_that_does_not_fit_is_refused() -> None:
    with pytest.raises(RuntimeError, match="channel"):
        trace(nn.Conv2d(3, 8, 1), (1, 4, 6, 6))


@pytest.mark.parametrize(
    ("function", "kind", "attributes"),
    [
        (lambda x: torch.nn.functional.max_pool2d(x, 3, 2), "max_pool", {"kernel": (3, 3), "stride": (2, 2)}),
        (lambda x: torch.nn.functional.avg_pool2d(x, (2, 3)), "avg_pool", {"kernel": (2, 3), "stride": (2, 3)}),
        (lambda x: x.permute(0, 2, -1, 1), "transpose", {"perm": (0, 2, 3, 1)}),
        (lambda x: x.transpose(1, -1), "transpose", {"perm": (0, 3, 2, 1)}),
        (lambda x: x.softmax(-1), "softmax", {"axis": 3}),
        (lambda x: x[..., 2:], "slice_by_index", {"begin": (0, 0, 0, 2)}),
        (lambda x: x[:, -1], "slice_by_index", {"begin": (0, 3, 0, 0)}),
    ],
)
def test_what_rules_ask_of_an_operation_is_noted(
    function: Callable[[Tensor], Tensor], kind: str, attributes: dict[str, object]
) -> None:
    (op,) = trace_of(function).ops
    assert (op.kind, op.attributes) == (kind, attributes)


def test_every_result_of_a_split_is_read_by_what_follows() -> None:
    def forward(x: Tensor) -> Tensor:
        q, k = x.unbind(1)
        return q * k

    graph = trace_of(forward, (1, 2, 6, 6))
    assert kinds(graph) == ["split", "mul"]
    assert [len(op.outputs) for op in graph.ops] == [2, 1]
    assert graph.ops[1].inputs == graph.ops[0].outputs
    assert graph.weight_bytes == 0


def test_what_keeps_its_shape_is_not_copied() -> None:
    assert kinds(trace_of(lambda x: x.expand(1, 4, 6, 6)[:, 0:].relu())) == ["relu"]
    assert kinds(trace_of(lambda x: x.expand(2, 4, 6, 6))) == ["tile"]

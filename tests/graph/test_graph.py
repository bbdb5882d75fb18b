from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anenas.graph import Graph, Op, Tensor


def conv(channels: int, out_channels: int, *, size: int = 4, kernel: int = 3, groups: int = 1) -> Graph:
    """A graph of a convolution and an activation, from (1, channels, size, size)."""
    x, y, z = Tensor("x", (1, channels, size, size)), *(Tensor(n, (1, out_channels, size, size)) for n in "yz")
    weights = (Tensor("weight", (out_channels, channels // groups, kernel, kernel)), Tensor("bias", (out_channels,)))
    convolution = Op("conv", "conv", (x,), (y,), weights, {"groups": groups, "stride": (1, 1)})
    return Graph((x,), (convolution, Op("relu", "relu", (y,), (z,))), (z,))


def as_it_is(channels: int) -> Graph:
    """A graph that hands on its input."""
    x = Tensor("x", (1, channels, 4, 4))
    return Graph((x,), (), (x,))


def facts(graph: Graph) -> tuple[object, ...]:
    """All of a graph but its names."""
    ops = [(op.kind, [t.shape for t in (*op.inputs, *op.outputs, *op.weights)], op.attributes) for op in graph.ops]
    return (ops, graph.macs, graph.weight_bytes, graph.parameters, [t.shape for t in (*graph.inputs, *graph.outputs)])


def assert_can_run(graph: Graph) -> None:
    """Every tensor that is read is an input or was written before, and no name is used twice."""
    written = list(graph.inputs)
    for op in graph.ops:
        assert set(op.inputs) <= set(written)
        written += op.outputs
    assert set(graph.outputs) <= set(written)
    assert len({t.name for t in written}) == len(written)
    assert len({op.name for op in graph.ops}) == len(graph.ops)


# Chains of parts that fit one another: a number of channels in, then each part's number out (None is no operation).
widths = st.sampled_from([1, 3, 16])


@st.composite
def fitting_parts(draw: st.DrawFn, least: int = 1) -> list[tuple[str, Graph]]:
    channels = draw(widths)
    parts = []
    for i, out_channels in enumerate(draw(st.lists(st.none() | widths, min_size=least, max_size=5))):
        parts.append((f"part{i}", as_it_is(channels) if out_channels is None else conv(channels, out_channels)))
        channels = out_channels or channels
    return parts


@pytest.mark.parametrize(
    ("dtype", "size"), [("fp16", 12), ("fp32", 24), ("int8", 6), ("bool", 6), ("int64", 48), ("string", 0)]
)
def test_a_tensor_takes_its_elements_times_the_size_of_one(dtype: str, size: int) -> None:
    assert Tensor("x", (1, 2, 3), dtype).bytes == size


def test_a_scalar_has_one_element() -> None:
    assert Tensor("x", ()).elements == 1


x = Tensor("x", (1, 8, 5, 7))


@pytest.mark.parametrize(
    ("op", "macs"),
    [
        # 6 filters of 8×3×3 at each of 5×7 places; the bias adds nothing
        (Op("c", "conv", (x,), (Tensor("y", (1, 6, 5, 7)),), (Tensor("w", (6, 8, 3, 3)), Tensor("b", (6,)))), 15_120),
        # strided: only at 3×4 places
        (Op("c", "conv", (x,), (Tensor("y", (1, 6, 3, 4)),), (Tensor("w", (6, 8, 3, 3)),)), 5_184),
        # depthwise: one 3×3 filter for each of 8 channels
        (Op("c", "conv", (x,), (Tensor("y", x.shape),), (Tensor("w", (8, 1, 3, 3)),), {"groups": 8}), 2_520),
        # two images cost twice as much
        (Op("c", "conv", (x,), (Tensor("y", (2, 6, 5, 7)),), (Tensor("w", (6, 8, 1, 1)),)), 3_360),
        (Op("l", "linear", (Tensor("x", (2, 20)),), (Tensor("y", (2, 10)),), (Tensor("w", (10, 20)),)), 400),
        # (4×20) by (20×6), for each of 3 heads
        (
            Op(
                "m",
                "matmul",
                (Tensor("p", (1, 3, 4, 20)), Tensor("q", (1, 3, 20, 6))),
                (Tensor("y", (1, 3, 4, 6)),),
            ),
            1_440,
        ),
        # The same with the first factor turned around.
        (
            Op(
                "m",
                "matmul",
                (Tensor("p", (1, 3, 20, 4)), Tensor("q", (1, 3, 20, 6))),
                (Tensor("y", (1, 3, 4, 6)),),
                attributes={"transpose_x": 1},
            ),
            1_440,
        ),
        (Op("a", "add", (x, x), (Tensor("y", x.shape),)), 0),
        (Op("n", "batch_norm", (x,), (Tensor("y", x.shape),), (Tensor("w", (8,)),)), 0),
    ],
)
def test_multiply_accumulates_are_those_counted_by_hand(op: Op, macs: int) -> None:
    assert op.macs == macs


def test_a_graph_is_the_sum_of_its_operations() -> None:
    graph = conv(16, 32, size=4)
    assert graph.macs == 32 * 16 * 9 * 16
    assert graph.parameters == 32 * 16 * 9 + 32
    assert graph.weight_bytes == 2 * graph.parameters


def test_graphs_are_values() -> None:
    assert conv(16, 32) == conv(16, 32)
    assert hash(conv(16, 32)) == hash(conv(16, 32))
    assert conv(16, 16) != conv(16, 16, groups=16)
    with pytest.raises(dataclasses.FrozenInstanceError):
        conv(16, 32).ops = ()  # type: ignore[misc]


def test_a_prefix_is_put_before_every_name() -> None:
    (convolution, relu) = conv(3, 16).prefixed("p.").ops
    assert (convolution.name, relu.name) == ("p.conv", "p.relu")
    assert [t.name for t in (*convolution.inputs, *convolution.outputs, *convolution.weights)] == [
        "p.x",
        "p.y",
        "p.weight",
        "p.bias",
    ]


def test_a_prefix_changes_nothing_but_names_and_prefixes_add_up() -> None:
    graph = conv(16, 16, groups=16)
    assert facts(graph.prefixed("p.")) == facts(graph)
    assert graph.prefixed("b.").prefixed("a.") == graph.prefixed("a.b.")


def test_a_chain_feeds_each_part_with_the_one_before() -> None:
    graph = Graph.chain([("a", conv(3, 16)), ("b", conv(16, 32))])
    assert [op.name for op in graph.ops] == ["a.conv", "a.relu", "b.conv", "b.relu"]
    assert [t.name for op in graph.ops for t in op.inputs] == ["a.x", "a.y", "a.z", "b.y"]
    assert (graph.inputs[0].name, graph.outputs[0].name) == ("a.x", "b.z")


def test_what_a_part_does_not_take_is_handed_on_to_the_parts_behind_it() -> None:
    x, y, z, there = (Tensor(name, (1, 4, 1, 8)) for name in ("x", "y", "z", "there"))
    start = Graph((x,), (Op("cut", "split", (x,), (y, there)),), (y, there))
    middle = Graph((x,), (Op("relu", "relu", (x,), (y,)),), (y,))
    end = Graph((x, there), (Op("mul", "mul", (x, there), (z,)),), (z,))
    graph = Graph.chain([("start", start), ("middle", middle), ("end", end)])
    assert [t.name for t in graph.ops[2].inputs] == ["middle.y", "start.there"]
    assert [t.name for t in graph.outputs] == ["end.z"]
    with pytest.raises(ValueError, match=r"end takes .* and .*, not the \(1, 4, 1, 8\) that comes before it"):
        Graph.chain([("middle", middle), ("end", end)])


@given(fitting_parts())
def test_a_chain_can_run_and_is_the_sum_of_its_parts(parts: list[tuple[str, Graph]]) -> None:
    graph = Graph.chain(parts)
    assert_can_run(graph)
    assert len(graph.ops) == sum(len(part.ops) for _, part in parts)
    assert graph.macs == sum(part.macs for _, part in parts)
    assert graph.weight_bytes == sum(part.weight_bytes for _, part in parts)
    assert graph.inputs[0].shape == parts[0][1].inputs[0].shape
    assert graph.outputs[0].shape == parts[-1][1].outputs[0].shape


@given(fitting_parts(least=2), st.data())
def test_how_a_chain_is_split_makes_no_difference(parts: list[tuple[str, Graph]], data: st.DataObject) -> None:
    split = data.draw(st.integers(1, len(parts) - 1))
    halves = Graph.chain([("left", Graph.chain(parts[:split])), ("right", Graph.chain(parts[split:]))])
    assert_can_run(halves)
    assert facts(halves) == facts(Graph.chain(parts))


def test_parts_that_do_not_fit_are_refused_with_both_shapes() -> None:
    message = r"b takes \(1, 32, 4, 4\), not the \(1, 16, 4, 4\) that comes before it"
    with pytest.raises(ValueError, match=message):
        Graph.chain([("a", conv(3, 16)), ("b", conv(32, 16))])


def test_a_chain_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no parts"):
        Graph.chain([])

"""What compressed weights and 8-bit activations save, on each chip."""

from __future__ import annotations

import pytest

from anenas.ane import get_chip, graph_work, op_costs
from anenas.graph import Graph, Op, Tensor, WeightFormat, compressed, get_weight_format, weight_formats


def weights_heavy(channels: int = 1024) -> Graph:
    """A 1×1 convolution of few places: bound by its weights."""
    return convolution(channels, channels, size=2)


def convolution(channels_in: int, channels_out: int, *, size: int = 32, kernel: int = 1) -> Graph:
    x, y = (Tensor(name, (1, c, size, size)) for name, c in (("x", channels_in), ("y", channels_out)))
    weight = Tensor("w", (channels_out, channels_in, kernel, kernel))
    attributes = {"stride": (1, 1), "dilation": (1, 1), "groups": 1}
    return Graph((x,), (Op("y", "conv", (x,), (y,), (weight,), attributes),), (y,))


def us(graph: Graph, chip: str) -> float:
    return sum(cost.us for cost in op_costs(graph, get_chip(chip)))


def speedup(graph: Graph, form: WeightFormat | str, chip: str) -> float:
    form = get_weight_format(form) if isinstance(form, str) else form
    return us(graph, chip) / us(compressed(graph, form), chip)


def saved(graph: Graph, form: str, chip: str, bound: str) -> float:
    """How many times less there is to do of one kind."""

    def amount(graph: Graph) -> float:
        works = graph_work(graph, get_chip(chip))
        return sum(amount for work in works for _, amount in work.get(bound, ()))

    return amount(graph) / amount(compressed(graph, get_weight_format(form)))


@pytest.mark.parametrize(
    ("form", "streamed_on", "not_on"),
    [
        ("palette4", ["A14", "A15", "A17 Pro"], ["A12", "A13"]),
        ("sparse75", ["A14", "A15", "A16"], ["A13"]),
        ("int8", ["A15", "M2", "A17 Pro"], ["A14", "M1"]),
        ("int4-block", ["A16", "M3", "M4"], ["A15", "M2"]),
        ("palette4+int8", ["A15"], ["A14"]),
    ],
)
def test_weights_stream_as_stored_only_where_the_generation_does(
    form: str, streamed_on: list[str], not_on: list[str]
) -> None:
    graph = weights_heavy()
    plain, stored = graph.weight_bytes, compressed(graph, get_weight_format(form)).weight_bytes
    for chip in streamed_on:
        assert saved(graph, form, chip, "weights") == pytest.approx(plain / stored)
        assert speedup(graph, form, chip) > 1
    for chip in not_on:
        assert saved(graph, form, chip, "weights") == 1


@pytest.mark.parametrize("chip", ["A14", "A15", "A16", "A17 Pro", "M4"])
@pytest.mark.parametrize("form", sorted(set(weight_formats()) - {"fp16"}))
def test_no_form_of_a_large_weight_is_slower(form: str, chip: str) -> None:
    assert speedup(weights_heavy(), form, chip) >= 1


def test_many_tables_cost_what_small_indices_gain() -> None:
    graph = weights_heavy(2048)
    gains = [speedup(graph, WeightFormat("", "", palette=4, group=group), "A17 Pro") for group in (0, 8, 4, 2, 1)]
    # OPT-1.3B on an iPhone 15 Pro: 6.2 times with a table for each weight, then 5.9, 5.4, 3.0, and 1.6.
    assert gains == sorted(gains, reverse=True)
    assert gains[1] == pytest.approx(gains[0], rel=0.05)
    assert gains[3] < 0.6 * gains[0]
    assert gains[4] < 0.6 * gains[3]


def test_zeros_are_skipped_since_the_a17_pro() -> None:
    graph = convolution(512, 512)
    assert saved(graph, "sparse75", "A16", "compute") == 1
    assert saved(graph, "sparse75", "A17 Pro", "compute") == pytest.approx(1 / (0.24 + 0.9 * 0.25))


def test_sparse_kernels_lose_winograds_way() -> None:
    plain, three = (convolution(512, 512, kernel=kernel) for kernel in (1, 3))
    assert 1 < speedup(three, "sparse50", "M4") < speedup(plain, "sparse50", "M4")


def test_8_bit_weights_alone_multiply_no_faster() -> None:
    assert speedup(convolution(256, 256), "int8", "M4") == 1


def test_8_bit_weights_and_activations_double_the_rate_since_the_a17_pro() -> None:
    graph = convolution(256, 256)
    assert saved(graph, "w8a8", "A17 Pro", "compute") == saved(graph, "w8a8", "M4", "compute") == 2
    assert saved(graph, "w8a8", "M1", "compute") == saved(graph, "w8a8", "A16", "compute") == 1


def test_8_bit_activations_are_half_the_traffic() -> None:
    graph = compressed(convolution(64, 32, size=256), get_weight_format("w8a8"))
    # What is read is; what is written to the caller is not.
    work = graph_work(graph, get_chip("A15@ios16"))[2]
    assert work["activations"] == (("traffic", (64 / 2 + 32) * 256**2),)
    assert work["memory"] == (("memory", (64 + 2 * 32) * 256**2),)


def test_quantising_costs_nothing_by_itself() -> None:
    costs = op_costs(compressed(convolution(64, 64), get_weight_format("w8a8")), get_chip("A15"))
    assert [cost.us for cost in costs[:2]] == [0, 0]


def test_what_is_written_as_integers_behind_a_curve_is_narrow_before_it() -> None:
    x, y, z = (Tensor(name, (1, 16, 256, 256)) for name in "xyz")
    weight = Tensor("w", (16, 16, 1, 1))
    out = Tensor("o", y.shape)
    first, second = Op("y", "conv", (x,), (y,), (weight,)), Op("o", "conv", (z,), (out,), (weight,))
    graph = compressed(Graph((x,), (first, Op("z", "relu", (y,), (z,)), second), (out,)), get_weight_format("w8a8"))
    works = [work for op, work in zip(graph.ops, graph_work(graph), strict=True) if op.kind == "conv"]
    (_, between), (_, last) = (work["activations"][0] for work in works)
    assert (between, last) == (x.elements, 1.5 * x.elements)


def test_the_first_table_is_read_with_the_weights_and_each_other_takes_time() -> None:
    """With a table for each filter there is more to do for the tables than for the weights."""

    def amount(filters: int) -> float:
        form = WeightFormat("", "", palette=4, group=1)
        graph = compressed(convolution(256, filters, size=2), form)
        return sum(amount for work in graph_work(graph, get_chip("A17 Pro")) for _, amount in work.get("weights", ()))

    assert amount(32) / amount(16) == pytest.approx(31 / 15)

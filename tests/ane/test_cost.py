from __future__ import annotations

import dataclasses
import math
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from anenas.ane import Chip, calibration, chip_rates, chips, get_chip, graph_work, op_costs, roof
from anenas.graph import Graph, Op, Tensor

m4 = get_chip("M4")


def conv(channels: int, out_channels: int, *, size: tuple[int, int] = (32, 32), kernel: int = 3, groups: int = 1) -> Op:
    x, y = Tensor("x", (1, channels, *size)), Tensor("y", (1, out_channels, *size))
    weights = (Tensor("weight", (out_channels, channels // groups, kernel, kernel)), Tensor("bias", (out_channels,)))
    return Op("conv", "conv", (x,), (y,), weights, {"groups": groups, "stride": (1, 1)})


def elementwise(kind: str, reads: int = 1, shape: tuple[int, ...] = (1, 64, 32, 32)) -> Op:
    inputs = tuple(Tensor(f"x{i}", shape) for i in range(reads))
    return Op(kind, kind, inputs, (Tensor(kind, shape),))


def linear(features: int, out_features: int) -> Op:
    weights = (Tensor("weight", (out_features, features)), Tensor("bias", (out_features,)))
    return Op("linear", "linear", (Tensor("x", (1, features)),), (Tensor("y", (1, out_features)),), weights)


def cost_us(op: Op, chip: Chip = m4) -> float:
    (cost,) = op_costs(Graph(op.inputs, (op,), op.outputs), chip)
    return cost.us


sizes = st.tuples(st.integers(1, 256), st.integers(1, 256))
chip_of = st.sampled_from(list(chips().values()))
convs = st.builds(conv, st.integers(1, 512), st.integers(1, 512), size=sizes, kernel=st.sampled_from([1, 3, 5, 7]))
depthwise = st.integers(1, 512).flatmap(
    lambda c: st.builds(conv, st.just(c), st.just(c), size=sizes, groups=st.just(c))
)
shapes = st.tuples(st.sampled_from([1, 2, 4]), st.integers(1, 512), st.integers(1, 256), st.integers(1, 256))
elementwises = st.builds(
    elementwise, st.sampled_from(["add", "mul", "relu", "softmax", "reduce_mean", "reshape"]), st.integers(1, 2), shapes
)
ops = convs | depthwise | elementwises | st.builds(linear, st.integers(1, 4096), st.integers(1, 4096))


@given(ops, chip_of)
def test_a_cost_is_finite_and_never_negative(op: Op, chip: Chip) -> None:
    assert 0 <= cost_us(op, chip) < math.inf


@given(
    st.sampled_from([1, 3, 16, 64]),
    *[st.integers(1, 600)] * 2,
    sizes,
    st.sampled_from([1, 3, 5]),
    chip_of,
)
def test_more_output_channels_are_never_cheaper(
    channels: int, fewer: int, more: int, size: tuple[int, int], kernel: int, chip: Chip
) -> None:
    assume(fewer < more)
    costs = [cost_us(conv(channels, out, size=size, kernel=kernel), chip) for out in (fewer, more)]
    assert costs[0] <= costs[1]


@given(st.integers(2, 256), st.integers(2, 256), sizes, chip_of)
def test_more_depthwise_channels_are_never_cheaper(fewer: int, more: int, size: tuple[int, int], chip: Chip) -> None:
    assume(fewer < more)
    costs = [cost_us(conv(channels, channels, size=size, groups=channels), chip) for channels in (fewer, more)]
    assert costs[0] <= costs[1]


@given(
    ops,
    chip_of,
    st.sampled_from(["cores", "clock_ghz", "weight_gb_s", "elementwise_g_s"]),
    st.integers(2, 5),
)
def test_a_chip_that_is_faster_in_one_way_is_never_dearer(op: Op, chip: Chip, attribute: str, factor: int) -> None:
    changed: dict[str, Any] = {attribute: getattr(chip, attribute) * factor}
    assert cost_us(op, dataclasses.replace(chip, **changed)) <= cost_us(op, chip)


@given(st.lists(ops, max_size=4), chip_of)
def test_each_operation_has_its_cost_in_order(several: list[Op], chip: Chip) -> None:
    costs = op_costs(Graph((), tuple(several), ()), chip)
    assert [cost.op for cost in costs] == several


def test_channels_are_padded_to_a_multiple_of_16() -> None:
    costs = [cost_us(conv(64, out_channels, kernel=5)) for out_channels in (16, 17, 31, 32, 33)]
    assert costs[0] < costs[1] == costs[2] == costs[3] < costs[4]
    assert costs[3] == pytest.approx(2 * costs[0])


def test_places_are_padded_to_a_multiple_of_32() -> None:
    costs = [cost_us(conv(64, 64, size=size, kernel=9)) for size in ((31, 32), (30, 33), (32, 31), (32, 32), (33, 32))]
    assert costs[0] == costs[1] == costs[2] < costs[3] < costs[4]


@pytest.mark.parametrize(
    ("op", "bound"),
    [
        (conv(64, 64), "compute"),
        (conv(512, 512, size=(2, 2)), "weights"),  # 4 places cannot hide 5 MB of filters
        (linear(4096, 4096), "weights"),
        (elementwise("add", 2), "activations"),
        (conv(16, 16, size=(64, 64), kernel=1), "activations"),
    ],
)
def test_a_cost_says_what_it_is_bound_by(op: Op, bound: str) -> None:
    (cost,) = op_costs(Graph(op.inputs, (op,), op.outputs), m4)
    assert cost.bound == bound


def test_a_larger_kernel_is_dearer_and_depthwise_is_dearer_than_its_macs() -> None:
    small, large = (conv(64, 64, size=(14, 14), groups=64, kernel=kernel) for kernel in (3, 7))
    assert cost_us(small) < cost_us(large)
    small = conv(64, 64, groups=64)
    dense = conv(64, 64, kernel=1)
    assert cost_us(small) / small.macs > cost_us(dense) / dense.macs


@pytest.mark.parametrize("chip", chips().values(), ids=lambda chip: chip.name)
def test_dense_convolutions_stay_below_the_peak(chip: Chip) -> None:
    op = conv(256, 256, size=(64, 64), kernel=1)
    assert 2 * op.macs / cost_us(op, chip) / 1e6 <= 0.9 * chip.peak_tflops * (1 + 1e-9)


@pytest.mark.parametrize("chip", chips().values(), ids=lambda chip: chip.name)
def test_the_roof_is_what_the_fastest_operations_reach(chip: Chip) -> None:
    tera, bandwidth = roof(chip)
    fastest = [conv(256, 256, size=(64, 64), kernel=kernel) for kernel in (1, 3)]
    assert max(2e-6 * op.macs / cost_us(op, chip) for op in fastest) == pytest.approx(tera)
    heavy = linear(8192, 8192)
    assert 1e-3 * heavy.weight_bytes / cost_us(heavy, chip) == pytest.approx(bandwidth)
    assert 0.5 * chip.peak_tflops < tera < 3 * chip.peak_tflops


def test_a_3x3_with_stride_1_takes_the_credit_of_winograd() -> None:
    plain = conv(256, 256, size=(64, 64))
    strided = dataclasses.replace(plain, attributes={"groups": 1, "stride": (2, 2)})
    assert 1 < cost_us(strided) / cost_us(plain) < 2.25


def test_weights_take_as_long_as_they_stream() -> None:
    once, twice = linear(4096, 4096), linear(4096, 8192)
    assert cost_us(twice) / cost_us(once) == pytest.approx(twice.weight_bytes / once.weight_bytes)


def test_two_inputs_are_dearer_than_one() -> None:
    assert cost_us(elementwise("mul", 1)) < cost_us(elementwise("mul", 2))


@pytest.mark.parametrize("kind", ["relu", "clip", "gelu", "sigmoid_hard", "thresholded_relu"])
@pytest.mark.parametrize("first", [conv(16, 16), elementwise("add", 2), elementwise("mul", 2)], ids=lambda op: op.kind)
def test_an_activation_is_free_behind_a_task_that_can_apply_it(kind: str, first: Op) -> None:
    activation = Op("a", kind, first.outputs, (Tensor("z", first.outputs[0].shape),))
    _, behind = op_costs(Graph((), (first, activation), ()), m4)
    (alone,) = op_costs(Graph((), (activation,), ()), m4)
    assert (behind.us, behind.bound) == (0, "fused")
    assert alone.us > 0
    assert alone.bound == "activations"


def test_an_activation_behind_a_pooling_is_not_free() -> None:
    pooled = elementwise("avg_pool")
    activation = Op("relu", "relu", pooled.outputs, (Tensor("z", (1, 64, 32, 32)),))
    assert all(cost.us > 0 for cost in op_costs(Graph((), (pooled, activation), ()), m4))


def test_silu_multiplies_two_tensors_and_is_not_free() -> None:
    convolution = conv(16, 16)
    silu = Op("a", "silu", convolution.outputs, (Tensor("z", (1, 16, 32, 32)),))
    assert op_costs(Graph((), (convolution, silu), ()), m4)[1].us > 0


@pytest.mark.parametrize("kind", ["mul", "add", "batch_norm"])
@pytest.mark.parametrize(("constant", "free"), [((16, 1, 1), True), ((16, 32, 32), False)])
def test_one_constant_a_channel_is_free_behind_a_convolution(kind: str, constant: tuple[int, ...], free: bool) -> None:
    convolution, z = conv(16, 16), Tensor("z", (1, 16, 32, 32))
    scale = Op("s", kind, convolution.outputs, (z,), (Tensor("constant", constant),))
    relu = Op("r", "relu", (z,), (Tensor("r", (1, 16, 32, 32)),))
    costs = op_costs(Graph((), (convolution, scale, relu), ()), m4)
    behind_a_task = free or kind != "batch_norm"
    assert [cost.us == 0 for cost in costs] == [False, free, behind_a_task]


def chain(kinds: list[str], columns: int, *, residual: bool = False) -> Graph:
    """Operations one after another, with an addition of the first one's input behind them if `residual`."""
    tensors = [Tensor(f"t{i}", (1, 64, 128, columns)) for i in range(len(kinds) + 2)]
    ops = [Op(f"{kind}{i}", kind, (tensors[i],), (tensors[i + 1],)) for i, kind in enumerate(kinds)]
    if residual:
        ops.append(Op("sum", "add", (tensors[-2], tensors[0]), (tensors[-1],)))
    return Graph((tensors[0],), tuple(ops), ())


def moved(graph: Graph, chip: Chip) -> list[float]:
    """MiB that each operation moves to and from memory."""
    amounts = [dict(work).get("memory", (("memory", 0.0),)) for work in graph_work(graph, chip)]
    return [round(amount / 2**20, 1) for ((_, amount),) in amounts]


def test_without_tiling_every_tensor_that_does_not_fit_on_the_chip_goes_through_memory() -> None:
    chip, kinds = get_chip("A15@ios16"), ["max_pool", "softmax", "max_pool"]
    assert moved(chain(kinds, 128), chip) == [0, 0, 0]  # 2 MiB
    assert moved(chain(kinds, 256), chip) == [8, 8, 8]
    (within,), (beyond,) = (op_costs(chain(["softmax"], columns), chip) for columns in (128, 256))
    assert (within.bound, beyond.bound) == ("activations", "memory")


def test_with_tiling_what_outlives_its_chain_goes_through_memory() -> None:
    chip = get_chip("A15@ios17")
    tiled = ["max_pool", "max_pool", "max_pool"]
    assert moved(chain(tiled, 256), chip) == [0, 0, 0]
    # Written once and read twice: by the chain, and by the addition behind it.
    assert moved(chain(tiled, 256, residual=True), chip) == [8, 0, 0, 4]
    assert moved(chain(tiled, 128, residual=True), chip) == [0, 0, 0, 0]
    # What needs all of its input at once is in no chain.
    assert moved(chain(["max_pool", "transpose", "max_pool"], 256), chip) == [0, 8, 8]


def test_a_view_is_the_tensor_that_it_shows() -> None:
    x, view, y, z = (Tensor(name, (1, 64, 128, 256)) for name in "xvyz")
    ops = (Op("v", "reshape", (x,), (view,)), Op("y", "relu", (view,), (y,)), Op("z", "add", (x, y), (z,)))
    assert moved(Graph((x,), ops, (z,)), get_chip("A15")) == [0, 8, 4]


@given(st.sampled_from(["add", "softmax", "reduce_mean"]), st.integers(1, 400), st.integers(1, 400), sizes, chip_of)
def test_more_elements_are_never_cheaper(kind: str, fewer: int, more: int, size: tuple[int, int], chip: Chip) -> None:
    fewer, more = sorted((fewer, more))
    costs = [cost_us(elementwise(kind, 2, (1, channels, *size)), chip) for channels in (fewer, more)]
    assert costs[0] <= costs[1]


@given(st.lists(ops, max_size=4), st.randoms(), chip_of)
def test_the_order_of_independent_operations_does_not_matter(several: list[Op], random: Random, chip: Chip) -> None:
    apart = [
        dataclasses.replace(op, inputs=tuple(dataclasses.replace(t, name=f"{i}{t.name}") for t in op.inputs))
        for i, op in enumerate(several)
    ]
    shuffled = random.sample(apart, len(apart))
    costs, others = (op_costs(Graph((), tuple(order), ()), chip) for order in (apart, shuffled))
    assert sorted(cost.us for cost in costs) == sorted(cost.us for cost in others)


@pytest.mark.parametrize("kind", ["reshape", "classify", "expand_dims"])
def test_what_moves_nothing_is_free(kind: str) -> None:
    assert cost_us(elementwise(kind)) == 0


@pytest.mark.parametrize(
    ("out", "filters", "groups", "size", "compute", "reads"),
    [
        # Dense ones pay for 16 channels and 32 places at a time, and read their input once for every 256 channels.
        (16, (16, 32, 1, 1), 1, 8, ("dense", 16 * 32 * 64), 1),
        (17, (17, 32, 1, 1), 1, 8, ("dense", 32 * 32 * 64), 1),
        (256, (256, 32, 1, 1), 1, 8, ("dense", 256 * 32 * 64), 1),
        (257, (257, 32, 1, 1), 1, 8, ("dense", 272 * 32 * 64), 2),
        (512, (512, 32, 1, 1), 1, 8, ("dense", 512 * 32 * 64), 2),
        (513, (513, 32, 1, 1), 1, 8, ("dense", 528 * 32 * 64), 3),
        (16, (16, 32, 1, 1), 1, 5, ("dense", 16 * 32 * 32), 1),
        (16, (16, 32, 3, 3), 1, 8, ("winograd", 16 * 32 * 64 * 9), 1),
        (16, (16, 32, 5, 5), 1, 8, ("dense", 16 * 32 * 64 * 25), 1),
        # One filter a channel is depthwise; each group of several is padded.
        (32, (32, 1, 3, 3), 32, 8, ("depthwise", 32 * 64 * 9), 1),
        (32, (32, 16, 3, 3), 2, 8, ("dense", 32 * 16 * 64 * 9), 1),
        (32, (32, 4, 3, 3), 8, 8, ("dense", 16 * 8 * 4 * 64 * 9), 1),
    ],
)
def test_a_convolution_pays_for_what_the_engine_computes(
    out: int, filters: tuple[int, ...], groups: int, size: int, compute: tuple[str, int], reads: int
) -> None:
    x, y = Tensor("x", (1, 32, size, size)), Tensor("y", (1, out, size, size))
    op = Op("c", "conv", (x,), (y,), (Tensor("w", filters),), {"groups": groups})
    [work] = graph_work(Graph((x,), (op,), (y,)))
    assert work["compute"] == (compute,)
    assert work["activations"] == (("traffic", 32 * size**2 * reads + out * size**2),)


def test_a_convolution_of_series_is_one_of_images_of_a_row() -> None:
    """Its filters have an axis less."""
    x, y = Tensor("x", (1, 32, 64)), Tensor("y", (1, 64, 64))
    row, of_row = Tensor("x", (1, 32, 1, 64)), Tensor("y", (1, 64, 1, 64))
    series = Op("c", "conv", (x,), (y,), (Tensor("w", (64, 32, 3)),), {"groups": 1})
    image = Op("c", "conv", (row,), (of_row,), (Tensor("w", (64, 32, 1, 3)),), {"groups": 1})
    found, expected = (graph_work(Graph(op.inputs, (op,), op.outputs)) for op in (series, image))
    assert found == expected and "compute" in expected[0]


@pytest.mark.parametrize("chip", chips().values(), ids=lambda chip: chip.name)
def test_dense_convolutions_reach_nine_tenths_of_the_peak_and_each_accumulation_is_two_operations(chip: Chip) -> None:
    """As chains of them were measured to: 10.83 of 12.0 TFLOPS on the M1, 18.77 of 19.4 on the M4 (FT, 751K)."""
    assert chip_rates(chip, calibration())["dense"] == pytest.approx(0.9 * chip.peak_tflops * 1e12 / 2 / 1e6)


@pytest.mark.parametrize("groups", [1, 2, 8, 32])
def test_a_transposed_convolution_computes_as_much_as_one_of_the_same_groups(groups: int) -> None:
    x, y = Tensor("x", (1, 32, 8, 8)), Tensor("y", (1, 64, 8, 8))
    # The axes of its filters are turned around: inputs, then outputs of a group.
    plain = Op("c", "conv", (x,), (y,), (Tensor("w", (64, 32 // groups, 5, 5)),), {"groups": groups})
    turned = Op("c", "conv_transpose", (x,), (y,), (Tensor("w", (32, 64 // groups, 5, 5)),), {"groups": groups})
    [expected], [work] = (graph_work(Graph((x,), (op,), (y,))) for op in (plain, turned))
    assert work["compute"] == expected["compute"]

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable

import pytest
import torch
from torch import nn

from anenas._errors import AnenasError
from anenas.ane import check, get_chip, placement, program_cost
from anenas.blocks import Block, register
from anenas.graph import all_weight_formats
from anenas.network import architecture_cost, architecture_graph
from anenas.network._graph import _head_graph, _stage_graph
from anenas.space import Architecture, load_space

PARTS = "mbconv_r2_s2_c32_k3_e4_se_relu-mobileone_r1_s1_c48_k5_b2_silu"
ARCHITECTURE = Architecture.parse(f"1x1x32x32-conv_r1_s2_c16_k3_relu-{PARTS}-head_c64_relu_n10")


def forget() -> None:
    _stage_graph.cache_clear()
    _head_graph.cache_clear()


def test_a_graph_goes_from_an_image_to_probabilities() -> None:
    graph = architecture_graph(ARCHITECTURE)
    assert [(t.shape, t.dtype) for t in graph.inputs] == [((1, 1, 32, 32), "fp32")]
    assert [(t.shape, t.dtype) for t in graph.outputs] == [((1, 10), "fp32")]
    assert [op.kind for op in graph.ops[:3]] == ["cast", "mul", "add"]
    assert [op.kind for op in graph.ops[-3:]] == ["reshape", "softmax", "cast"]


def test_what_is_shipped_is_counted_and_not_the_branches_of_training() -> None:
    one, four = (
        architecture_graph(Architecture.parse(f"1x1x32x32-mobileone_r1_s2_c16_k3_b{branches}_relu-head_n10"))
        for branches in (1, 4)
    )
    assert one == four


def test_the_macs_of_a_network_are_those_counted_by_hand() -> None:
    graph = architecture_graph(Architecture.parse("1x1x32x32-conv_r1_s2_c16_k3_relu-dsconv_r1_s1_c32_k5_relu-head_n10"))
    stem, depthwise, pointwise, classifier = 16 * 9 * 256, 16 * 25 * 256, 32 * 16 * 256, 32 * 10
    assert graph.macs == stem + depthwise + pointwise + classifier
    assert graph.parameters == (16 * 9 + 16) + (16 * 25 + 16) + (32 * 16 + 32) + (32 * 10 + 10)


def test_a_graph_is_the_same_whether_its_parts_are_remembered_or_not() -> None:
    forget()
    cold = architecture_graph(ARCHITECTURE)
    assert architecture_graph(ARCHITECTURE) == cold
    forget()
    assert architecture_graph(ARCHITECTURE) == cold


def test_parts_that_were_met_before_are_not_traced_again() -> None:
    architecture_graph(ARCHITECTURE)
    traced = _stage_graph.cache_info().misses
    architecture_graph(Architecture.parse(str(ARCHITECTURE).replace("c64_relu", "c128_relu")))
    assert _stage_graph.cache_info().misses == traced


def test_a_batch_multiplies_the_work_and_not_the_weights() -> None:
    batch = architecture_graph(Architecture.parse(str(ARCHITECTURE).replace("1x1x32x32", "4x1x32x32")))
    single = architecture_graph(ARCHITECTURE)
    assert (batch.macs, batch.weight_bytes) == (4 * single.macs, single.weight_bytes)


def test_asking_for_a_graph_does_not_disturb_random_numbers() -> None:
    forget()
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    architecture_graph(ARCHITECTURE)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("seed", range(8))
def test_the_sum_of_the_parts_is_what_the_whole_graph_costs(seed: int) -> None:
    architecture, chip = load_space("mobile_cnn").sample(random.Random(seed)), get_chip("A14")
    parts, whole = architecture_cost(architecture, chip), program_cost(architecture_graph(architecture), chip)
    assert parts.us == pytest.approx(whole.us)
    names = ("macs", "weight_bytes", "params", "operations", "convolutions", "engine_segments", "residency", "problems")
    assert [getattr(parts, name) for name in names] == [getattr(whole, name) for name in names]


SERIES = "1x6x1x32-tcn_r1_s1_c16_k3_d1_relu-{}-head_last_n7"
RESIDENT = ["min_gru_r2_s2_c32", "sru_r1_s1_c32_bi_res", "qrnn_r1_s1_c32_k3", "unrolled_gru_r1_s2_c16"]
ISLANDS = {"lstm_r1_s1_c32": "lstm", "gru_r1_s1_c32_bi": "while_loop"}


@pytest.mark.parametrize("stage", RESIDENT)
def test_scanned_and_unrolled_recurrences_stay_on_the_engine(stage: str) -> None:
    architecture, chip = Architecture.parse(SERIES.format(stage)), get_chip("A15")
    cost = architecture_cost(architecture, chip)
    assert cost.problems == () and cost.residency == 1 and cost.engine_segments == 1
    assert all(placed.on_engine for placed in placement(architecture_graph(architecture), chip))


@pytest.mark.parametrize(("stage", "kind"), ISLANDS.items())
def test_torchs_recurrences_leave_the_engine_and_are_costed_there(stage: str, kind: str) -> None:
    architecture, chip = Architecture.parse(SERIES.format(stage)), get_chip("A15")
    graph = architecture_graph(architecture)
    left = [placed for placed in placement(graph, chip) if placed.op.kind == kind]
    assert left and all(f"{kind} never runs on the engine" in placed.why and placed.us > 0 for placed in left)
    assert {finding.op for finding in check(graph, chip) if finding.rule == "recurrent"} == {p.op.name for p in left}
    # A space that offers it wants it all the same: what it costs is counted, and it is not turned down.
    cost = architecture_cost(architecture, chip)
    assert cost.problems == () and cost.residency < 1
    assert cost.us == pytest.approx(program_cost(graph, chip).us)


def test_a_loop_costs_what_its_steps_multiply() -> None:
    gru, lstm, min_gru = (
        architecture_graph(Architecture.parse(SERIES.format(f"{kind}_r1_s1_c32"))).macs
        for kind in ("gru", "lstm", "min_gru")
    )
    rest = min_gru - 32 * 2 * 32 * 16
    assert gru - rest == 32 * 3 * 32 * (16 + 32)
    assert lstm - rest == pytest.approx(32 * 4 * 32 * (16 + 32), rel=0.02)  # its first state counts as a matrix


@pytest.mark.parametrize("form", all_weight_formats())
def test_costs_add_up_in_every_form(form: str) -> None:
    chip, architecture = get_chip("A17 Pro"), dataclasses.replace(ARCHITECTURE, form=form)
    cost, whole = architecture_cost(architecture, chip), program_cost(architecture_graph(architecture), chip)
    assert (cost.weight_bytes, cost.operations, cost.macs) == (whole.weight_bytes, whole.operations, whole.macs)
    assert cost.us == pytest.approx(whole.us)
    if form != "fp16":
        assert cost.weight_bytes < architecture_cost(ARCHITECTURE, chip).weight_bytes


class _Falling(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.view(-1, 7)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (lambda: _Falling(), r"fails on 1×16×8×8: RuntimeError: .*shape.* \(test_graph.py:\d+\)$"),
        (lambda: nn.Conv2d(8, 16, 1), r"fails on 1×16×8×8: RuntimeError: "),
        (lambda: 1 / 0, r"fails on 1×16×8×8: ZeroDivisionError: division by zero \(test_graph.py:\d+\)$"),
        (lambda: nn.Conv2d(16, 16, 3), r"turns 1×16×8×8 into 1×16×6×6; .* promise 1×16×8×8$"),
    ],
)
@pytest.mark.usefixtures("forget_plugins")
def test_a_block_that_breaks_its_promise_is_named(module: Callable[[], nn.Module], message: str) -> None:
    @register
    class Broken(Block):
        kind = "broken"

        def build(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
            return module()

    architecture = Architecture.parse("1x3x16x16-conv_r1_s2_c16_k3_relu-broken_r1_s1_c16-head_n3")
    for estimate in (architecture_graph, lambda one: architecture_cost(one, get_chip("A15"))):
        with pytest.raises(AnenasError, match=f"^block broken {message}"):
            estimate(architecture)

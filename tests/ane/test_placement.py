from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anenas.ane import get_chip, placement, program_cost
from anenas.graph import Graph, Op, Tensor

a15 = get_chip("A15")
x = Tensor("x", (1, 256, 32, 32))
KINDS = ("conv", "relu", "cumsum", "lstm", "classify", "reshape")


def row(*kinds: str) -> Graph:
    """Convolutions take 1.6 ms on the CPU, everything else little."""
    ops: list[Op] = []
    for i, kind in enumerate(kinds):
        weights = (Tensor(f"w{i}", (256, 256, 3, 3)),) if kind == "conv" else ()
        before = ops[-1].outputs[0] if ops else x
        ops.append(Op(f"op{i}", kind, (before,), (Tensor(f"t{i}", x.shape),), weights))
    return Graph((x,), tuple(ops), ops[-1].outputs if ops else (x,))


def test_what_leaves_the_engine_says_why() -> None:
    placed = placement(row("conv", "cumsum", "lstm", "classify"), a15)
    assert [one.on_engine for one in placed] == [True, False, False, False]
    assert [one.op.name for one in placed] == ["op0", "op1", "op2", "op3"]
    assert placed[0].why == ""
    assert "cumsum never runs on the engine" in placed[1].why
    assert "lstm never runs on the engine" in placed[2].why
    assert "classify" in placed[3].why


def test_an_island_of_too_little_work_stays_on_the_cpu_with_its_neighbours() -> None:
    placed = placement(row("conv", "cumsum", "relu", "cumsum", "conv"), a15)
    assert [one.on_engine for one in placed] == [True, False, False, False, True]
    assert "too little work" in placed[2].why
    assert [one.bound for one in placed[1:4]] == ["cpu"] * 3


def test_a_program_that_the_engine_can_run_whole_counts_as_run_there_however_small() -> None:
    assert all(one.on_engine for one in placement(row("relu"), a15))


def test_the_chip_decides() -> None:
    for chip, expected in (("A14", False), ("A16", True)):
        assert placement(row("sin"), get_chip(chip))[0].on_engine is expected


def test_an_operation_that_is_not_known_is_taken_to_run() -> None:
    assert placement(row("erfinv"), a15)[0].on_engine


@pytest.mark.parametrize(
    ("kinds", "segments", "switching_us"),
    [
        (["relu", "relu"], 1, 0),
        (["conv", "cumsum", "conv"], 2, 375),  # two changes, one launch more
        (["cumsum", "conv", "cumsum"], 1, 250),
        (["conv", "cumsum"], 1, 125),
        (["conv", "classify"], 1, 0),  # after the engine has answered
        (["cumsum"], 0, 0),
        ([], 0, 0),
    ],
)
def test_launches_and_changes_of_unit_are_counted(kinds: list[str], segments: int, switching_us: float) -> None:
    cost = program_cost(row(*kinds), a15)
    assert (cost.engine_segments, cost.switching_us) == (segments, switching_us)


def test_residency_is_the_share_of_time_and_of_multiply_accumulates_on_the_engine() -> None:
    cost = program_cost(row("conv", "cumsum"), a15)
    conv, cumsum = placement(row("conv", "cumsum"), a15)
    assert cost.residency == pytest.approx(conv.us / (conv.us + cumsum.us))
    assert cost.mac_residency == 1
    assert program_cost(row("cumsum"), a15).residency == 0
    assert program_cost(row("relu"), a15).residency == 1
    assert program_cost(row(), a15).residency == 1


@given(st.lists(st.sampled_from(KINDS), max_size=12), st.integers(0, 12))
def test_parts_add_up_to_the_whole(kinds: list[str], cut: int) -> None:
    """Fusion apart, which only looks back over a convolution: no activation stands at the seam."""
    if cut < len(kinds) and kinds[cut] == "relu":
        kinds[cut] = "reshape"
    whole = program_cost(row(*kinds), a15)
    parts = program_cost(row(*kinds[:cut]), a15) + program_cost(row(*kinds[cut:]), a15)
    assert parts.us == pytest.approx(whole.us)
    assert (parts.engine_segments, parts.macs, parts.weight_bytes) == (
        whole.engine_segments,
        whole.macs,
        whole.weight_bytes,
    )
    assert parts.residency == pytest.approx(whole.residency)
    assert len(parts.problems) == len(whole.problems)


@given(st.lists(st.sampled_from(KINDS), max_size=12))
def test_the_cost_is_the_sum_of_what_each_operation_takes_where_it_is_placed(kinds: list[str]) -> None:
    graph = row(*kinds)
    cost = program_cost(graph, a15)
    assert cost.us == pytest.approx(sum(one.us for one in placement(graph, a15)) + cost.switching_us)

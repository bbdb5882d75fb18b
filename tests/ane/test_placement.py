from __future__ import annotations

import pytest

from anenas.ane import get_chip, op_support, placement, segments
from anenas.graph import Graph, Op, Tensor

a15 = get_chip("A15")


def row(*kinds: str) -> Graph:
    x = Tensor("x", (1, 16, 8, 8))
    ops = tuple(Op(f"op{i}", kind, (x,), (x,)) for i, kind in enumerate(kinds))
    return Graph((x,), ops, (x,))


def test_what_leaves_the_engine_says_why() -> None:
    placed = placement(row("relu", "cumsum", "lstm", "classify"), a15)
    assert [one.on_engine for one in placed] == [True, False, False, False]
    assert [one.op.name for one in placed] == ["op0", "op1", "op2", "op3"]
    assert placed[0].why == ""
    assert "cumsum never runs on the engine" in placed[1].why
    assert "lstm never runs on the engine" in placed[2].why
    assert "classify" in placed[3].why


def test_the_chip_decides() -> None:
    for chip, expected in (("A14", False), ("A16", True)):
        assert placement(row("sin"), get_chip(chip))[0].on_engine is expected


def test_an_operation_that_is_not_known_is_taken_to_run() -> None:
    assert placement(row("erfinv"), a15)[0].on_engine


@pytest.mark.parametrize(
    ("kinds", "count"),
    [
        (["relu", "relu"], 1),
        (["relu", "cumsum", "relu"], 2),
        (["cumsum", "relu", "cumsum"], 1),
        (["relu", "classify"], 1),
        (["cumsum"], 0),
    ],
)
def test_segments_are_stretches_on_the_engine(kinds: list[str], count: int) -> None:
    assert segments(placement(row(*kinds), a15)) == count


def test_the_table_of_operations_is_well_formed() -> None:
    table = op_support()
    assert len(table) > 150
    assert {entry.on_engine for entry in table.values()} == {"yes", "conditional", "unclear", "host", "no"}
    assert all(entry.source for entry in table.values())
    assert all(entry.condition for entry in table.values() if entry.on_engine in ("conditional", "unclear", "host"))
    assert {table[kind].on_engine for kind in ("conv", "relu", "add", "reshape", "softmax")} == {"yes"}

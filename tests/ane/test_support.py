from __future__ import annotations

import pytest

from anenas.ane import get_chip, op_support
from anenas.ane._support import RECURRENT, host_reason, rejection


def test_the_table_of_operations_is_well_formed() -> None:
    table = op_support()
    assert len(table) > 150
    assert {entry.on_engine for entry in table.values()} == {"yes", "conditional", "unclear", "host", "no"}
    assert all(entry.source for entry in table.values())
    assert all(entry.condition for entry in table.values() if entry.on_engine in ("conditional", "unclear", "host"))
    assert {table[kind].on_engine for kind in ("conv", "relu", "add", "reshape", "softmax")} == {"yes"}


def test_an_operation_is_known_as_it_stands_in_the_table() -> None:
    topk, multiply, cumulative = (op_support()[kind] for kind in ("topk", "mul", "cumsum"))
    assert (topk.on_engine, topk.since, topk.rules) == ("conditional", 14, ("topk",))
    assert topk.condition == "6 to 10 ms on M4 although estimated at 0.03 ms"
    assert (multiply.on_engine, multiply.since, multiply.rules) == ("yes", 0, ("int32",))
    assert (cumulative.on_engine, cumulative.source) == ("no", "751K + ane-guide + aneforge")
    assert op_support()["abs"].rules == ()


def test_generations_and_rules_are_ones_that_there_are() -> None:
    assert {support.since for support in op_support().values()} <= {0, *range(11, 20)}
    assert not any("+" in rule or " " in rule for support in op_support().values() for rule in support.rules)


@pytest.mark.parametrize(
    ("kind", "chip", "why"),
    [
        ("relu", "A12", None),
        ("erfinv", "A12", None),  # nothing is known about it
        ("classify", "A12", None),
        ("atan", "A12", None),
        ("band_part", "M6", "band_part never runs on the engine: Core ML on M4 rejects it"),
        ("acosh", "M6", "acosh never runs on the engine"),
        ("topk", "A14", "topk does not run on the engine of A14, only on newer ones"),
        ("topk", "A15", None),
        ("sin", "M2", "sin does not run on the engine of M2, only on newer ones"),
        ("sin", "M3", None),
        ("sin", "A17 Pro", None),
    ],
)
def test_an_operation_that_the_engine_does_not_run_says_why(kind: str, chip: str, why: str | None) -> None:
    assert rejection(kind, get_chip(chip)) == why


def test_what_runs_after_the_engine_says_why() -> None:
    assert host_reason("classify") == "classify looks a label up once the engine has answered"
    assert [host_reason(kind) for kind in ("relu", "cumsum", "atan", "erfinv")] == [""] * 4


def test_recurrent_operations_never_run() -> None:
    assert {op_support()[kind].on_engine for kind in RECURRENT} == {"no"}
    assert {op_support()[kind].rules for kind in RECURRENT} == {("recurrent",)}

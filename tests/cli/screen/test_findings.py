from __future__ import annotations

from collections.abc import Callable

from anenas.ane import Finding, Placement, Rule
from anenas.cli.screen import print_findings, print_rules
from anenas.graph import Op, Tensor

x = Tensor("x", (1, 16, 8, 8))
PLACED = [
    Placement(Op("c", "conv", (x,), (x,)), True, "", 1.0, "compute"),
    Placement(Op("s", "cumsum", (x,), (x,)), False, "cumsum never runs on the engine", 2.0, "cpu"),
]


def test_each_rule_is_a_paragraph_that_names_three_and_counts_the_rest(shown: Callable[..., list[str]]) -> None:
    kernels = [Finding("kernel", "error", f"conv_{i}", f"a kernel of {i}", f"use {i}") for i in range(8)]
    tiny = Finding("tiny", "warning", "", "it is small", "make it larger")
    assert shown(print_findings, "m.mlpackage", "A15", [*kernels, tiny], PLACED, 2) == [
        "m.mlpackage on A15",
        "1 of 2 operations run on the Neural Engine, as far as is known, in 2 segments",
        "error kernel",
        "conv_0: a kernel of 0",
        "conv_1: a kernel of 1",
        "conv_2: a kernel of 2",
        "also conv_3, conv_4, conv_5 and 2 more",
        "→ use 0, and so on",
        "warning tiny",
        "it is small",
        "→ make it larger",
        "8 errors, 1 warning, 0 facts; `anenas check --list-rules` has the evidence",
    ]


def test_nothing_found_is_counted_as_nothing(shown: Callable[..., list[str]]) -> None:
    assert shown(print_findings, "m", "A15", [], PLACED[:1], 1) == [
        "m on A15",
        "1 of 1 operations run on the Neural Engine, as far as is known",
        "0 errors, 0 warnings, 0 facts; `anenas check --list-rules` has the evidence",
    ]


def test_a_rule_is_shown_with_its_guideline_and_evidence(shown: Callable[..., list[str]]) -> None:
    rule = Rule("kernel", "error", "kernels up to 16", "a paper [1]", lambda graph, chip: ())
    assert shown(print_rules, [rule]) == ["kernel error", "guideline kernels up to 16", "a paper [1]"]

from __future__ import annotations

import pytest

from anenas.ane import check, get_chip
from anenas.graph import Graph, Op, Tensor

a15 = get_chip("A15")


def graph_of(kind: str, shape: tuple[int, ...], kernel: tuple[int, ...] = ()) -> Graph:
    x, y = Tensor("x", (1, 16, 8, 8)), Tensor("y", shape)
    weights = (Tensor("w", (16, 16, *kernel)),) if kernel else ()
    return Graph((x,), (Op("op", kind, (x,), (y,), weights),), (y,))


def rules(graph: Graph, chip: str = "A15") -> list[tuple[str, str, str]]:
    return [(finding.rule, finding.severity, finding.op) for finding in check(graph, get_chip(chip))]


@pytest.mark.parametrize(
    ("graph", "rule", "severity"),
    [
        (graph_of("reshape", (1, 2, 2, 2, 2, 2)), "rank", "error"),
        (graph_of("resize", (1, 16, 16_385, 8)), "dimension", "error"),
        (graph_of("resize", (1, 65_537, 8, 8)), "dimension", "error"),
        (graph_of("conv", (1, 16, 8, 8), (30, 3)), "kernel", "error"),
        (graph_of("conv", (1, 16, 8, 8), (3, 14)), "kernel", "error"),
        (graph_of("conv", (1, 16, 8, 8), (3, 9)), "kernel", "warning"),
        (graph_of("lstm", (1, 16, 8, 8)), "off-engine", "error"),
        (graph_of("cumsum", (1, 16, 8, 8)), "off-engine", "error"),
    ],
)
def test_a_broken_rule_is_found_at_its_operation(graph: Graph, rule: str, severity: str) -> None:
    assert rules(graph) == [(rule, severity, "op")]


@pytest.mark.parametrize(
    "graph",
    [
        graph_of("reshape", (1, 2, 2, 2, 2)),
        graph_of("resize", (1, 16, 16_384, 8)),
        graph_of("resize", (1, 65_536, 8, 8)),
        graph_of("conv", (1, 16, 8, 8), (29, 8)),
        graph_of("relu", (1, 16, 8, 8)),
    ],
)
def test_nothing_is_found_up_to_the_limit(graph: Graph) -> None:
    assert rules(graph) == []


def test_newer_chips_take_larger_images() -> None:
    graph = graph_of("resize", (1, 16, 20_000, 8))
    assert (rules(graph, "A15"), rules(graph, "A17")) == ([("dimension", "error", "op")], [])


def test_a_batch_that_is_no_power_of_two_is_found_at_the_program() -> None:
    x = Tensor("x", (3, 16, 8, 8))
    assert rules(Graph((x,), (), (x,))) == [("batch", "error", "")]


def test_a_finding_says_what_is_wrong_and_how_to_mend_it() -> None:
    (finding,) = check(graph_of("lstm", (1, 16, 8, 8)), a15)
    assert finding.is_error
    assert (finding.message, finding.fix) == ("lstm never runs on the engine", "replace it")
    (finding,) = check(graph_of("conv", (1, 16, 8, 8), (3, 9)), a15)
    assert not finding.is_error

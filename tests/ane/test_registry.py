from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pytest

from anenas.ane import Finding, Severity, get_chip
from anenas.ane._registry import RULES, SEVERITIES, Problem, rule
from anenas.graph import Graph


@pytest.mark.parametrize("severity", get_args(Severity))
def test_only_what_is_an_error_is_one(severity: Severity) -> None:
    assert Finding("batch", severity, "", "3", "4").is_error is (severity == "error")


def test_errors_come_before_warnings_and_those_before_facts() -> None:
    assert SEVERITIES == ("error", "warning", "info")


def test_a_function_that_is_registered_is_a_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anenas.ane._registry.RULES", known := dict(RULES))

    @rule("empty", "warning", guideline="18: something is computed", evidence="It is on every chip.")
    def problems(graph: Graph, chip: object) -> Iterator[Problem]:
        if not graph.ops:
            yield "", "nothing is computed", "add a layer"

    assert list(known) == [*RULES, "empty"]
    added = known["empty"]
    assert (added.id, added.guideline, added.evidence) == ("empty", "18: something is computed", "It is on every chip.")
    assert added.problems is problems
    told = list(added.find(Graph((), (), ()), get_chip("A15")))
    assert told == [Finding("empty", "warning", "", "nothing is computed", "add a layer")]

"""What holds of all rules; the programs that break each are beside this file, in those of its family."""

from __future__ import annotations

import random
import re
import runpy
from pathlib import Path

import pytest
from rule_cases import Case, conv, one, row, small, tensor

from anenas.ane import Rule, check, get_chip, op_support, placement, rules
from anenas.graph import Graph, Op
from anenas.network import architecture_graph
from anenas.space import load_space

FAMILIES = {path.stem.removeprefix("test"): runpy.run_path(str(path))
            for path in sorted(Path(__file__).parent.glob("test_*_rules.py"))}  # fmt: skip
CASES: dict[str, list[Case]] = {rule: cases for family in FAMILIES.values() for rule, cases in family["CASES"].items()}


def test_the_cases_of_every_rule_are_in_the_tests_of_its_file() -> None:
    found = {rule: family for family, tests in FAMILIES.items() for rule in tests["CASES"]}
    assert found == {rule.id: rule.problems.__module__.removeprefix("anenas.ane.") for rule in rules()}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_a_finding_is_in_one_line_about_an_operation_of_the_program_or_the_whole(rule: Rule) -> None:
    for case in CASES[rule.id]:
        chip = get_chip(case.chip)
        found = list(rule.find(case.broken, chip))
        assert found == [finding for finding in check(case.broken, chip) if finding.rule == rule.id]
        names = {op.name for op in case.broken.ops} | {""}
        for finding in found:
            assert finding.op in names
            assert finding.message and finding.fix and "\n" not in finding.message
            assert finding.is_error == (finding.severity == "error")


@pytest.mark.parametrize("kind", [kind for kind, known in op_support().items() if known.condition])
def test_every_condition_of_the_table_of_operations_is_looked_at(kind: str) -> None:
    """By rules that find it, or by what the estimate or the placement counts."""
    told = op_support()[kind].rules
    assert told
    for name in set(told) - {"host", "cost", "none"}:
        cases = [case for case in CASES[name] if any(op.kind == kind for op in case.broken.ops)]
        cases = cases or [Case(one(kind, dtype="int32" if name == "int32" else "fp16"), small, "M1")]
        for case in cases:
            found = check(case.broken, get_chip(case.chip))
            assert any(finding.rule == name and kind in str(case.broken.ops) for finding in found), name


def test_every_rule_tells_its_guideline_and_evidence() -> None:
    for rule in rules():
        assert rule.id == rule.id.casefold().strip("-") and " " not in rule.id
        assert rule.guideline and rule.evidence.endswith((".", "it."))


def test_every_guideline_of_the_mission_has_a_rule() -> None:
    numbers = {int(n) for rule in rules() for n in re.findall(r"\b\d+", rule.guideline.split(":")[0])}
    assert numbers == set(range(1, 18))


@pytest.mark.parametrize(
    ("graph", "old", "new"),
    [
        (conv((3, 14)), "A14", "A15"),
        (one("resize"), "M1", "M2"),
        (one("relu", (1, 16, 20_000, 8)), "A16", "A17 Pro"),
        (one("sin"), "A15", "A16"),
        (one("slice_by_index", begin=(0, 0, 0, 2)), "A15", "A16"),
    ],
)
def test_newer_chips_take_more(graph: Graph, old: str, new: str) -> None:
    def broken(chip: str) -> set[str]:
        ignored = {"kernel-width", "not-validated"}
        return {f.rule for f in check(graph, get_chip(chip)) if f.severity != "info" and f.rule not in ignored}

    assert broken(new) < broken(old)


def test_errors_alone_can_be_asked_for() -> None:
    graph = one("cumsum")
    everything = check(graph, get_chip("A15"))
    assert check(graph, get_chip("A15"), only="error") == [finding for finding in everything if finding.is_error]


@pytest.mark.parametrize(
    "kind",
    ["conv", "linear", "matmul", "softmax", "transpose", "reshape", "max_pool", "gather", "batch_norm", "?"],
)
def test_of_a_malformed_program_only_what_is_certain_is_said(kind: str) -> None:
    x, nothing = tensor("x", ()), tensor("y", (0, 3))
    without_inputs = Graph((x,), (Op("op", kind, (), (x,)),), (x,))
    without_elements = Graph((x,), (Op("op", kind, (x,), (nothing,), (x,)),), (nothing,))
    unknown = ["unknown-op"] if kind == "?" else []
    for graph, expected in ((without_inputs, unknown), (without_elements, [*unknown, "size"])):
        assert [finding.rule for finding in check(graph, get_chip("A15"))] == [*expected, "not-validated"]
        (placed,) = placement(graph, get_chip("A15"))
        assert placed.on_engine and 0 <= placed.us < 1


def test_the_most_severe_findings_come_first() -> None:
    graph = row("conv", "topk", "cumsum", "erfinv", "batch_norm")
    ranks = [("error", "warning", "info").index(finding.severity) for finding in check(graph, get_chip("A15"))]
    assert ranks == sorted(ranks) and set(ranks) == {0, 1, 2}


def test_the_builtin_space_has_no_errors() -> None:
    space, chip = load_space("mobile_cnn"), get_chip("A15")
    graphs = [architecture_graph(space.sample(random.Random(seed), classes=10)) for seed in range(10)]
    assert not [finding for graph in graphs for finding in check(graph, chip) if finding.is_error]

from __future__ import annotations

import pytest
from rule_cases import Case, Shape, beside, changed, finds, found, of, one, row, says, small, tensor

from anenas.ane import check, get_chip, known_differences, rules
from anenas.ane._difference_rules import TOLD_BY, met_conditions
from anenas.graph import Graph

ROUNDINGS = ("floor", "ceil", "round")
PRODUCTS = ("mul", "real_div")


def pooled(size: Shape, kernel: Shape, stride: Shape, kind: str = "avg_pool", **settings: int) -> Graph:
    """A pooling without padding that rounds the number of its windows up."""
    graph = of(kind, (1, 1, *size), ceil_mode=1, **settings)
    return changed(graph, attributes={"kernel": kernel, "stride": stride})


def last(graph: Graph, **fields: object) -> Graph:
    """The same program of two operations with other fields of the last."""
    first, second = graph.ops
    [changed_second] = changed(Graph((), (second,), ()), **fields).ops
    return Graph(graph.inputs, (first, changed_second), graph.outputs)


def typed(graph: Graph, read: str, written: str) -> Graph:
    """The same program of one operation with other types."""
    [op] = graph.ops
    shapes = op.inputs[0].shape, op.outputs[0].shape
    return changed(graph, inputs=(tensor("x", shapes[0], read),), outputs=(tensor("y", shapes[1], written),))


overhang = pooled((7, 7), (2, 2), (2, 2))
scaled = row("floor", "mul")
image = (1, 3, 6, 8, 8)

CASES: dict[str, list[Case]] = {
    "does-not-compile": [
        Case(
            of("pad", image, pad=(0, 0, 0, 0, 1, 1, 0, 0, 0, 0), reflect=1),
            of("pad", image, pad=(0, 0, 0, 0, 1, 1, 1, 1), reflect=1),
        ),
        Case(of("pad", pad=(0, 0, 1, 1, 0, 0, 0, 0), replicate=1), of("pad", pad=(0, 0, 1, 1, 0, 0, 0, 0), constant=1)),
        Case(of("pad", pad=(0, 1, 0, 0, 0, 0), reflect=1), of("pad", pad=(0, 0, 1, 1, 1, 1), reflect=1)),
        Case(of("pad", pad=(1, 0, 0, 0, 0, 0), replicate=1), of("pad", pad=(1, 1, 1, 1), replicate=1)),
        Case(of("pad", pad=(1, 0, 0, 0, 0, 0), reflect=1), of("pad", pad=1, reflect=1)),
        Case(of("pad", pad=(1, 0, 0, 0, 0, 0), reflect=1), of("pad", reflect=1)),
        Case(one("matmul", dtype="int32"), one("matmul")),
        Case(typed(one("matmul"), "int8", "int32"), typed(one("matmul"), "int32", "fp32")),
        Case(one("matmul", dtype="int32"), changed(one("matmul", dtype="int32"), outputs=())),
        Case(one("matmul", dtype="int32"), one("mul", dtype="int32")),
    ],
    "differs-on-device": [
        # Windows of average pooling over the edge, by the axis that they stand over.
        Case(overhang, pooled((8, 8), (2, 2), (2, 2))),
        Case(pooled((7, 8), (2, 2), (2, 2)), pooled((7, 7), (3, 3), (2, 2))),
        Case(pooled((8, 7), (2, 2), (2, 2)), pooled((8, 9), (2, 3), (3, 2))),
        Case(pooled((9, 9), (2, 3), (3, 2)), pooled((5, 7), (5, 7), (4, 4))),
        Case(overhang, changed(overhang, settings={})),
        Case(overhang, changed(overhang, settings={"ceil_mode": 1, "exclude_padding_from_average": 1})),
        Case(overhang, changed(overhang, inputs=())),
        Case(overhang, pooled((7, 7), (2, 2), (2, 2), kind="max_pool")),
        # Padding may hang over, and so may what is not known.
        Case(
            pooled((8, 8), (2, 2), (2, 2), custom=1),
            pooled((7, 7), (2, 2), (2, 2), custom=1, exclude_padding_from_average=1),
        ),
        Case(changed(pooled((8, 8), (2, 2), (2, 2)), attributes={"stride": (2, 2)}), of("avg_pool", custom=1)),
        Case(changed(pooled((8, 8), (2, 2), (2, 2)), attributes={"kernel": (2, 2)}), of("avg_pool")),
        *[Case(of(kind, (1, 1, 7), same_lower=1), of(kind, same_lower=1)) for kind in ("avg_pool", "max_pool")],
        *[Case(of(kind, (1, 1, 7), same_lower=1), of(kind, (1, 1, 7))) for kind in ("avg_pool", "max_pool")],
        *[
            Case(one(kind), one(kind, dtype="fp32"))
            for kind in ("softplus", "softplus_parametric", "reduce_log_sum_exp", "round", "slice_update")
        ],
        # On the engine, which writes fp16, whatever is read.
        Case(typed(one("softplus"), "fp32", "fp16"), typed(one("softplus"), "fp16", "fp32")),
        Case(row("softmax", "log"), row("softmax", "exp")),
        Case(row("softmax", "log"), row("sigmoid", "log")),
        Case(row("softmax", "log"), one("log")),
        Case(row("softmax", "log"), row("log", "softmax")),
        Case(row("softmax", "log"), last(row("softmax", "log"), outputs=(tensor("t1", (1, 16, 8, 8), "fp32"),))),
        *[Case(row(kind, by), row(kind, "relu")) for kind in ("floor", "ceil") for by in PRODUCTS],
        *[Case(row(kind, "mul"), row("relu", "mul")) for kind in ("floor", "ceil")],
        Case(scaled, row("mul", "floor")),
        Case(scaled, last(scaled, inputs=scaled.ops[1].inputs * 2)),
        Case(scaled, last(scaled, inputs=())),
        Case(scaled, last(scaled, weights=(tensor("w", (1, 16, 8, 8)),))),
        Case(scaled, last(scaled, outputs=(tensor("t1", (1, 16, 8, 8), "fp32"),))),
        Case(of("gather_nd", computed_indices=1), of("gather_nd")),
        Case(of("gather_nd", dtype="fp32", computed_indices=1), of("gather", dtype="fp32", computed_indices=1)),
        Case(of("gather", negative_indices=1), of("gather")),
        Case(of("gather", dtype="fp32", negative_indices=1), of("gather_nd", dtype="fp32", negative_indices=1)),
        Case(one("matmul", (16,)), one("matmul")),
        Case(one("matmul", (16, 16), weight=(16,)), one("matmul", (16, 16), (16,), weight=(16, 16))),
        Case(one("matmul", (16,), dtype="fp32"), one("linear", (16,), dtype="fp32")),
        Case(one("resize_nearest_neighbor", out=(1, 16, 1, 1)), one("resize_nearest_neighbor")),
        Case(one("resize_nearest_neighbor", out=(16, 1, 1)), one("resize_nearest_neighbor", out=(1, 1, 1, 2))),
        Case(one("resize_nearest_neighbor", out=(16, 1, 1)), one("resize_nearest_neighbor", out=(1, 1, 2, 1))),
        Case(one("crop_resize"), one("crop_resize", dtype="fp32")),
        Case(typed(one("crop_resize"), "fp32", "fp16"), typed(one("crop_resize"), "fp16", "fp32")),
        Case(one("non_maximum_suppression"), one("non_maximum_suppression", dtype="fp32")),
        Case(
            typed(one("non_maximum_suppression"), "fp16", "fp32"),
            typed(one("non_maximum_suppression"), "fp32", "fp16"),
        ),
        Case(one("slice_update"), small),
        Case(one("round"), changed(one("round"), outputs=())),
    ],
}

SAYS = [
    (
        "differs-on-device",
        overhang,
        "warning op: avg_pool, ceil_mode without exclude_padding_from_average: on every device, a window over the edge "
        "is divided by the whole kernel; torch divides by what it covers (coremltools issue 2772 and PR 2844); pool "
        "with count_include_pad=False where there is no padding or without ceil_mode",
    ),
    (
        "differs-on-device",
        one("round"),
        "warning op: round, halves; and |x| from 1024 on: on the engine, halves go away from zero, and whole numbers "
        "from 1024 on get 1 more (ANEForge PR 116 (M5)); do it after the program",
    ),
    (
        "differs-on-device",
        row("ceil", "real_div"),
        "warning op1: real_div of ceil: on the engine, the factor is dropped (ANEForge issue 112 and PR 114 (M5)); "
        "multiply first or by a tensor of the full shape",
    ),
    (
        "does-not-compile",
        one("matmul", dtype="int32"),
        "error op: matmul, of int32: Core ML, no execution plan (error -14) (coremltools issue 2575 and PR 2673); "
        "cast to float first",
    ),
]


test_a_rule_finds_what_breaks_it_and_nothing_else = finds(CASES)
test_what_a_rule_says_of_a_program = says(SAYS)


def test_a_rounding_that_is_scaled_is_told_of_both() -> None:
    [rounded, dropped] = found("differs-on-device", row("round", "mul"))
    assert (rounded.op, rounded.message.split(",")[0]) == ("op0", "round")
    assert (dropped.op, dropped.message.split(":")[0]) == ("op1", "mul of round")


@pytest.mark.parametrize(
    ("rule", "broken"), [("differs-on-device", one("round")), ("does-not-compile", one("matmul", dtype="int32"))]
)
def test_an_operation_is_told_by_its_name(rule: str, broken: Graph) -> None:
    graph = beside(small, broken, changed(small, outputs=()), broken)
    assert [finding.op for finding in found(rule, graph)] == ["op1", "op3"]


def test_every_known_difference_that_rules_take_in_is_found() -> None:
    known = known_differences()
    assert {name for name, one in known.items() if one.in_rules} == met_conditions()
    assert {TOLD_BY[name] for name in TOLD_BY} <= {rule.id for rule in rules()}
    sources = [finding.message for rule, cases in CASES.items() for case in cases
               for finding in check(case.broken, get_chip(case.chip)) if finding.rule == rule]  # fmt: skip
    for name in met_conditions() - TOLD_BY.keys():
        assert any(known[name].happens in message for message in sources), name


def test_the_rules_of_known_differences_name_the_sources_of_their_own() -> None:
    evidence = {rule.id: rule.evidence for rule in rules()}
    for name in met_conditions() - TOLD_BY.keys():
        known = known_differences()[name]
        told = f"{known.operation}, {known.condition} ({known.source})"
        assert (told in evidence["does-not-compile"]) == (known.where == "compiler"), name
        assert (told in evidence["differs-on-device"]) == (known.where != "compiler"), name

"""For each rule a smallest graph that breaks it and one that does not."""

from __future__ import annotations

import dataclasses
import random
import re
from dataclasses import dataclass

import pytest

from anenas.ane import Rule, check, get_chip, known_differences, op_support, placement, rules
from anenas.ane._difference_rules import TOLD_BY, met_conditions
from anenas.graph import Flexible, Graph, Op, Tensor
from anenas.network import architecture_graph
from anenas.space import load_space

Shape = tuple[int, ...]


def tensor(name: str, shape: Shape, dtype: str = "fp16") -> Tensor:
    return Tensor(name, shape, dtype)


def one(
    kind: str,
    into: Shape = (1, 16, 8, 8),
    out: Shape | None = None,
    weight: Shape | None = None,
    dtype: str = "fp16",
    **attributes: int | Shape,
) -> Graph:
    """A program of one operation, named "op"."""
    x, y = tensor("x", into, dtype), tensor("y", out or into, dtype)
    weights = (tensor("w", weight),) if weight else ()
    return Graph((x,), (Op("op", kind, (x,), (y,), weights, attributes),), (y,))


def of(
    kind: str,
    into: Shape = (1, 16, 8, 8),
    out: Shape | None = None,
    dtype: str = "fp16",
    kernel: Shape = (),
    **settings: int | Shape,
) -> Graph:
    """A program of one operation with settings, named "op"."""
    (op,) = one(kind, into, out, dtype=dtype).ops
    attributes = {"kernel": kernel, "stride": kernel} if kernel else {}
    op = dataclasses.replace(op, settings=settings, attributes=attributes)
    return Graph(op.inputs, (op,), op.outputs)


def conv(
    kernel: Shape = (3, 3), into: int = 16, out: int = 16, size: Shape = (8, 8), **attributes: int | Shape
) -> Graph:
    groups = attributes.get("groups", 1)
    assert isinstance(groups, int)
    return one("conv", (1, into, *size), (1, out, *size), (out, into // groups, *kernel), **attributes)


def flexible(graph: Graph, shapes: int) -> Graph:
    """The same program with a first input that takes so many shapes."""
    return dataclasses.replace(graph, flexible=(Flexible(graph.inputs[0].name, shapes),))


def row(*kinds: str) -> Graph:
    """Operations one after the other, each on the result of the one before."""
    x = tensor("x", (1, 16, 8, 8))
    ops: list[Op] = []
    for i, kind in enumerate(kinds):
        weights = (tensor(f"w{i}", (16, 16, 1, 1)),) if kind == "conv" else ()
        ops.append(Op(f"op{i}", kind, (ops[-1].outputs[0] if ops else x,), (tensor(f"t{i}", x.shape),), weights))
    return Graph((x,), tuple(ops), ops[-1].outputs)


def between_convolutions(kind: str) -> Graph:
    """An operation between two convolutions, each with enough work to launch the engine for."""
    x = tensor("x", (1, 256, 32, 32))
    w = (tensor("w", (256, 256, 3, 3)),)
    kinds = {"first": ("conv", w), "middle": (kind, ()), "last": ("conv", w)}
    ops = tuple(Op(name, of, (x,), (x,), weights) for name, (of, weights) in kinds.items())
    return Graph((x,), ops, (x,))


def inputs(*tensors: Tensor) -> Graph:
    return Graph(tensors, (), ())


def product(length: int) -> Graph:
    q, k = tensor("q", (1, 4, length, 16)), tensor("k", (1, 4, 16, length))
    y = tensor("y", (1, 4, length, length))
    return Graph((q, k), (Op("op", "matmul", (q, k), (y,)),), (y,))


def branches(channels: int) -> Graph:
    x = tensor("x", (1, 16, 8, 8))
    ops = tuple(
        Op(f"op{i}", "conv", (x,), (tensor(f"y{i}", (1, channels, 8, 8)),), (tensor(f"w{i}", (channels, 16, 1, 1)),))
        for i in range(2)
    )
    return Graph((x,), ops, tuple(op.outputs[0] for op in ops))


@dataclass(frozen=True)
class Case:
    """A graph that breaks a rule, a graph that keeps it, and the chip that they are for."""

    broken: Graph
    kept: Graph
    chip: str = "A15"


small = one("relu")
two = one("add")
two = Graph(two.inputs, (Op("op", "add", two.inputs * 2, two.outputs),), two.outputs)

CASES: dict[str, list[Case]] = {
    "power-of-two": [Case(conv(out=48), conv(out=32))],
    "channels-16": [Case(conv(out=24), conv(out=48)), Case(conv(into=16, out=24), conv(into=24, out=24, groups=24))],
    "alignment": [Case(inputs(tensor("x", (1, 3, 299, 299))), inputs(tensor("x", (1, 3, 320, 320))))],
    "last-axis-one": [  # from 1 MiB on, of 64 bytes an element; 1 MB, 15,625 of them, is less
        Case(one("relu", (1, 16, 1024, 1)), one("relu", (1, 16, 1, 1024))),
        Case(one("relu", (1, 16, 1024, 1)), one("relu", (1, 16, 1023, 1))),
    ],
    "narrow-rows": [Case(conv(), conv(size=(8, 32)))],
    "dimension": [
        Case(one("relu", (1, 16, 16_385, 8)), one("relu", (1, 16, 16_384, 8))),
        Case(one("relu", (1, 65_537, 8, 8)), one("relu", (1, 65_536, 8, 8))),
        Case(one("relu", (1, 16, 65_537, 8)), one("relu", (1, 16, 20_000, 8)), "A17 Pro"),
    ],
    "rank": [Case(one("relu", (1, 2, 2, 2, 2, 2)), one("relu", (1, 2, 2, 2, 2)))],
    "matmul-inner": [
        Case(one("matmul", (1, 4, 16_385), (1, 4, 4)), one("matmul", (1, 4, 16_384), (1, 4, 4))),
        Case(one("matmul", (1, 4, 40_000), (1, 4, 4)), one("matmul", (1, 4, 32_768), (1, 4, 4)), "M4"),
    ],
    "block-size": [
        Case(product(1025), product(1024)),
        Case(
            one("scaled_dot_product_attention", (1, 4, 2048, 16)), one("scaled_dot_product_attention", (1, 4, 512, 16))
        ),
        Case(one("scaled_dot_product_attention", (4, 1025, 16)), one("scaled_dot_product_attention", (1025, 1024, 16))),
        Case(one("matmul", (4, 1025, 16)), one("matmul", (1025, 1024, 16))),
    ],
    "vocabulary": [
        Case(one("linear", (1, 64), (1, 10_001), (10_001, 64)), one("linear", (1, 64), (1, 1000), (1000, 64))),
        Case(one("linear", (1, 64), (1, 10_049), (10_049, 64)), one("linear", (1, 64), (1, 10_048), (10_048, 64))),
        Case(one("gather", (1, 64), (1, 8193), (8193, 64)), one("gather", (1, 64), (1, 8191), (8191, 64))),
    ],
    "vocabulary-split": [
        Case(one("linear", (1, 64), (1, 32_000), (32_000, 64)), one("linear", (1, 64), (1, 16_384), (16_384, 64)))
    ],
    "batch": [Case(inputs(tensor("x", (3, 16, 8, 8))), inputs(tensor("x", (4, 16, 8, 8))))],
    "channel-last-input": [
        Case(inputs(tensor("x", (1, 224, 224, 3))), inputs(tensor("x", (1, 3, 224, 224)))),
        Case(inputs(tensor("x", (1, 224, 224, 3))), inputs(tensor("x", (1, 64, 4, 4)))),
    ],
    "layout-change": [
        Case(
            one("transpose", (1, 64, 64, 64), perm=(0, 2, 3, 1)),
            one("transpose", (1, 64, 64, 64), perm=(0, 2, 1, 3)),
        ),
        Case(one("reshape", (1, 64, 64, 64), (1, 64, 4096)), one("reshape", (1, 64, 64, 64), (64, 64, 64))),
        Case(one("reshape", (1, 64, 64, 64), (1, 64, 4096)), one("reshape", (1, 64, 1, 1), (1, 64))),
    ],
    "on-chip-memory": [Case(one("relu", (1, 64, 128, 128)), one("relu", (1, 64, 128, 127)))],
    "weight-passes": [Case(conv(into=256, out=256), conv((1, 1), into=256, out=256))],
    "parallel-convolutions": [Case(branches(64), branches(256))],
    "small-inputs": [Case(inputs(*[tensor(n, (1, 8)) for n in "abc"]), inputs(*[tensor(n, (1, 8)) for n in "ab"]))],
    "space-to-depth": [Case(conv(into=3, size=(64, 64)), conv(into=16, size=(64, 64)))],
    "slice-offset": [
        Case(one("slice_by_index", begin=(0, 0, 0, 1)), one("slice_by_index", begin=(0, 1, 0, 0))),
        Case(one("slice_by_index", begin=(0, 0, 0, 1)), small, "M1"),
    ],
    "fp32": [Case(one("relu", dtype="fp32"), one("cast", dtype="fp32"))],
    "int32": [Case(one("gather", dtype="int32"), one("gather", dtype="int16"))],
    "io-precision": [Case(one("cast", dtype="fp32"), one("cast"))],
    "size": [Case(conv(), small)],
    "size-10mb": [Case(one("linear", (1, 4096), weight=(4096, 4096)), conv())],
    "size-limit": [
        Case(one("linear", (1, 16), weight=(65_536, 16_384)), one("linear", (1, 16), weight=(4096, 4096))),
    ],
    "quantisation": [
        Case(one("linear", (1, 1024), weight=(1024, 1024)), conv(into=64, out=64, size=(128, 128))),
        Case(conv(), row("conv", "quantize"), "M4"),
    ],
    "pruning": [Case(one("linear", (1, 1024), weight=(1024, 1024)), conv(into=64, out=64, size=(128, 128)))],
    "channel-passes": [Case(conv(out=272), conv(out=512))],
    "off-engine": [
        Case(one("cumsum"), small),
        Case(one("topk"), one("relu"), "A14"),
        Case(one("sin"), one("sigmoid"), "A15"),
    ],
    "recurrent": [Case(one(kind), small) for kind in ("lstm", "gru", "rnn", "while_loop")],
    "unknown-op": [Case(one("erfinv"), small)],
    "unclear-op": [Case(one("logical_and"), small)],
    "attention": [Case(product(16), one("matmul", (1, 4, 16), weight=(16, 16)))],
    "depthwise": [Case(conv(groups=16), conv(groups=2))],
    "kernel": [
        Case(conv((32, 3)), conv((31, 3))),
        Case(conv((3, 16)), conv((3, 15))),
        Case(conv((3, 14)), conv((3, 13)), "A14"),
        Case(conv((14, 14)), conv((13, 13)), "M4"),
    ],
    "kernel-width": [Case(conv((3, 9)), conv((9, 8)))],
    "stride": [Case(conv(stride=(1, 2)), conv(stride=(2, 2))), Case(conv(stride=(5, 5)), conv(stride=(6, 6)))],
    "dilation": [Case(conv(dilation=(2, 2)), conv(dilation=(1, 1)))],
    "dilation-limit": [Case(conv(dilation=(12, 12)), conv(dilation=(8, 8)))],
    "pool-window": [
        Case(one("max_pool", kernel=(9, 9)), one("max_pool", kernel=(9, 8))),
        Case(one("max_pool", kernel=(3, 31)), one("max_pool", kernel=(32, 32))),
        Case(one("avg_pool", kernel=(32, 32)), one("avg_pool", kernel=(31, 31))),
        Case(one("avg_pool", kernel=(30, 30)), one("avg_pool", kernel=(29, 29)), "M1"),
    ],
    "pool-stride": [Case(one("max_pool", stride=(3, 3)), one("max_pool", stride=(2, 2)))],
    "groups": [Case(conv(groups=3), conv(groups=4))],
    "group-width": [Case(conv(groups=8), conv(groups=2))],
    "batch-norm": [Case(row("conv", "batch_norm"), row("relu", "batch_norm"))],
    "group-norm": [Case(one("native_group_norm"), one("layer_norm"))],
    "softmax-axis": [
        Case(one("softmax", (1, 64, 128, 128), axis=3), one("softmax", (1, 64, 128, 128), axis=1)),
        Case(one("softmax", (1, 64, 128, 128), axis=2), one("softmax", axis=2)),
    ],
    "resize": [Case(one("upsample_bilinear"), small, "M1")],
    "topk": [Case(one("topk"), small, "M4")],
    "pad-mode": [
        Case(of("pad", pad=(0, 0, 0, 0, 1, 1, 1, 1), constant=1, constant_val=1), of("pad", constant=1)),
        Case(of("pad", reflect=1), of("pad", replicate=1), "M1"),
    ],
    "factor": [
        Case(of(kind, **{setting: 5}), of(kind, **{setting: 4}))
        for kind, setting in (
            ("depth_to_space", "block_size"),
            ("space_to_depth", "block_size"),
            ("pixel_shuffle", "upscale_factor"),
        )
    ]
    + [Case(of("tile", reps=(1, 1, 5, 1)), of("tile", reps=(1, 1, 2, 8)))],
    "computed-indices": [
        Case(of(kind, computed_indices=1), of(kind)) for kind in ("gather", "gather_along_axis", "gather_nd")
    ]
    + [Case(of(kind, computed_begin=1), of(kind)) for kind in ("slice_by_index", "slice_by_size")],
    "argmax-axis": [
        Case(of(kind, (1, 2049), (1,), axis=-1), of(kind, (2049, 2048), (1,), axis=1))
        for kind in ("reduce_argmax", "reduce_argmin")
    ],
    "linear-rank": [Case(one("linear", (1, 2, 2, 2, 4)), one("linear", (2, 2, 2, 4)))],
    "space-to-batch": [Case(of("space_to_batch", block_shape=(2,)), of("space_to_batch", block_shape=(2, 2)))],
    "state": [Case(one(kind, dtype="fp32"), one(kind)) for kind in ("read_state", "write_state", "coreml_update_state")]
    + [Case(one("read_state"), small, "A15@ios17")],
    "does-not-compile": [
        Case(
            of("pad", (1, 3, 6, 8, 8), pad=(0, 0, 0, 0, 1, 1, 0, 0, 0, 0), reflect=1),
            of("pad", (1, 3, 6, 8, 8), pad=(0, 0, 0, 0, 1, 1, 1, 1), reflect=1),
        ),
        Case(of("pad", pad=(0, 0, 1, 1, 0, 0, 0, 0), replicate=1), of("pad", pad=(0, 0, 1, 1, 0, 0, 0, 0), constant=1)),
        Case(one("matmul", dtype="int32"), one("matmul")),
    ],
    "differs-on-device": [
        Case(
            of("avg_pool", (1, 1, 7, 7), kernel=(2, 2), ceil_mode=1),
            of("avg_pool", (1, 1, 8, 8), kernel=(2, 2), ceil_mode=1),
        ),
        Case(
            of("avg_pool", (1, 1, 7, 7), kernel=(2, 2), ceil_mode=1, custom=1),
            of("avg_pool", (1, 1, 7, 7), kernel=(2, 2), ceil_mode=1, exclude_padding_from_average=1),
        ),
        Case(of("avg_pool", (1, 1, 7), same_lower=1), of("avg_pool", same_lower=1)),
        Case(of("max_pool", (1, 1, 7), same_lower=1), of("max_pool", same_lower=1)),
        *[
            Case(one(kind), one(kind, dtype="fp32"))
            for kind in ("softplus", "softplus_parametric", "reduce_log_sum_exp", "round")
        ],
        Case(row("softmax", "log"), row("softmax", "exp")),
        Case(row("floor", "mul"), row("floor", "relu")),
        Case(of("gather_nd", computed_indices=1), of("gather_nd")),
        Case(of("gather", negative_indices=1), of("gather")),
        Case(one("matmul", (16,)), one("matmul")),
        Case(one("resize_nearest_neighbor", out=(1, 16, 1, 1)), one("resize_nearest_neighbor")),
        Case(one("crop_resize"), one("crop_resize", dtype="fp32")),
        Case(one("non_maximum_suppression"), one("non_maximum_suppression", dtype="fp32")),
        Case(one("slice_update"), small),
    ],
    "segments": [Case(between_convolutions("cumsum"), between_convolutions("relu"))],
    "flexible-shape": [
        Case(flexible(one("conv"), 0), flexible(one("conv"), 128)),
        Case(flexible(one("layer_norm"), 2), one("layer_norm")),
        Case(flexible(one("conv"), 129), flexible(one("conv"), 2)),
    ],
    "tiny": [Case(conv(), conv(into=256, out=256, size=(32, 32)))],
    "two-input-ops": [Case(two, one("add"))],
    "convolutions": [Case(row(*["conv"] * 381), row(*["conv"] * 380))],
    "elementwise-chain": [Case(row(*["relu"] * 129), row(*["relu"] * 128))],
    "not-validated": [Case(small, inputs(tensor("x", (1, 16, 8, 8))))],
}


def test_every_rule_has_cases() -> None:
    assert set(CASES) == {rule.id for rule in rules()}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_a_rule_finds_what_breaks_it_and_nothing_else(rule: Rule) -> None:
    for case in CASES[rule.id]:
        chip = get_chip(case.chip)
        found = list(rule.find(case.broken, chip))
        assert found
        assert found == [finding for finding in check(case.broken, chip) if finding.rule == rule.id]
        assert list(rule.find(case.kept, chip)) == []
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


def test_every_known_difference_that_rules_take_in_is_found() -> None:
    known = known_differences()
    assert {name for name, one in known.items() if one.in_rules} == met_conditions()
    assert {TOLD_BY[name] for name in TOLD_BY} <= {rule.id for rule in rules()}
    sources = [finding.message for rule in ("differs-on-device", "does-not-compile") for case in CASES[rule]
               for finding in check(case.broken, get_chip(case.chip)) if finding.rule == rule]  # fmt: skip
    for name in met_conditions() - TOLD_BY.keys():
        assert any(known[name].happens in message for message in sources), name


def test_what_is_not_taken_in_says_why() -> None:
    for known in known_differences().values():
        assert known.in_rules or known.in_interpreter or known.taken_in.startswith("no: "), known.name
        assert known.where in ("every", "engine", "gpu", "compiler") and known.source


def test_the_rules_of_known_differences_name_the_sources_of_their_own() -> None:
    evidence = {rule.id: rule.evidence for rule in rules()}
    for name in met_conditions() - TOLD_BY.keys():
        known = known_differences()[name]
        told = f"{known.operation}, {known.condition} ({known.source})"
        assert (told in evidence["does-not-compile"]) == (known.where == "compiler"), name
        assert (told in evidence["differs-on-device"]) == (known.where != "compiler"), name


def beside(*graphs: Graph) -> Graph:
    """One program of several."""
    ops = tuple(dataclasses.replace(op, name=f"{op.name}{i}") for i, graph in enumerate(graphs) for op in graph.ops)
    return Graph(sum((graph.inputs for graph in graphs), ()), ops, sum((graph.outputs for graph in graphs), ()))


dense = conv((1, 1), 16, 16, size=(8, 8))  # 16,384 multiply-accumulates


@pytest.mark.parametrize(
    ("rule", "graph", "told"),
    [
        # Products of 4·16·16·16 = 16,384 multiply-accumulates beside as many, and beside three times as many.
        ("attention", beside(product(16), dense), "1 products of two activations, as in attention: 50% of mul"),
        ("attention", beside(product(16), dense, dense, dense), "1 products of two activations, as in attention: 25%"),
        ("depthwise", beside(conv((4, 4), groups=16), dense), "1 depthwise convolutions: 50% of multiply-acc"),
        ("narrow-rows", conv(size=(8, 24)), "1 convolutions have rows not a multiple of 32 wide: 25% is padding"),
        ("channels-16", conv(out=24), "24 channels out take the time of 32: 25% is padding"),
        ("alignment", inputs(tensor("x", (1, 3, 299, 299))), "rows of 598 bytes, padded to 640: 37,674 lost"),
        ("last-axis-one", one("relu", (1, 32, 1024, 1)), "y ends in an axis of 1, and takes 2.0 MiB instead"),
        ("size", one("linear", (1, 1000), (1, 1000), (1000, 1000)), "weights total 2 MB, under 10 MB"),
        # 33.6 MB at 32 GB/s.
        ("size-10mb", one("linear", (1, 4096), weight=(4096, 4096)), "weights total 33.6 MB, over 10: 1.05 ms to read"),
        # 2.1 MB at 32 GB/s is 65.5 µs; 2.1 million operations at half of 15.88 teraflops are 0.264 µs.
        ("quantisation", one("linear", (1, 1024), weight=(1024, 1024)), "takes 248.1 times as long as computing"),
        ("channel-passes", conv(out=272), "272 channels out need one more pass for the last 16"),
        ("weight-passes", conv(into=256, out=256), "4,608 bytes of weights for each output channel"),
        (
            "power-of-two",
            beside(conv(out=48), conv(out=32)),
            "1 of 2 layers have widths that are not powers of two (48)",
        ),
        ("layout-change", CASES["layout-change"][0].broken, "copies 512 KiB to change the last axis"),
        ("on-chip-memory", one("relu", (1, 96, 128, 128)), "writes 3.0 MiB, over the 2 MiB on the chip"),
        ("parallel-convolutions", branches(64), "reads the same input as op1, with the same kernel: 128 channels"),
        ("space-to-depth", conv(into=3, size=(64, 128)), "input channels: 3, on 64×128 pixels"),
        ("softmax-axis", CASES["softmax-axis"][0].broken, "softmax along axis 3 of 2.0 MiB"),
        ("small-inputs", CASES["small-inputs"][0].broken, "3 inputs are under 16 KiB each"),
    ],
)
def test_figures_that_a_rule_tells_are_those_of_the_program(rule: str, graph: Graph, told: str) -> None:
    messages = [finding.message for finding in check(graph, get_chip("A15")) if finding.rule == rule]
    assert len(messages) == 1 and told in messages[0]


@pytest.mark.parametrize(
    ("rule", "graph", "fix"),
    [
        ("vocabulary", CASES["vocabulary"][0].broken, "pad it to 10,048"),
        ("vocabulary-split", one("linear", (1, 64), (1, 40_000), (40_000, 64)), "split it in 3 heads and concatenate"),
        ("alignment", CASES["alignment"][0].broken, "make the last axis a multiple of 32"),
        ("channel-passes", conv(out=784), "prune to 768"),
    ],
)
def test_what_a_rule_says_to_do_keeps_it(rule: str, graph: Graph, fix: str) -> None:
    assert [finding.fix for finding in check(graph, get_chip("A15")) if finding.rule == rule] == [fix]


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

from __future__ import annotations

import dataclasses

import pytest
from rule_cases import (
    Case,
    Shape,
    beside,
    changed,
    conv,
    finds,
    found,
    inputs,
    one,
    row,
    says,
    series,
    small,
    tensor,
)

from anenas.graph import Graph, Op


def branches(*channels: int, kernel: Shape = (1, 1), **attributes: int | Shape) -> Graph:
    """Convolutions of one input, to so many channels each."""
    x = tensor("x", (1, 16, 8, 8))
    ops = tuple(
        Op(
            f"op{i}",
            "conv",
            (x,),
            (tensor(f"y{i}", (1, out, 8, 8)),),
            (tensor(f"w{i}", (out, 16, *kernel)),),
            attributes,
        )
        for i, out in enumerate(channels)
    )
    return Graph((x,), ops, tuple(op.outputs[0] for op in ops))


def but(graph: Graph, index: int, **fields: object) -> Graph:
    """The same program with other fields of one operation."""
    ops = list(graph.ops)
    ops[index] = dataclasses.replace(ops[index], **fields)  # type: ignore[arg-type]
    return dataclasses.replace(graph, ops=tuple(ops))


def small_inputs(count: int, shape: Shape = (1, 8)) -> Graph:
    return inputs(*(tensor(f"x{i}", shape) for i in range(count)))


images = (1, 64, 64, 64)  # 512 KiB
pair = branches(64, 64)
stem = conv(into=3, size=(64, 64))

CASES: dict[str, list[Case]] = {
    "channel-last-input": [
        Case(inputs(tensor("x", (1, 224, 224, 3))), inputs(tensor("x", (1, 3, 224, 224)))),
        Case(inputs(tensor("x", (1, 224, 224, 3))), inputs(tensor("x", (1, 64, 4, 4)))),
        Case(inputs(tensor("x", (1, 224, 224, 4))), inputs(tensor("x", (1, 224, 224, 5)))),
        Case(inputs(tensor("x", (1, 5, 5, 4))), inputs(tensor("x", (1, 4, 5, 4)))),
        Case(inputs(tensor("x", (1, 5, 224, 1))), inputs(tensor("x", (1, 224, 4, 1)))),
        Case(inputs(tensor("x", (1, 224, 224, 3))), inputs(tensor("x", (224, 224, 3)))),
        Case(inputs(tensor("x", (1, 224, 224, 3))), inputs(tensor("x", (1, 8, 8, 8, 3)))),
    ],
    "layout-change": [
        Case(one("transpose", images, perm=(0, 2, 3, 1)), one("transpose", images, perm=(0, 2, 1, 3))),
        Case(one("transpose", images, perm=(0, 1, 3, 2)), one("transpose", images, perm=(0, 2, 1, -1))),
        Case(one("transpose", images, perm=(0, 1, -1, -2)), one("transpose", (64, 64, 64), perm=(1, 0, 2))),
        Case(one("transpose", (1, 64, 8, 64), (1, 64, 64, 8)), one("transpose", images)),
        # Between axes of one size, too.
        Case(one("transpose", images, perm=(0, 3, 1, 2)), one("concat", images, perm=(0, 3, 1, 2))),
        Case(one("reshape", images, (1, 64, 4096)), one("reshape", images, (64, 64, 64))),
        Case(one("reshape", images, (1, 64, 4096)), one("reshape", (1, 64, 1, 1), (1, 64))),
        Case(one("reshape", images, (64, 4096), perm=(0, 1)), one("reshape", images, (64, 64, 64), perm=(1, 0))),
        # From 16 KiB on.
        Case(one("reshape", (1, 8192), (8192, 1)), one("reshape", (1, 8191), (8191, 1))),
        Case(one("reshape", images, (1, 64, 4096)), one("squeeze", images, (1, 64, 4096))),
        Case(changed(one("reshape", images), inputs=()), one("reshape", images)),
    ],
    "on-chip-memory": [
        Case(one("relu", (1, 64, 128, 128)), one("relu", (1, 64, 128, 127))),
        Case(one("relu", (1, 64, 128, 128)), one("cast", (1, 64, 128, 128))),
        Case(one("relu", (1, 8, 8, 8), (1, 64, 128, 128)), one("relu", (1, 64, 128, 128), (1, 8, 8, 8))),
        Case(one("relu", (1, 32, 128, 128), dtype="fp32"), one("relu", (1, 64, 128, 128), dtype="int8")),
        Case(
            changed(small, outputs=(tensor("a", (1, 64, 128, 128)), tensor("b", (8,)))),
            changed(small, outputs=(tensor("a", (1, 32, 128, 128)), tensor("b", (1, 32, 128, 128)))),
        ),
        Case(one("relu", (1, 64, 128, 128)), changed(small, outputs=())),
    ],
    "weight-passes": [  # over 4,096 bytes for each of 256 output channels and more
        Case(conv(into=256, out=256), conv((1, 1), into=256, out=256)),
        Case(conv((2, 2), into=513, out=256), conv((2, 2), into=512, out=256)),
        Case(conv((1, 1), into=2049, out=256), conv((1, 1), into=2048, out=256)),
        Case(conv((3, 1), into=683, out=256), conv((1, 3), into=682, out=256)),
        Case(conv(into=256, out=256), conv(into=256, out=255)),
        Case(conv(into=256, out=512), conv(into=256, out=512, groups=2)),
        Case(series(3, 683, 256), series(3, 682, 256)),
        Case(conv(into=256, out=256), one("conv", weight=(256,))),
        Case(conv(into=256, out=256), one("conv_transpose", weight=(256, 256, 3, 3))),
    ],
    "parallel-convolutions": [
        Case(branches(64, 64), branches(256, 256)),
        Case(branches(128, 128), branches(128, 129)),
        Case(branches(16, 16, 16), branches(16)),
        Case(pair, but(pair, 1, inputs=(tensor("other", (1, 16, 8, 8)),))),
        Case(branches(64, 64, kernel=(3, 3)), but(pair, 1, weights=(tensor("w1", (64, 16, 3, 3)),))),
        Case(branches(64, 64, stride=(2, 2)), but(pair, 1, attributes={"stride": (2, 2)})),
        Case(branches(64, 64, dilation=(2, 2)), but(pair, 1, attributes={"dilation": (2, 2)})),
        Case(pair, but(pair, 1, weights=(tensor("w1", (64, 16, 3, 1)),))),
        Case(pair, but(pair, 1, outputs=(tensor("y1", (1, 64, 6, 8)),))),
        Case(pair, but(pair, 1, outputs=(tensor("y1", (1, 64, 8, 6)),))),
        Case(branches(64, 64, groups=1), branches(64, 64, groups=2)),
        Case(pair, but(pair, 1, attributes={"groups": 2})),
        Case(pair, but(pair, 1, kind="conv_transpose")),
        Case(pair, but(pair, 1, inputs=())),
        Case(pair, but(but(pair, 0, inputs=()), 1, inputs=())),
        Case(pair, but(but(pair, 0, weights=()), 1, weights=())),
    ],
    "small-inputs": [  # under 16 KiB
        Case(small_inputs(3), small_inputs(2)),
        Case(small_inputs(3, (8191,)), small_inputs(3, (8192,))),
        Case(small_inputs(4), inputs(*small_inputs(2).inputs, tensor("x", (1, 3, 224, 224)))),
    ],
    "space-to-depth": [
        Case(conv(into=3, size=(64, 64)), conv(into=16, size=(64, 64))),
        Case(conv(into=15, size=(64, 64)), conv(into=3, size=(64, 63))),
        Case(conv(into=3, size=(1, 4096)), conv(into=3, size=(1, 4095))),
        Case(stem, conv(into=3, out=3, size=(64, 64), groups=3)),
        Case(conv(into=1, out=3, size=(64, 64)), conv(into=6, out=6, size=(64, 64), groups=2)),
        Case(stem, changed(stem, inputs=())),
        Case(stem, changed(stem, kind="conv_transpose")),
        Case(stem, one("conv", (1, 3, 4096), weight=(16, 3, 3))),
        Case(stem, one("conv", (1, 3, 16, 16, 16), weight=(16, 3, 3, 3, 3))),
        Case(stem, changed(stem, inputs=(tensor("x", (1, 3, 4096)),))),
    ],
    "slice-offset": [
        Case(one("slice_by_index", begin=(0, 0, 0, 1)), one("slice_by_index", begin=(0, 1, 0, 0))),
        Case(one("slice_by_index", begin=(0, 0, 0, 1)), small, "M1"),
        Case(one("slice_by_size", begin=(0, -1)), one("slice_by_size", begin=(0, 0)), "M2"),
        Case(one("slice_by_index", begin=(1,)), one("slice_by_index", begin=())),
        Case(one("slice_by_index", begin=(0, 0, 0, 1)), one("slice_by_index")),
        Case(one("slice_by_index", begin=(0, 0, 0, 1)), one("slice_by_index", begin=1)),
        Case(one("slice_by_index", begin=(0, 0, 0, 1)), one("pad", begin=(0, 0, 0, 1))),
    ],
}

SAYS = [
    (
        "channel-last-input",
        inputs(tensor("image", (1, 224, 160, 3))),
        "warning: image (1, 224, 160, 3) has its channels last: its rows are mostly padding; take (N, C, H, W), and "
        "declare the input an image",
    ),
    (
        "layout-change",
        one("transpose", images, perm=(0, 2, 3, 1)),
        "warning op: copies 512 KiB to change the last axis; keep one layout from end to end, such as (N, C, 1, S) "
        "for sequences",
    ),
    (
        "layout-change",
        one("reshape", (1, 1280, 1024), (1024, 1280)),
        "warning op: copies 2,560 KiB to change the last axis; keep one layout from end to end, such as (N, C, 1, S) "
        "for sequences",
    ),
    (
        "on-chip-memory",
        one("relu", (1, 96, 128, 128)),
        "warning op: writes 3.0 MiB, over the 2 MiB on the chip; use fewer channels here, or reduce the resolution "
        "earlier",
    ),
    (
        "weight-passes",
        conv((2, 5), into=300, out=256),
        "info op: 6,000 bytes of weights for each output channel: the input is read more than once; fewer input "
        "channels, a smaller kernel, or groups",
    ),
    (
        "parallel-convolutions",
        branches(64, 48),
        "warning op0: reads the same input as op1, with the same kernel: 112 channels in all; make them one "
        "convolution and split its result",
    ),
    (
        "parallel-convolutions",
        branches(16, 32, 48, 64),
        "warning op0: reads the same input as op1, op2, op3, with the same kernel: 160 channels in all; make them "
        "one convolution and split its result",
    ),
    (
        "parallel-convolutions",
        branches(16, 32, 48, 64, 8),
        "warning op0: reads the same input as op1, op2, op3 and others, with the same kernel: 168 channels in all; "
        "make them one convolution and split its result",
    ),
    (
        "small-inputs",
        inputs(*small_inputs(4).inputs, tensor("x", (1, 3, 224, 224))),
        "warning: 4 inputs are under 16 KiB each; pack them in one tensor and split it inside",
    ),
    (
        "space-to-depth",
        conv((7, 7), into=3, size=(64, 128)),
        "info op: input channels: 3, on 64×128 pixels: the cores are mostly idle; try space_to_depth by 2 or 4 "
        "before it",
    ),
    (
        "slice-offset",
        one("slice_by_index", begin=(0, 2, 0, 7)),
        "warning op: starts at 7 on the last axis: A15 turns values over 4,094 into infinity; slice another axis, or "
        "keep values small",
    ),
]


test_a_rule_finds_what_breaks_it_and_nothing_else = finds(CASES)
test_what_a_rule_says_of_a_program = says(SAYS)


def test_chips_from_a16_and_m3_on_slice_exactly() -> None:
    offset = one("slice_by_index", begin=(0, 0, 0, 1))
    told_of = {chip: bool(found("slice-offset", offset, chip)) for chip in ("A14", "A15", "M2", "A16", "M3", "A17 Pro")}
    assert [chip for chip, told_it in told_of.items() if told_it] == ["A14", "A15", "M2"]


@pytest.mark.parametrize(
    ("rule", "graph"),
    [
        ("layout-change", one("reshape", images, (1, 64, 4096))),
        ("on-chip-memory", one("relu", (1, 64, 128, 128))),
        ("weight-passes", conv(into=256, out=256)),
        ("space-to-depth", stem),
        ("slice-offset", one("slice_by_index", begin=(0, 0, 0, 1))),
    ],
)
def test_an_operation_is_told_by_its_name(rule: str, graph: Graph) -> None:
    assert [finding.op for finding in found(rule, beside(small, graph, row("relu", "conv"), graph))] == ["op1", "op4"]

from __future__ import annotations

import dataclasses

import pytest
from rule_cases import (
    Case,
    beside,
    changed,
    conv,
    finds,
    found,
    inputs,
    linear,
    one,
    product,
    says,
    series,
    tensor,
)

from anenas.graph import Graph, Op

# On 8×8 places a layer of 24,576 multiply-accumulates, and others of 99 times as many and more.
few, rest, more = conv((1, 1), 16, 24), conv((1, 1), 1188, 32), conv((1, 1), 1189, 32)
# 24,576 multiply-accumulates of padding, a twentieth of those of all, and less than a twentieth.
narrow = conv((1, 1), 16, 16, size=(8, 20))
twentieth, less = (beside(narrow, conv((1, 1), into, 16, size=(8, 32))) for into in (110, 111))


def returned(graph: Graph) -> Graph:
    """The same program with its inputs returned instead."""
    return dataclasses.replace(graph, inputs=(), outputs=graph.inputs)


CASES: dict[str, list[Case]] = {
    "power-of-two": [
        Case(conv(out=48), conv(out=32)),
        Case(linear(64, 48), linear(48, 64)),
        Case(beside(conv(), conv(out=24)), beside(conv(), conv(out=8))),
        Case(linear(64, 48), one("gather", weight=(48, 64))),
        Case(conv(out=48), one("conv", weight=(48,))),
        Case(conv(out=48), one("conv", (1, 48, 8, 8))),
    ],
    "channels-16": [
        Case(conv(out=24), conv(out=48)),
        Case(conv(out=17), conv(out=16)),
        Case(conv(out=15), conv(out=16)),
        Case(linear(64, 24), linear(64, 48)),
        Case(linear(64, 24), one("gather", weight=(24, 64))),
        # Depthwise are those of groups of one channel.
        Case(conv(into=16, out=24), conv(into=24, out=24, groups=24)),
        Case(conv(into=24, out=24, groups=12), conv(into=24, out=24, groups=24)),
        Case(series(3, 24, 24, groups=12), series(3, 24, 24, groups=24)),
        Case(conv(into=1, out=24), conv(into=24, out=24, groups=24)),
        Case(one("linear", (1, 1), (1, 24), (24, 1), groups=2), linear(64, 48)),
        # From a hundredth of the program's multiply-accumulates on.
        Case(beside(few, rest), beside(few, more)),
    ],
    "alignment": [
        Case(inputs(tensor("x", (1, 3, 299, 299))), inputs(tensor("x", (1, 3, 320, 320)))),
        # 2 bytes of padding a row, from 4 KiB on.
        Case(inputs(tensor("x", (1, 1, 2048, 31))), inputs(tensor("x", (1, 1, 2047, 31)))),
        Case(returned(inputs(tensor("x", (1, 1, 2048, 31)))), returned(inputs(tensor("x", (1, 1, 2047, 31))))),
        Case(inputs(tensor("x", (2048, 33))), inputs(tensor("x", (2048, 64)))),
        Case(inputs(tensor("x", (2048, 31), "fp32")), inputs(tensor("x", (2048, 32), "fp32"))),
        Case(inputs(tensor("x", (8192, 31))), inputs(tensor("x", ()), tensor("y", (8192, 0)), tensor("z", (31,)))),
        # One without elements does not hide the next.
        Case(inputs(tensor("x", (0, 3)), tensor("y", (2048, 31))), inputs(tensor("x", (0, 3)))),
    ],
    "last-axis-one": [  # from 1 MiB on, of 64 bytes an element; 1 MB, 15,625 of them, is less
        Case(one("relu", (1, 16, 1024, 1)), one("relu", (1, 16, 1, 1024))),
        Case(one("relu", (1, 16, 1024, 1)), one("relu", (1, 16, 1023, 1))),
        Case(one("relu", (16_384, 1)), one("relu", (16_383, 1))),
        Case(one("relu", (16_384, 1)), one("relu", (16_384, 2))),
        Case(one("relu", (1, 16_384), (16_384, 1)), one("relu", (16_384, 1), ())),
    ],
    "narrow-rows": [
        Case(conv(), conv(size=(8, 32))),
        Case(conv(size=(8, 33)), conv(size=(8, 64))),
        Case(conv(size=(8, 8)), one("linear", weight=(16, 16))),
        Case(conv(size=(8, 8)), one("conv")),
        Case(conv(size=(8, 8)), conv(size=(8, 0))),
        Case(conv(size=(8, 8)), conv(size=(0, 8))),
        Case(conv(groups=8), conv(groups=16)),
        Case(conv(size=(8, 8)), one("conv", (1, 16, 8), weight=(16, 16, 3))),
        # From a twentieth of the program's multiply-accumulates on.
        Case(twentieth, less),
    ],
    "dimension": [
        Case(one("relu", (1, 16, 16_385, 8)), one("relu", (1, 16, 16_384, 8))),
        Case(one("relu", (1, 16, 8, 16_385)), one("relu", (1, 16, 8, 16_384))),
        Case(one("relu", (1, 16, 1, 1, 16_385)), one("relu", (1, 16, 1, 1, 16_384))),
        Case(one("relu", (1, 65_537, 8, 8)), one("relu", (1, 65_536, 8, 8))),
        Case(one("relu", (65_537, 16, 8, 8)), one("relu", (65_536, 16, 8, 8))),
        Case(one("relu", (1, 65_537)), one("relu", (1, 65_536)), "A17 Pro"),
        Case(one("relu", (1, 16, 65_537, 8)), one("relu", (1, 16, 65_536, 8)), "A17 Pro"),
        Case(one("relu", (1, 16, 16_385, 8)), one("relu", (1, 16, 16_384, 8)), "A16"),
    ],
    "rank": [
        Case(one("relu", (1, 2, 2, 2, 2, 2)), one("relu", (1, 2, 2, 2, 2))),
        Case(one("relu", (1, 2), (1, 1, 1, 1, 1, 2)), one("relu", (1, 1, 1, 1, 1, 2), (1, 2))),
    ],
    "matmul-inner": [
        Case(one("matmul", (1, 4, 16_385), (1, 4, 4)), one("matmul", (1, 4, 16_384), (1, 4, 4))),
        Case(one("matmul", (1, 4, 16_385), (1, 4, 4)), one("matmul", (1, 16_385, 4), (1, 16_385, 4))),
        Case(one("matmul", (1, 4, 16_385), (1, 4, 4)), one("linear", (1, 4, 16_385), (1, 4, 4), (4, 16_385))),
        Case(one("matmul", (16_385,), (4,)), one("matmul", (), (4,))),
        # Of a factor that is transposed the axis before the last.
        Case(one("matmul", (1, 16_385, 4), (1, 4, 4), transpose_x=1), one("matmul", (1, 4, 16_385), transpose_x=1)),
        Case(one("matmul", (1, 4, 16_385), (1, 4, 4), transpose_x=0), one("matmul", (1, 16_385, 4), transpose_y=1)),
        Case(one("matmul", (1, 4, 40_000), (1, 4, 4)), one("matmul", (1, 4, 32_768), (1, 4, 4)), "M4"),
        Case(one("matmul", (1, 4, 32_769), (1, 4, 4)), one("matmul", (1, 4, 32_768), (1, 4, 4)), "A17 Pro"),
    ],
    "block-size": [
        Case(product(1025), product(1024)),
        Case(one("matmul", (1, 1025, 16)), one("matmul", (1, 1024, 16))),
        Case(one("matmul", (4, 1025, 16)), one("matmul", (1025, 1024, 16))),
        Case(one("matmul", (1, 16, 1025)), one("linear", (1, 16, 1025), weight=(1025, 1025))),
        Case(one("matmul", (1025,)), one("matmul", (1, 1025, 16), weight=(16, 16))),
        Case(
            one("scaled_dot_product_attention", (1, 4, 2048, 16)), one("scaled_dot_product_attention", (1, 4, 512, 16))
        ),
        Case(one("scaled_dot_product_attention", (4, 1025, 16)), one("scaled_dot_product_attention", (1025, 1024, 16))),
        Case(one("scaled_dot_product_attention", (1025, 16)), one("scaled_dot_product_attention", (16, 1025))),
        Case(one("scaled_dot_product_attention", (1025, 16)), one("scaled_dot_product_attention", (1025,))),
    ],
    "vocabulary": [
        Case(linear(64, 10_001), linear(64, 1000)),
        Case(linear(64, 10_049), linear(64, 10_048)),
        Case(one("gather", (1, 64), (1, 8193), (8193, 64)), one("gather", (1, 64), (1, 8191), (8191, 64))),
        Case(one("gather", weight=(8193, 64)), one("gather", weight=(8193, 4, 64))),
        Case(one("gather", weight=(8193, 64)), one("gather", weight=(8193,))),
        Case(one("gather", weight=(8193, 64)), one("gather")),
        Case(one("gather", weight=(8193, 64)), one("matmul", weight=(8193, 64))),
    ],
    "vocabulary-split": [
        Case(linear(64, 32_000), linear(64, 16_384)),
        Case(linear(64, 16_385), linear(64, 16_384)),
        Case(linear(64, 16_385), linear(16_385, 64)),
        Case(linear(64, 16_385), one("gather", weight=(16_385, 64))),
        Case(linear(64, 65_537), linear(64, 65_536), "A17 Pro"),
    ],
    "batch": [
        Case(inputs(tensor("x", (3, 16, 8, 8))), inputs(tensor("x", (4, 16, 8, 8)))),
        # Of other ranks the first axis may be anything.
        Case(inputs(tensor("x", (3, 16, 8, 8))), inputs(tensor("x", (3, 16, 8)), tensor("y", (3, 16, 8, 8, 8)))),
        Case(inputs(tensor("x", (1, 16)), tensor("y", (6, 3, 5, 7))), inputs(tensor("x", (1, 3, 5, 7)))),
    ],
}

SAYS = [
    (
        "power-of-two",
        conv(out=48),
        "info: 1 of 1 layers have widths that are not powers of two (48); none needed: multiples of 16 are as good",
    ),
    (
        "channels-16",
        conv(out=24),
        "warning op: 24 channels out take the time of 32: 25% is padding; use a multiple of 16",
    ),
    (
        "channels-16",
        linear(64, 35),
        "warning op: 35 channels out take the time of 48: 27% is padding; use a multiple of 16",
    ),
    # 897 rows of 42 bytes more
    (
        "alignment",
        inputs(tensor("x", (1, 3, 299, 299))),
        "warning: x has rows of 598 bytes, padded to 640: 37,674 lost; make the last axis a multiple of 32",
    ),
    (
        "alignment",
        inputs(tensor("wave", (1, 1000, 17), "fp32")),
        "warning: wave has rows of 68 bytes, padded to 128: 60,000 lost; make the last axis a multiple of 16",
    ),
    (
        "alignment",
        inputs(tensor("x", (100, 21), "uint8")),
        "warning: x has rows of 21 bytes, padded to 64: 4,300 lost; make the last axis a multiple of 64",
    ),
    (
        "last-axis-one",
        one("relu", (1, 40, 1024, 1)),
        "warning op: y ends in an axis of 1, and takes 2.5 MiB instead of 1/32 of it; put a longer axis last",
    ),
    # 8 of 32 columns
    (
        "narrow-rows",
        conv(size=(8, 24)),
        "info: 1 convolutions have rows not a multiple of 32 wide: 25% is padding; an input of another size may "
        "cost the same: try the next multiple of 32 at the last stages",
    ),
    # 12 and 20 of 32 columns, of all that 96 would be
    (
        "narrow-rows",
        beside(conv(size=(8, 20)), conv(size=(8, 12)), conv(size=(8, 32))),
        "info: 2 convolutions have rows not a multiple of 32 wide: 33% is padding; an input of another size may "
        "cost the same: try the next multiple of 32 at the last stages",
    ),
    (
        "dimension",
        one("relu", (1, 16, 16_385, 8)),
        "error op: y has 16,385 along axis 2, A15 takes 16,384; split the axis",
    ),
    ("dimension", one("relu", (70_000, 16)), "error op: y has 70,000 along axis 0, A15 takes 65,536; split the axis"),
    (
        "rank",
        one("relu", (1, 2, 2, 2, 2, 2, 2)),
        "error op: y has rank 7, the engine takes 5 at most; merge axes with a reshape",
    ),
    (
        "matmul-inner",
        one("matmul", (1, 16_390, 4), (1, 4, 4), transpose_x=1),
        "error op: sums over 16,390, A15 takes 16,384; split the sum in parts and add them",
    ),
    (
        "block-size",
        one("matmul", (1, 4, 16), (1, 4, 1200)),
        "warning op: attends over 1,200 positions, the guideline is 1,024 at most; pool the sequence first, or "
        "attend within windows",
    ),
    (
        "block-size",
        one("scaled_dot_product_attention", (1, 2, 1100, 1300)),
        "warning op: attends over 1,100 positions, the guideline is 1,024 at most; pool the sequence first, or "
        "attend within windows",
    ),
    ("vocabulary", linear(64, 10_001), "warning op: a vocabulary of 10,001 is not a multiple of 64; pad it to 10,048"),
    (
        "vocabulary-split",
        linear(64, 40_000),
        "error op: a head of 40,000 outputs, A15 takes 16,384; split it in 3 heads and concatenate",
    ),
    (
        "vocabulary-split",
        linear(64, 32_768),
        "error op: a head of 32,768 outputs, A15 takes 16,384; split it in 2 heads and concatenate",
    ),
    (
        "batch",
        inputs(tensor("x", (6, 16, 8, 8))),
        "warning: 6 breaks the guideline 'batch sizes are powers of two'; use a power of two",
    ),
]


test_a_rule_finds_what_breaks_it_and_nothing_else = finds(CASES)
test_what_a_rule_says_of_a_program = says(SAYS)


@pytest.mark.parametrize(
    ("widths", "told"),
    [
        ((24, 32, 48, 24), "3 of 4 layers have widths that are not powers of two (24, 48)"),
        ((176, 24, 40, 48, 80), "5 of 5 layers have widths that are not powers of two (24, 40, 48, 80, 176)"),
        ((176, 24, 40, 48, 80, 7), "6 of 6 layers have widths that are not powers of two (7, 24, 40, 48, 80, …)"),
    ],
)
def test_five_different_widths_are_shown(widths: tuple[int, ...], told: str) -> None:
    [finding] = found("power-of-two", beside(*(linear(64, width) for width in widths)))
    assert finding.message == told


@pytest.mark.parametrize("rule", ["last-axis-one", "dimension", "rank"])
def test_every_output_of_every_operation_is_looked_at(rule: str) -> None:
    x, sound = tensor("x", (1, 16, 8, 8)), tensor("sound", (1, 16, 8, 8))
    a, b = (tensor(name, (1, 1, 1, 1, 1, 70_000, 1)) for name in "ab")
    ops = (Op("first", "relu", (x,), (sound,)), Op("cut", "split", (x,), (sound, a)), Op("last", "relu", (a,), (b,)))
    findings = found(rule, Graph((x,), ops, (b,)), "A17 Pro")
    assert [(finding.op, finding.message.split()[0]) for finding in findings] == [("cut", "a"), ("last", "b")]


@pytest.mark.parametrize("rule", ["channels-16", "vocabulary", "vocabulary-split"])
def test_a_layer_is_told_by_its_name(rule: str) -> None:
    graph = beside(linear(64, 64), linear(64, 16_390), linear(64, 32), linear(64, 16_391))
    assert [finding.op for finding in found(rule, graph)] == ["op1", "op3"]


def test_what_reads_nothing_multiplies_no_matrix() -> None:
    assert not found("matmul-inner", changed(one("matmul", (1, 4, 20_000)), inputs=()))

from __future__ import annotations

import pytest
from rule_cases import Case, beside, changed, conv, finds, found, linear, one, product, row, says, series, small, told

from anenas.ane import op_support

dense = conv((1, 1), 16, 16, size=(8, 8))  # 16,384 multiply-accumulates, as many as product(16)
attends = "scaled_dot_product_attention"

CASES: dict[str, list[Case]] = {
    "off-engine": [
        Case(one("cumsum"), small),
        Case(one("topk"), one("relu"), "A14"),
        Case(one("sin"), one("sigmoid"), "A15"),
        Case(one("cumsum"), one("sin"), "A16"),
        # These have a rule of their own, and of these nothing is known.
        *[Case(one("cumsum"), one(kind)) for kind in ("lstm", "gru", "rnn", "while_loop", "erfinv")],
    ],
    "recurrent": [Case(one(kind), small) for kind in ("lstm", "gru", "rnn", "while_loop")],
    "unknown-op": [Case(one("erfinv"), small), Case(one("erfinv"), one("lstm")), Case(one("?"), one("while_loop"))],
    "unclear-op": [
        Case(one("logical_and"), small),
        Case(one("atan"), one("acos")),
        Case(one("slice_update"), one("cumsum")),
        Case(one(attends), one("erfinv")),
    ],
    "attention": [
        Case(product(16), one("matmul", (1, 4, 16), weight=(16, 16))),
        Case(one("matmul", (4, 16, 16)), one("matmul", (16, 16))),
        Case(one("matmul", (16, 16), (1, 16, 16)), one("matmul", (1, 16, 16), (16, 16))),
        Case(one(attends, (16, 16)), one("linear", (1, 16, 16))),
    ],
    "depthwise": [
        Case(conv(groups=16), conv(groups=2)),
        Case(conv(groups=16), conv(into=1)),
        Case(series(3, 16, 16, groups=16), series(3, 16, 16, groups=8)),
        Case(conv(groups=16), one("conv_transpose", weight=(16, 1, 3, 3), groups=16)),
    ],
    "kernel": [
        Case(conv((32, 3)), conv((31, 3))),
        Case(conv((3, 16)), conv((3, 15))),
        Case(conv((3, 14)), conv((3, 13)), "A14"),
        Case(conv((30, 3)), conv((29, 3)), "A14"),
        Case(conv((14, 14)), conv((13, 13)), "M4"),
        Case(conv((28, 7)), conv((27, 7))),
        Case(conv((3, 16)), one("conv_transpose", weight=(16, 16, 3, 16))),
        Case(conv((3, 16)), one("conv", (1, 16, 8, 8, 8), weight=(16, 16, 1, 3, 16))),
    ],
    "kernel-width": [
        Case(conv((3, 9)), conv((9, 8))),
        Case(conv((3, 15)), conv((3, 16))),
        Case(conv((3, 13)), conv((3, 14)), "A14"),
        Case(conv((3, 9)), one("conv_transpose", weight=(16, 16, 3, 9))),
        Case(conv((3, 9)), one("conv", (1, 16, 8, 8, 8), weight=(16, 16, 1, 9, 9))),
    ],
    "stride": [
        Case(conv(stride=(1, 2)), conv(stride=(2, 2))),
        Case(conv(stride=(2, 1)), conv(stride=(1, 1))),
        *[Case(conv(stride=(5, 5)), conv(stride=(size, size))) for size in (3, 4, 6, 8, 9, 12, 18, 27)],
        *[Case(conv(stride=(size, size)), conv()) for size in (0, 5, 7, 10, 14, 15, 22, 25)],
        Case(conv(stride=5), conv(stride=2)),
        Case(one("conv_transpose", stride=(5, 5)), one("max_pool", stride=(5, 5))),
    ],
    "dilation": [
        Case(conv(dilation=(2, 2)), conv(dilation=(1, 1))),
        Case(conv(dilation=(1, 2)), conv()),
        Case(conv(dilation=(2, 1)), conv()),
        Case(conv(dilation=(8, 8)), conv(dilation=(9, 9))),
        Case(conv(dilation=2), conv(dilation=1)),
        Case(conv(dilation=(2, 2)), one("max_pool", dilation=(2, 2))),
    ],
    "dilation-limit": [
        Case(conv(dilation=(12, 12)), conv(dilation=(8, 8))),
        Case(conv(dilation=(9, 1)), conv()),
        Case(conv(dilation=(1, 9)), conv(dilation=(1, 8))),
        Case(conv(dilation=(9, 9)), one("max_pool", dilation=(9, 9))),
    ],
    "pool-window": [
        Case(one("max_pool", kernel=(9, 9)), one("max_pool", kernel=(9, 8))),
        Case(one("max_pool", kernel=(3, 31)), one("max_pool", kernel=(32, 32))),
        Case(one("max_pool", kernel=(3, 33)), one("max_pool", kernel=(33, 1))),
        Case(one("max_pool", kernel=9), one("max_pool", kernel=8)),
        Case(one("avg_pool", kernel=(32, 32)), one("avg_pool", kernel=(31, 31))),
        Case(one("avg_pool", kernel=(1, 32)), one("avg_pool", kernel=(1, 31))),
        Case(one("avg_pool", kernel=(32, 1)), one("l2_pool", kernel=(32, 32))),
        Case(one("avg_pool", kernel=(30, 30)), one("avg_pool", kernel=(29, 29)), "M1"),
        Case(one("avg_pool", kernel=(32, 32)), one("avg_pool")),
    ],
    "pool-stride": [
        Case(one("max_pool", stride=(3, 3)), one("max_pool", stride=(2, 2))),
        Case(one("avg_pool", stride=(2, 3)), one("avg_pool", stride=(1, 4))),
        Case(one("l2_pool", stride=(5, 4)), one("l2_pool")),
        Case(one("max_pool", stride=(1, 2, 3)), one("max_pool", stride=(1, 2, 4))),
        Case(one("max_pool", stride=(8, 8)), conv(stride=(3, 3))),
    ],
    "groups": [
        Case(conv(groups=3), conv(groups=4)),
        Case(conv(into=18, out=16, groups=3), conv(into=18, out=18, groups=3)),
        Case(conv(into=16, out=18, groups=3), conv(into=16, out=18, groups=2)),
        Case(conv(into=15, out=16, groups=2), conv(into=15, out=16)),
        # Without stored weights the first input may be the weight.
        Case(conv(groups=3), one("conv", groups=3)),
        Case(conv(groups=3), changed(conv(groups=3), inputs=())),
        Case(conv(groups=3), one("conv_transpose", weight=(16, 5, 3, 3), groups=3)),
        Case(conv(groups=3), conv()),
    ],
    "group-width": [
        Case(conv(groups=8), conv(groups=2)),
        Case(conv(into=14, out=14, groups=2), conv(into=16, out=16, groups=2)),
        Case(conv(groups=8), conv(groups=16)),
        Case(conv(groups=8), conv(into=2)),
        Case(series(3, 16, 16, groups=4), series(3, 16, 16, groups=16)),
        Case(conv(groups=8), one("conv", weight=(16,), groups=8)),
        Case(conv(groups=8), one("conv_transpose", weight=(16, 2, 3, 3), groups=8)),
    ],
    "batch-norm": [
        Case(row("conv", "batch_norm"), row("relu", "batch_norm")),
        Case(row("relu", "conv", "batch_norm"), row("conv", "relu", "batch_norm")),
        Case(row("conv", "batch_norm"), row("conv", "relu")),
        Case(row("conv", "batch_norm"), changed(one("batch_norm"), inputs=())),
    ],
    "group-norm": [Case(one("native_group_norm"), one("layer_norm"))],
    "softmax-axis": [  # from 2 MiB on
        Case(one("softmax", (1, 64, 128, 128), axis=3), one("softmax", (1, 64, 128, 128), axis=1)),
        Case(one("softmax", (1, 64, 128, 128), axis=2), one("softmax", axis=2)),
        Case(one("softmax", (1, 64, 128, 128), axis=2), one("softmax", (1, 64, 128, 128), axis=0)),
        Case(one("softmax", (1, 64, 128, 128), axis=-1), one("softmax", (1, 64, 128, 128), axis=-3)),
        Case(one("softmax", (1, 64, 128, 128), axis=-2), one("softmax", (1, 64, 128, 128), axis=-4)),
        Case(one("softmax", (1, 64, 128, 128), axis=3), one("softmax", (1, 64, 128, 127), axis=3)),
        Case(one("softmax", (1, 64, 128, 128), axis=2), one("softmax", (64, 128, 128), axis=2)),
        Case(one("softmax", (1, 64, 128, 128), axis=3), one("softmax", (1, 64, 128, 128))),
        Case(one("softmax", (1, 64, 128, 128), axis=3), one("concat", (1, 64, 128, 128), axis=3)),
    ],
    "resize": [
        Case(one(kind), small, chip)
        for kind, chip in (
            ("resize", "A14"),
            ("resize_bilinear", "A14"),
            ("resize_nearest_neighbor", "M1"),
            ("upsample_bilinear", "M1"),
            ("upsample_nearest_neighbor", "A13"),
        )
    ],
    "topk": [Case(one("topk"), small, "M4")],
}

SAYS = [
    (
        "off-engine",
        one("cumsum"),
        "error op: cumsum never runs on the engine: Core ML on M4 rejects it; ane-guide: only by a private route; "
        "replace it, or do it before or after the program",
    ),
    (
        "off-engine",
        one("sin"),
        "error op: sin does not run on the engine of A15, only on newer ones; replace it, or do it before or after "
        "the program",
    ),
    (
        "recurrent",
        one("gru"),
        "error op: gru never runs on the engine; gates of the input alone (min_gru, sru, qrnn), 32 unrolled steps at "
        "most, or convolutions (tcn)",
    ),
    (
        "unknown-op",
        one("erfinv"),
        "warning op: nothing is known about erfinv; convert the model and look at its compute plan on a Mac",
    ),
    (
        "unclear-op",
        one("atan"),
        "warning op: atan: a sweep on M5 Pro ran it; older tables say no; look at the compute plan on a Mac",
    ),
    # Products of 4·16·16·16 = 16,384 multiply-accumulates beside as many, and beside three times as many.
    (
        "attention",
        beside(product(16), dense),
        "warning: 1 products of two activations, as in attention: 50% of multiply-accumulates; use convolutions, at "
        "least in the stages with many pixels",
    ),
    (
        "attention",
        beside(product(16), dense, dense, product(16), dense, one(attends), linear(1, 1)),
        "warning: 3 products of two activations, as in attention: 40% of multiply-accumulates; use convolutions, at "
        "least in the stages with many pixels",
    ),
    (
        "attention",
        one("matmul", (1, 1, 1)),
        "warning: 1 products of two activations, as in attention: 100% of multiply-accumulates; use convolutions, at "
        "least in the stages with many pixels",
    ),
    (
        "attention",
        one(attends),
        "warning: 1 products of two activations, as in attention: 0% of multiply-accumulates; use convolutions, at "
        "least in the stages with many pixels",
    ),
    # 8·8·16·16 = 16,384
    (
        "depthwise",
        beside(conv((4, 4), groups=16), dense, conv((4, 4), groups=16)),
        "info: 2 depthwise convolutions: 67% of multiply-accumulates, more of the time; where channels are few, a "
        "dense or grouped convolution may be as fast and learn more",
    ),
    (
        "depthwise",
        conv(size=(8, 0), groups=16),
        "info: 1 depthwise convolutions: 0% of multiply-accumulates, more of the time; where channels are few, a "
        "dense or grouped convolution may be as fast and learn more",
    ),
    ("kernel", conv((40, 5)), "error op: 40×5 kernel, A15 takes 31×15; use several smaller convolutions"),
    ("kernel", conv((20, 12)), "error op: 20×12 kernel compiles for minutes; use several smaller convolutions"),
    (
        "kernel-width",
        conv((2, 11)),
        "warning op: kernel 11 wide costs about 1.8 times what its size suggests; keep kernels at most 8 wide",
    ),
    ("stride", conv(stride=(2, 3)), "warning op: stride 2×3; use equal strides of 2 or 3"),
    (
        "dilation",
        conv(dilation=(2, 4)),
        "warning op: dilation 2×4 loses the fast 3×3 algorithm; reduce the resolution instead, or use a factor of "
        "2 or 3",
    ),
    (
        "dilation-limit",
        conv(dilation=(2, 10)),
        "error op: dilation 2×10, the engine takes 8; reduce the resolution instead",
    ),
    (
        "pool-window",
        one("max_pool", kernel=(8, 12)),
        "error op: max pooling 12 wide, the engine takes 1 to 8 or 32; pool several times, or reduce_max over "
        "everything",
    ),
    (
        "pool-window",
        one("avg_pool", kernel=(7, 40)),
        "error op: average over 7×40, A15 takes 31; pool several times, or reduce_mean over everything",
    ),
    ("pool-stride", one("max_pool", stride=(3, 2)), "warning op: pools with stride 3×2; use 2 or 4"),
    (
        "groups",
        conv(into=16, out=20, groups=6),
        "error op: 6 groups do not divide 16 channels in and 20 out; use a divisor",
    ),
    (
        "group-width",
        conv((5, 5), into=24, out=16, groups=8),
        "warning op: groups of 3 channels are no faster than one dense convolution; use groups of 8 or 16 channels, "
        "or none",
    ),
    (
        "batch-norm",
        row("relu", "conv", "batch_norm"),
        "warning op2: batch normalisation after a convolution is not folded; fuse the model before converting it",
    ),
    (
        "group-norm",
        one("native_group_norm"),
        "warning op: group normalisation becomes several operations; use batch normalisation, and fuse it",
    ),
    (
        "softmax-axis",
        one("softmax", (1, 80, 128, 128), axis=3),
        "warning op: softmax along axis 3 of 2.5 MiB; move the axis that it sums over to the channels",
    ),
    (
        "topk",
        one("topk"),
        "warning op: topk takes milliseconds where the engine runs it; do it after the program",
    ),
]


test_a_rule_finds_what_breaks_it_and_nothing_else = finds(CASES)
test_what_a_rule_says_of_a_program = says(SAYS)


def test_a_chip_without_resizing_decomposes_it() -> None:
    decomposed = "warning op: M1 decomposes resize_bilinear; use nearest neighbours by 2, or conv_transpose"
    assert told("resize", one("resize_bilinear"), "M1") == [decomposed]
    assert not told("resize", one("resize_bilinear"), "M2")


@pytest.mark.parametrize("kind", sorted(op_support()))
def test_what_a_chip_runs_all_newer_ones_run(kind: str) -> None:
    assert not found("unknown-op", one(kind))
    rejected = [bool(found("off-engine", one(kind), chip)) for chip in ("A12", "A14", "A15", "A16", "A17 Pro", "A20")]
    assert rejected == sorted(rejected, reverse=True)


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        ("off-engine", "cumsum"),
        ("recurrent", "gru"),
        ("unknown-op", "erfinv"),
        ("unclear-op", "atan"),
        ("group-norm", "native_group_norm"),
        ("topk", "topk"),
    ],
)
def test_an_operation_is_told_by_its_name(rule: str, broken: str) -> None:
    assert [finding.op for finding in found(rule, row("relu", broken, "conv", broken))] == ["op1", "op3"]

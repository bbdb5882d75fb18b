from __future__ import annotations

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
    row,
    says,
    series,
    small,
    tensor,
    told,
)

from anenas.graph import Graph, Op, Storage, Tensor


def weighing(weight_bytes: int, *, storage: Storage | None = None) -> Graph:
    """A program with weights of so many bytes, which multiply nothing."""
    return changed(small, weights=(Tensor("w", (weight_bytes,), "int8", storage),))


def mixed(kind: str, read: str, written: str) -> Graph:
    """An operation from one type to another."""
    x, y = tensor("x", (1, 8), read), tensor("y", (1, 8), written)
    return Graph((x,), (Op("op", kind, (x,), (y,)),), (y,))


def compressed(graph: Graph) -> Graph:
    """The same program of one operation with its weight as large, but stored in a compressed format."""
    [op] = graph.ops
    [weight] = op.weights
    return changed(graph, weights=(Tensor("w", weight.shape, storage=Storage("int8", weight.bytes)),))


# A layer that multiplies each of its weights once and one that does so 16,384 times: reading 2.1 MB at 32 GB/s takes
# 65.5 µs, computing 2.1 million operations at half of 15.88 teraflops 0.264 µs.
bound, busy = linear(1024, 1024), conv(into=64, out=64, size=(128, 128))
# Weights of a megabyte and of a little less.
weighty, light = linear(1000, 500), linear(1000, 499)
# Weights of 2·512·512·9 bytes are read in 147.5 µs on an A15. It computes 0.594 µs on each place: 491.2 µs on 827, of
# which 147.5 are just under 0.3 times.
near, beyond = conv(into=512, out=512, size=(1, 826)), conv(into=512, out=512, size=(1, 827))

CASES: dict[str, list[Case]] = {
    "fp32": [
        Case(one("relu", dtype="fp32"), one("cast", dtype="fp32")),
        Case(one("relu", dtype="fp64"), one("classify", dtype="fp32")),
        Case(mixed("relu", "fp32", "fp16"), mixed("relu", "fp16", "fp16")),
        Case(mixed("relu", "fp16", "fp32"), mixed("relu", "fp16", "int32")),
        *[Case(one("relu", dtype="fp32"), one(kind, dtype="fp32")) for kind in ("lstm", "gru", "rnn", "while_loop")],
        Case(one("relu", dtype="fp32"), inputs(tensor("x", (1, 8), "fp32"))),
    ],
    "int32": [
        Case(one("gather", dtype="int32"), one("gather", dtype="int16")),
        Case(one("cast", dtype="int64"), one("cast", dtype="fp64")),
        Case(mixed("reduce_argmax", "fp16", "int32"), mixed("reduce_argmax", "fp16", "uint16")),
        Case(mixed("gather", "int32", "fp16"), inputs(tensor("x", (1, 8), "int32"))),
        Case(one("classify", dtype="int32"), one("classify")),
        *[Case(one("relu", dtype="int32"), one(kind, dtype="int32")) for kind in ("lstm", "gru", "rnn", "while_loop")],
    ],
    "io-precision": [
        Case(one("cast", dtype="fp32"), one("cast")),
        Case(mixed("cast", "fp64", "fp16"), mixed("cast", "uint8", "fp16")),
        Case(mixed("cast", "fp16", "fp32"), mixed("cast", "fp16", "int32")),
        Case(
            mixed("cast", "fp16", "fp32"),
            Graph((), (Op("op", "cast", (), (tensor("y", (1, 8), "fp32"),)),), ()),
        ),
    ],
    "size": [
        Case(conv(), small),
        Case(weighing(1), weighing(0)),
        Case(weighing(10_000_000), weighing(10_000_001)),
    ],
    "size-10mb": [
        Case(one("linear", (1, 4096), weight=(4096, 4096)), conv()),
        Case(weighing(10_000_001), weighing(10_000_000)),
        Case(weighing(1_000_000_000), weighing(1_000_000_001)),
    ],
    "size-limit": [
        Case(one("linear", (1, 16), weight=(65_536, 16_384)), one("linear", (1, 16), weight=(4096, 4096))),
        Case(weighing(1_000_000_001), weighing(1_000_000_000)),
    ],
    "quantisation": [
        Case(bound, busy),
        Case(bound, compressed(bound)),
        Case(bound, beside(bound, one("quantize"))),
        Case(bound, weighing(2_000_000)),
        Case(weighty, light),
        Case(near, beyond),
        # Where 8-bit numbers are computed with at twice the rate.
        Case(conv(), row("conv", "quantize"), "M4"),
        Case(conv(), compressed(conv()), "M4"),
        Case(busy, small, "A17 Pro"),
        Case(light, row("quantize", "conv"), "A17 Pro"),
        Case(bound, busy, "A16"),
    ],
    "pruning": [
        Case(bound, busy),
        Case(bound, compressed(bound)),
        Case(bound, weighing(2_000_000)),
        Case(weighty, light),
        Case(near, beyond),
        Case(beside(bound, one("quantize")), beside(busy, one("quantize"))),
    ],
    "channel-passes": [
        Case(conv(out=272), conv(out=512)),
        Case(conv(out=257), conv(out=256)),
        Case(conv(out=288), conv(out=289)),
        Case(conv(out=544), conv(out=32)),
        Case(conv(into=2, out=272), conv(into=272, out=272, groups=272)),
        Case(series(3, 16, 272), series(3, 16, 256)),
        Case(conv(out=272), one("conv", weight=(272,))),
        Case(conv(out=272), one("conv_transpose", weight=(272, 16, 3, 3))),
    ],
}

FLOAT16 = (
    "convert with compute_precision=FLOAT16; take from numbers what is common to all if float16 does not hold them"
)
SAYS = [
    (
        "fp32",
        mixed("relu", "fp16", "fp32"),
        f"error op: relu works on fp32 (y); {FLOAT16}",
    ),
    ("fp32", one("add", dtype="fp64"), f"error op: add works on fp64 (x); {FLOAT16}"),
    (
        "int32",
        mixed("reduce_argmax", "fp16", "int32"),
        "error op: reduce_argmax works on int32 (y); do it before or after the program",
    ),
    ("int32", one("gather", dtype="int64"), "error op: gather works on int64 (x); do it before or after the program"),
    (
        "io-precision",
        mixed("cast", "fp32", "fp64"),
        "info: x, y: cast from or to fp32; declare arrays as Float16 (iOS 16 and later)",
    ),
    (
        "io-precision",
        mixed("cast", "fp16", "fp32"),
        "info: y: cast from or to fp32; declare arrays as Float16 (iOS 16 and later)",
    ),
    ("size", weighing(2_345_678), "info: weights total 2.3 MB, under 10 MB; none needed"),
    ("size", linear(1000, 1000), "info: weights total 2 MB, under 10 MB; none needed"),
    # 33.6 MB at 32 GB/s
    (
        "size-10mb",
        linear(4096, 4096),
        "warning: weights total 33.6 MB, over 10: 1.05 ms to read; palettise to 4 or 6 bits, or use a smaller network",
    ),
    (
        "size-limit",
        weighing(1_050_000_000),
        "error: weights total 1,050 MB, iOS loads 1,000; split the model, or compress it",
    ),
    (
        "quantisation",
        bound,
        "info: reading the weights takes 248.1 times as long as computing with them on A15; palettise the weights to "
        "4 bits, for a whole tensor or groups of 4 channels and more",
    ),
    (
        "pruning",
        bound,
        "info: bound by its weights in part: sparse weights pay from 75 %, best in 1×1 convolutions; prune to 75 % or "
        "more, or prune whole channels in steps of 16",
    ),
    (
        "channel-passes",
        conv(out=272),
        "warning op: 272 channels out need one more pass for the last 16; prune to 256",
    ),
    (
        "channel-passes",
        conv(out=513),
        "warning op: 513 channels out need one more pass for the last 1; prune to 512",
    ),
    (
        "channel-passes",
        conv(out=792),
        "warning op: 792 channels out need one more pass for the last 24; prune to 768",
    ),
]


test_a_rule_finds_what_breaks_it_and_nothing_else = finds(CASES)
test_what_a_rule_says_of_a_program = says(SAYS)


def test_chips_that_double_8_bit_numbers_are_told_what_for() -> None:
    """Whatever the weights weigh."""
    [said] = told("quantisation", light, "M4")
    assert said == (
        "info: activations are fp16: M4 computes 8-bit weights with 8-bit activations at twice the rate; quantise "
        "weights and activations to 8 bits; weights alone gain nothing"
    )


def test_weights_stream_at_the_rate_of_the_chip() -> None:
    """25 MB at 25, 50 and 150 GB/s."""
    ms = {chip: told("size-10mb", weighing(25_000_000), chip)[0] for chip in ("A12", "A19", "M6")}
    for chip, expected in {"A12": "1.00 ms", "A19": "0.50 ms", "M6": "0.17 ms"}.items():
        assert f"over 10: {expected} to read" in ms[chip]


@pytest.mark.parametrize("weight_bytes", [1, 10_000_000, 10_000_001, 1_000_000_000, 1_000_000_001])
def test_one_rule_tells_of_the_size(weight_bytes: int) -> None:
    said = [rule for rule in ("size", "size-10mb", "size-limit") if found(rule, weighing(weight_bytes))]
    assert len(said) == 1


@pytest.mark.parametrize(("rule", "dtype"), [("fp32", "fp32"), ("int32", "int32")])
def test_an_operation_is_told_by_its_name_and_once(rule: str, dtype: str) -> None:
    graph = beside(one("relu"), one("relu", dtype=dtype), one("lstm", dtype=dtype), one("add", dtype=dtype))
    assert [(finding.op, finding.message.split()[0]) for finding in found(rule, graph)] == [
        ("op1", "relu"),
        ("op3", "add"),
    ]


def test_layers_just_over_a_pass_are_told_by_their_names() -> None:
    graph = beside(conv(), conv(out=272), conv(out=512), conv(out=544))
    assert [finding.op for finding in found("channel-passes", graph)] == ["op1", "op3"]

from __future__ import annotations

import pytest
from rule_cases import (
    Case,
    beside,
    changed,
    conv,
    finds,
    flexible,
    found,
    inputs,
    one,
    row,
    says,
    small,
    tensor,
    told,
)

from anenas.graph import Flexible, Graph, Op

TWO = ("add", "sub", "mul", "real_div", "maximum", "minimum")
ELEMENTWISE = (
    *TWO, "pow", "relu", "relu6", "clip", "sigmoid", "sigmoid_hard", "tanh", "silu", "gelu", "exp", "log", "sqrt",
    "rsqrt", "square", "abs", "thresholded_relu", "softplus",
)  # fmt: skip


def two(kind: str, channels: int = 16) -> Graph:
    """An operation of two activations."""
    graph = one(kind, (1, channels, 8, 8))
    return changed(graph, inputs=graph.inputs * 2)


def between_convolutions(*kinds: str) -> Graph:
    """Operations between convolutions, each of which has enough work to launch the engine for."""
    x, w = tensor("x", (1, 256, 32, 32)), tensor("w", (256, 256, 3, 3))
    names = ["conv", *(name for kind in kinds for name in (kind, "conv"))]
    ops = tuple(Op(f"op{i}", kind, (x,), (x,), (w,) if kind == "conv" else ()) for i, kind in enumerate(names))
    return Graph((x,), ops, (x,))


def convolutions(count: int) -> Graph:
    """Of 64 channels on 32×32."""
    return beside(*[conv(into=64, out=64, size=(32, 32))] * count)


CASES: dict[str, list[Case]] = {
    "segments": [
        Case(between_convolutions("cumsum"), between_convolutions("relu")),
        Case(between_convolutions("relu", "cumsum"), row("conv", "cumsum", "conv")),
        Case(between_convolutions("sin"), between_convolutions("sigmoid"), "A15"),
        Case(between_convolutions("cumsum"), between_convolutions("sin"), "A16"),
    ],
    "flexible-shape": [
        Case(flexible(one("conv"), 0), flexible(one("conv"), 128)),
        Case(flexible(one("layer_norm"), 2), one("layer_norm")),
        Case(flexible(one("layer_norm"), 1), flexible(one("batch_norm"), 1)),
        Case(flexible(row("conv", "layer_norm", "relu"), 2), flexible(row("conv", "relu"), 1)),
        Case(flexible(one("conv"), 129), flexible(one("conv"), 2)),
    ],
    "tiny": [
        Case(conv(), conv(into=256, out=256, size=(32, 32))),
        # As Core ML's planner places them.
        Case(convolutions(1), convolutions(4)),
        Case(conv(), small),
        Case(conv(), row("conv", "cumsum")),
        Case(conv(), row("cumsum")),
    ],
    "two-input-ops": [
        *[Case(two(kind), one(kind)) for kind in TWO],
        Case(two("add"), two("concat")),
        Case(beside(small, two("mul")), row("conv", "relu", "mul")),
    ],
    "convolutions": [
        Case(row(*["conv"] * 381), row(*["conv"] * 380)),
        Case(row(*["conv", "relu"] * 381), row(*["conv"] * 380, "relu")),
    ],
    "elementwise-chain": [
        Case(row(*["relu"] * 129), row(*["relu"] * 128)),
        *[Case(row(*["relu"] * 100, kind, *["relu"] * 28), row(*[kind] * 128)) for kind in ELEMENTWISE],
        Case(row("conv", *["add"] * 129, "conv", "add"), row(*["relu"] * 128, "conv", *["relu"] * 128)),
    ],
    "not-validated": [Case(small, inputs(tensor("x", (1, 16, 8, 8))))],
}

SAYS = [
    (
        "segments",
        between_convolutions("cumsum", "relu", "cumsum"),
        "warning: the engine's work is cut into 3 segments; fix what leaves the engine, or move it to an end",
    ),
    (
        "flexible-shape",
        flexible(one("layer_norm"), 0),
        "warning: x takes a range of shapes; the engine is planned for the default one alone; export it with one "
        "shape, or a function for each",
    ),
    (
        "flexible-shape",
        flexible(one("layer_norm"), 200),
        "warning: x takes 200 shapes; the engine is planned for 128 at most; export it with one shape, or a function "
        "for each",
    ),
    (
        "flexible-shape",
        flexible(one("layer_norm"), 128),
        "warning: x takes 128 shapes, and layer_norm may leave the engine with them; export it with one shape, or a "
        "function for each",
    ),
    (
        "two-input-ops",
        beside(two("add", 2000), two("mul", 3000), one("add"), small),
        "info: 2 sums and products of two activations, 320,000 elements; fewer skips and squeeze-and-excites, or "
        "branches that fuse",
    ),
    (
        "convolutions",
        row(*["conv", "relu"] * 390),
        "error: 390 convolutions: Apple's compiler fails beyond about 386; split the model in two",
    ),
    (
        "elementwise-chain",
        row(*["relu"] * 131, "conv", *["add"] * 140, "conv", *["relu"] * 135),
        "warning: 140 element-wise operations in a row compile slowly; compute with fewer, larger ones",
    ),
    (
        "not-validated",
        small,
        "info: not measured on a device with A15: all of this follows published sources; load it on the device, look "
        "at its compute plan and time it",
    ),
]


test_a_rule_finds_what_breaks_it_and_nothing_else = finds(CASES)
test_what_a_rule_says_of_a_program = says(SAYS)


@pytest.mark.parametrize(
    ("graph", "saved"),
    [
        # 37,748,736 multiply-accumulates take 100.13 µs on the CPU, and a few on the engine.
        (convolutions(1), "0.10"),
        (convolutions(2), "0.19"),
        # 4,096 are no faster on the engine.
        (conv((1, 1), 8, 8), "0.00"),
    ],
)
def test_a_tiny_program_is_told_what_the_engine_saves(graph: Graph, saved: str) -> None:
    assert told("tiny", graph) == [
        f"warning: the engine saves about {saved} ms: under 0.25, Core ML may keep it on the CPU; load it with compute "
        "units cpuAndNeuralEngine, and look at its compute plan"
    ]


def test_every_flexible_input_is_told_of() -> None:
    graph = Graph((), (), (), (Flexible("a", 0), Flexible("b", 128), Flexible("c", 129)))
    assert [finding.message.split()[0] for finding in found("flexible-shape", graph)] == ["a", "c"]

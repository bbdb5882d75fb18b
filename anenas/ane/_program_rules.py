"""Rules about whole programs: their segments and their length."""

from __future__ import annotations

from collections.abc import Iterator

from anenas.ane._chips import Chip
from anenas.ane._guidelines import MAX_CONVOLUTIONS, convolutions_problem
from anenas.ane._placement import program_cost
from anenas.ane._registry import Problem, rule
from anenas.graph import Graph

_ELEMENTWISE = {
    "add", "sub", "mul", "real_div", "maximum", "minimum", "pow", "relu", "relu6", "clip", "sigmoid", "sigmoid_hard",
    "tanh", "silu", "gelu", "exp", "log", "sqrt", "rsqrt", "square", "abs", "thresholded_relu", "softplus",
}  # fmt: skip
_TWO_INPUTS = {"add", "sub", "mul", "real_div", "maximum", "minimum"}
_MAX_CHAIN = 128
_MAX_SHAPES = 128


@rule(
    "segments",
    "warning",
    guideline="A9: one segment on the engine",
    evidence="Each further segment is counted as 0.375 ms: 0.125 ms for its launch and for each of two switches (751K, "
    "from Core ML's planner, which it reproduces for 440 of 482 models). It may be more: of Core AI, which partitions "
    "otherwise, 0.72 ms a boundary are reported on M4, and 0.60 to 1.75 ms on A19 Pro for a topk off the engine.",
)
def _segments(graph: Graph, chip: Chip) -> Iterator[Problem]:
    count = program_cost(graph, chip).engine_segments
    if count > 1:
        yield "", f"the engine's work is cut into {count} segments", "fix what leaves the engine, or move it to an end"


@rule(
    "flexible-shape",
    "warning",
    guideline="A2: shapes that do not change",
    evidence="Of a range of shapes only the default one runs on the engine, unless it is loaded with reshapeFrequency "
    "infrequent (iOS 17.4); up to 128 listed shapes do, but layer normalisation with them was reported off the engine "
    "(coremltools issues 1909 and 2370). Apple advises one function per shape. All other findings are for the default "
    "one.",
)
def _flexible(graph: Graph, chip: Chip) -> Iterator[Problem]:
    normalised = any(op.kind == "layer_norm" for op in graph.ops)
    for one in graph.flexible:
        fix = "export it with one shape, or a function for each"
        if not one.shapes:
            yield "", f"{one.input} takes a range of shapes; the engine is planned for the default one alone", fix
        elif one.shapes > _MAX_SHAPES:
            yield "", f"{one.input} takes {one.shapes} shapes; the engine is planned for {_MAX_SHAPES} at most", fix
        elif normalised:
            yield "", f"{one.input} takes {one.shapes} shapes, and layer_norm may leave the engine with them", fix


@rule(
    "tiny",
    "warning",
    guideline="A10: enough work to be worth the engine",
    evidence="Core ML's planner keeps on the CPU what saves less than a launch and a change of unit: 0.25 ms. One "
    "3×3 convolution of 64 channels on 32×32 stays, four go (751K, M4). CPU times are the planner's own for M4.",
)
def _tiny(graph: Graph, chip: Chip) -> Iterator[Problem]:
    cost = program_cost(graph, chip)
    if cost.is_tiny:
        message = (
            f"the engine saves about {max(0, cost.saved_us) / 1000:.2f} ms: under 0.25, Core ML may keep it on the CPU"
        )
        yield "", message, "load it with compute units cpuAndNeuralEngine, and look at its compute plan"


@rule(
    "two-input-ops",
    "info",
    guideline="A17: few element-wise operations of two activations",
    evidence="4 to 18 µs each for 0.1 to 0.5 million elements (751K, M6); an activation after a convolution is free. "
    "The latency estimate counts it.",
)
def _two_inputs(graph: Graph, chip: Chip) -> Iterator[Problem]:
    found = [op for op in graph.ops if op.kind in _TWO_INPUTS and len(op.inputs) > 1]
    if found:
        elements = sum(op.outputs[0].elements for op in found)
        message = f"{len(found)} sums and products of two activations, {elements:,} elements"
        yield "", message, "fewer skips and squeeze-and-excites, or branches that fuse"


@rule(
    "convolutions",
    "error",
    guideline=f"A15: at most {MAX_CONVOLUTIONS} convolutions",
    evidence="The compiler runs out of stack beyond about 386 on M6, 448 on M4 (751K) and 383 (maderix/ANE).",
)
def _convolutions(graph: Graph, chip: Chip) -> Iterator[Problem]:
    if problem := convolutions_problem(sum(op.kind == "conv" for op in graph.ops)):
        yield "", problem, "split the model in two"


@rule(
    "elementwise-chain",
    "warning",
    guideline="A15: no hundreds of element-wise operations in a row",
    evidence="Chains of 128, 256 and 512 compile for 1, 13 and 179 s (751K, M6).",
)
def _chain(graph: Graph, chip: Chip) -> Iterator[Problem]:
    length = longest = 0
    for op in graph.ops:
        length = length + 1 if op.kind in _ELEMENTWISE else 0
        longest = max(longest, length)
    if longest > _MAX_CHAIN:
        yield "", f"{longest} element-wise operations in a row compile slowly", "compute with fewer, larger ones"


@rule(
    "not-validated",
    "info",
    guideline="17: validated on a device",
    evidence="Core ML's compute plan names the unit that it uses (2,187 of 2,187 operations, 751K), but its costs are "
    "estimates; only a measurement shows how long a program takes.",
)
def _not_validated(graph: Graph, chip: Chip) -> Iterator[Problem]:
    if graph.ops:
        message = f"not measured on a device with {chip.name}: all of this follows published sources"
        yield "", message, "load it on the device, look at its compute plan and time it"

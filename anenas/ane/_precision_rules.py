"""Rules about number formats, stored size and compression."""

from __future__ import annotations

from collections.abc import Container, Iterator

from anenas.ane._chips import Chip
from anenas.ane._guidelines import MAX_WEIGHTS_MB, weights_problem
from anenas.ane._registry import Problem, rule
from anenas.ane._shape_rules import filters
from anenas.ane._support import RECURRENT
from anenas.graph import Graph

_FLOAT16 = (
    "convert with compute_precision=FLOAT16; take from numbers what is common to all if float16 does not hold them"
)
_TOO_WIDE = {"fp32", "fp64"}
_INTEGERS = {"int32", "int64"}
# Operations that change the format by design, and those with a rule of their own.
_PASSED_OVER = {"cast", "classify", *RECURRENT}
_MB = 1e6
_GUIDELINE_MB = 10


@rule(
    "fp32",
    "error",
    guideline="8: fp16, no fp32 tensor inside",
    evidence="The engine computes in fp16 and int8; fp32 falls back to CPU or GPU (apple/coreai-models; 751K). fp32 "
    "inputs and outputs are cast, and stay.",
)
def _fp32(graph: Graph, chip: Chip) -> Iterator[Problem]:
    return _typed(graph, _TOO_WIDE, _PASSED_OVER, _FLOAT16)


@rule(
    "int32",
    "error",
    guideline="8: no int32 tensor inside",
    evidence='The validator says "Unsupported tensor data type: int32" (751K, M4); argmax, topk, embeddings and '
    "computed indices make them (A8).",
)
def _int32(graph: Graph, chip: Chip) -> Iterator[Problem]:
    return _typed(graph, _INTEGERS, RECURRENT, "do it before or after the program")


def _typed(graph: Graph, dtypes: Container[str], exempt: Container[str], fix: str) -> Iterator[Problem]:
    for op in graph.ops:
        found = next((tensor for tensor in (*op.inputs, *op.outputs) if tensor.dtype in dtypes), None)
        if found and op.kind not in exempt:
            yield op.name, f"{op.kind} works on {found.dtype} ({found.name})", fix


@rule(
    "io-precision",
    "info",
    guideline="8: fp16, in inputs and outputs",
    evidence="Core ML casts fp32 inputs and outputs, which costs about one element-wise operation and twice the bytes "
    "(apple/coreai-models; 751K). Images are cast from their 8 bits anyway.",
)
def _io_precision(graph: Graph, chip: Chip) -> Iterator[Problem]:
    wide = [tensor.name for tensor in (*graph.inputs, *graph.outputs) if tensor.dtype in _TOO_WIDE]
    if wide:
        yield "", f"{', '.join(wide)}: cast from or to fp32", "declare arrays as Float16 (iOS 16 and later)"


@rule(
    "size",
    "info",
    guideline="11: under 10 MB",
    evidence="Far from any limit of the engine; weights stream in on every call, 10 MB in 0.2 to 0.3 ms on M1 and A17 "
    "Pro (ane-guide; Apple's OPT figures), which the latency estimate counts.",
)
def _size(graph: Graph, chip: Chip) -> Iterator[Problem]:
    megabytes = graph.weight_bytes / _MB
    if 0 < megabytes <= _GUIDELINE_MB:
        yield "", f"weights total {megabytes:.2g} MB, under {_GUIDELINE_MB} MB", "none needed"


@rule(
    "size-10mb",
    "warning",
    guideline="11: under 10 MB",
    evidence="A guideline for shipping, not a limit of the engine (see `size`).",
)
def _size_10mb(graph: Graph, chip: Chip) -> Iterator[Problem]:
    megabytes = graph.weight_bytes / _MB
    if _GUIDELINE_MB < megabytes <= MAX_WEIGHTS_MB:
        message = f"weights total {megabytes:.1f} MB, over {_GUIDELINE_MB}: {_streaming_ms(graph, chip):.2f} ms to read"
        yield "", message, "palettise to 4 or 6 bits, or use a smaller network"


@rule(
    "size-limit",
    "error",
    guideline="11: size, what loads at all",
    evidence="At most 1 GB on iOS (coremltools' documentation). macOS 27 runs a compiled model above 1 GiB on the CPU "
    "and says nothing, macOS up to 26 one above 2 GiB (PyPI eeane 2.1.0: M2, 27.0.1; the only source).",
)
def _size_limit(graph: Graph, chip: Chip) -> Iterator[Problem]:
    if problem := weights_problem(graph.weight_bytes):
        yield "", problem, "split the model, or compress it"


@rule(
    "quantisation",
    "info",
    guideline="14: quantisation, what it gains on the chip",
    evidence="8-bit weights alone speed no multiply-accumulate up: ResNet50 took 1.50 ms instead of 1.38 on A17 Pro. "
    "8-bit weights and activations: 1.3 to 2.5 times faster there, nothing on M1; A16 gains by halved traffic "
    "(coremltools' documentation; maderix/ANE; 751K).",
)
def _quantisation(graph: Graph, chip: Chip) -> Iterator[Problem]:
    if not graph.macs or any(op.kind == "quantize" for op in graph.ops) or _is_compressed(graph):
        return
    if chip.doubles_int8:
        message = f"activations are fp16: {chip.name} computes 8-bit weights with 8-bit activations at twice the rate"
        yield "", message, "quantise weights and activations to 8 bits; weights alone gain nothing"
    elif (ratio := _weight_ratio(graph, chip)) >= 0.3:
        message = f"reading the weights takes {ratio:.1f} times as long as computing with them on {chip.name}"
        yield "", message, "palettise the weights to 4 bits, for a whole tensor or groups of 4 channels and more"


@rule(
    "pruning",
    "info",
    guideline="15: pruning, what pays on the chip",
    evidence="Single weights: ResNet50 gains 4 % at 50 % and 16 % at 75 % on an iPhone (coremltools' documentation), "
    "and sparse 3×3 convolutions lose Winograd: 50 % is slower (751K, M6). Whole channels pay in steps of 16.",
)
def _pruning(graph: Graph, chip: Chip) -> Iterator[Problem]:
    if graph.macs and not _is_compressed(graph) and _weight_ratio(graph, chip) >= 0.3:
        message = "bound by its weights in part: sparse weights pay from 75 %, best in 1×1 convolutions"
        yield "", message, "prune to 75 % or more, or prune whole channels in steps of 16"


@rule(
    "channel-passes",
    "warning",
    guideline="15: pruning, channels just over a pass of 256",
    evidence="The array takes 256 output channels at a time: 256 to 272 costs 32 % more, 512 to 528 costs 12 % (751K, "
    "M6); 192 to 256 costs three times as much on M1 (ane-guide).",
)
def _channel_passes(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        shape = filters(op)
        if op.kind == "conv" and shape and shape[0] > 256 and 0 < shape[0] % 256 <= 32 and shape[1] > 1:
            message = f"{shape[0]} channels out need one more pass for the last {shape[0] % 256}"
            yield op.name, message, f"prune to {shape[0] // 256 * 256}"


def _is_compressed(graph: Graph) -> bool:
    return any(weight.storage for op in graph.ops for weight in op.weights)


def _streaming_ms(graph: Graph, chip: Chip) -> float:
    return graph.weight_bytes / (chip.weight_gb_s * 1e6)


def _weight_ratio(graph: Graph, chip: Chip) -> float:
    """Time to read the weights over time to compute with them at half the peak.

    0 if the weights are under 1 MB: there is nothing to gain.
    """
    if graph.weight_bytes < _MB:
        return 0.0
    computing_ms = 2 * graph.macs / (chip.peak_tflops / 2 * 1e9)
    return _streaming_ms(graph, chip) / computing_ms

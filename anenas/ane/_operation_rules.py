"""Rules about single operations: which ones the engine runs, and with which parameters."""

from __future__ import annotations

from collections.abc import Iterator

from anenas.ane._chips import ON_CHIP_BYTES, Chip
from anenas.ane._registry import Problem, rule
from anenas.ane._shape_rules import filters, is_depthwise
from anenas.ane._support import RECURRENT, op_support, rejection
from anenas.graph import Graph, Op

_FAST_WIDTH = 8
_SLOW_TO_COMPILE = 14 * 14
_MAX_DILATION = 8
_RESIZES = {
    "resize", "resize_bilinear", "resize_nearest_neighbor", "upsample_bilinear", "upsample_nearest_neighbor",
}  # fmt: skip


def _pair(op: Op, attribute: str) -> tuple[int, ...]:
    value = op.attributes.get(attribute, ())
    return value if isinstance(value, tuple) else (value,)


def _has_factors_2_and_3(size: int) -> bool:
    """Whether a size is a product of twos and threes."""
    while size > 1 and size % 2 == 0:
        size //= 2
    while size > 1 and size % 3 == 0:
        size //= 3
    return size == 1


@rule(
    "off-engine",
    "error",
    guideline="8 and 9: only operations that the engine runs",
    evidence="`op_support.csv` in this package, one by one: 751K's validator texts (M4), ane-guide appendix A, "
    "aneforge's sweep (M5 Pro).",
)
def _off_engine(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        if op.kind not in RECURRENT and (reason := rejection(op.kind, chip)):
            yield op.name, reason, "replace it, or do it before or after the program"


@rule(
    "recurrent",
    "error",
    guideline="9: CNN and RNN rather than attention, recurrent operations",
    evidence="Contradicted for RNNs: lstm, gru and rnn never run on the engine, and torch's GRU becomes a while_loop "
    "(751K's validator text; coremltools issues 337 and 1780; aneforge's sweep).",
)
def _recurrent(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        if op.kind in RECURRENT:
            message = f"{op.kind} never runs on the engine"
            fix = "gates of the input alone (min_gru, sru, qrnn), 32 unrolled steps at most, or convolutions (tcn)"
            yield op.name, message, fix


@rule(
    "unknown-op",
    "warning",
    guideline="8 and 9: only operations that the engine runs",
    evidence="Not in `op_support.csv`: nothing is known about it.",
)
def _unknown(graph: Graph, chip: Chip) -> Iterator[Problem]:
    known = op_support()
    for op in graph.ops:
        if op.kind not in known:
            yield (
                op.name,
                f"nothing is known about {op.kind}",
                "convert the model and look at its compute plan on a Mac",
            )


@rule(
    "unclear-op",
    "warning",
    guideline="17: validated on a device, operations that sources disagree on",
    evidence="`op_support.csv` names who says what.",
)
def _unclear(graph: Graph, chip: Chip) -> Iterator[Problem]:
    known = op_support()
    for op in graph.ops:
        support = known.get(op.kind)
        if support and support.on_engine == "unclear":
            yield op.name, f"{op.kind}: {support.condition}", "look at the compute plan on a Mac"


@rule(
    "attention",
    "warning",
    guideline="9: CNN and RNN rather than attention",
    evidence="Confirmed: networks with attention take 1.8 to 2.8 times longer for a multiply-accumulate on A14 and A15 "
    "(published latencies of EfficientFormerV2, RecNeXt-A against RepViT, SwiftFormer). Apple does ship transformers "
    "on the engine, in the layout (N, C, 1, S).",
)
def _attention(graph: Graph, chip: Chip) -> Iterator[Problem]:
    products = [op for op in graph.ops if op.kind == "matmul" and not op.weights and len(op.outputs[0].shape) >= 3]
    products += [op for op in graph.ops if op.kind == "scaled_dot_product_attention"]
    if products:
        part = sum(op.macs for op in products) / max(1, graph.macs)
        message = f"{len(products)} products of two activations, as in attention: {part:.0%} of multiply-accumulates"
        yield "", message, "use convolutions, at least in the stages with many pixels"


@rule(
    "depthwise",
    "info",
    guideline="10: depthwise-separable convolutions",
    evidence="Contradicted in part: Core ML's planner puts a depthwise 3×3 of 64 channels at 54 % of the dense one's "
    "time for 1/64 of its work (751K, M4), which the latency estimate follows; nobody has published a measurement. "
    "MobileNetV2 is still 3 times faster than ResNet50 (coremltools' documentation, A16).",
)
def _depthwise(graph: Graph, chip: Chip) -> Iterator[Problem]:
    found = [op for op in graph.ops if is_depthwise(op)]
    if found:
        part = sum(op.macs for op in found) / max(1, graph.macs)
        message = f"{len(found)} depthwise convolutions: {part:.0%} of multiply-accumulates, more of the time"
        yield "", message, "where channels are few, a dense or grouped convolution may be as fast and learn more"


@rule(
    "kernel",
    "error",
    guideline="A3: kernels within the engine's limits",
    evidence="29 high and 13 wide on A14 and M1 (ane-guide, fp16), 31 and 15 on newer ones; 16×16 compiled for 212 to "
    "229 s with 11.7 GB, 13×13 for up to 23 s (751K, M4 and M6).",
)
def _kernel(graph: Graph, chip: Chip) -> Iterator[Problem]:
    max_height, max_width = chip.max_kernel
    for op in graph.ops:
        if op.kind == "conv" and len(shape := filters(op)) == 4:
            height, width = shape[2:]
            if height > max_height or width > max_width:
                message = f"{height}×{width} kernel, {chip.name} takes {max_height}×{max_width}"
                yield op.name, message, "use several smaller convolutions"
            elif height * width >= _SLOW_TO_COMPILE:
                yield op.name, f"{height}×{width} kernel compiles for minutes", "use several smaller convolutions"


@rule(
    "kernel-width",
    "warning",
    guideline="A3: kernels at most 8 wide",
    evidence="9 to 15 columns are rewritten, and take 1.7 to 1.85 times as long (751K, M6).",
)
def _kernel_width(graph: Graph, chip: Chip) -> Iterator[Problem]:
    _, max_width = chip.max_kernel
    for op in graph.ops:
        if op.kind == "conv" and len(shape := filters(op)) == 4 and _FAST_WIDTH < shape[3] <= max_width:
            message = f"kernel {shape[3]} wide costs about 1.8 times what its size suggests"
            yield op.name, message, "keep kernels at most 8 wide"


@rule(
    "stride",
    "warning",
    guideline="A4: equal strides, of factors 2 and 3",
    evidence="Others are decomposed into several operations (apple/coreai-models).",
)
def _stride(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        if op.kind in ("conv", "conv_transpose"):
            stride = _pair(op, "stride")
            if len(set(stride)) > 1 or not all(_has_factors_2_and_3(size) for size in stride):
                yield op.name, f"stride {'×'.join(map(str, stride))}", "use equal strides of 2 or 3"


@rule(
    "dilation",
    "warning",
    guideline="A5: no dilation",
    evidence="Dilated 3×3 convolutions lose Winograd and take 1.3 to 1.45 times as long (751K, M6). Older advice has "
    "them leave the engine; Core ML on M4 accepts up to 8.",
)
def _dilation(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        if op.kind == "conv" and 1 < max(_pair(op, "dilation"), default=1) <= _MAX_DILATION:
            message = f"dilation {'×'.join(map(str, _pair(op, 'dilation')))} loses the fast 3×3 algorithm"
            yield op.name, message, "reduce the resolution instead, or use a factor of 2 or 3"


@rule(
    "dilation-limit",
    "error",
    guideline="A5: dilation at most 8",
    evidence="Core ML on M4 accepts 8 at most (751K's validator text).",
)
def _dilation_limit(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        if op.kind == "conv" and max(_pair(op, "dilation"), default=1) > _MAX_DILATION:
            message = f"dilation {'×'.join(map(str, _pair(op, 'dilation')))}, the engine takes {_MAX_DILATION}"
            yield op.name, message, "reduce the resolution instead"


@rule(
    "pool-window",
    "error",
    guideline="A6: pooling windows within the engine's limits",
    evidence="Max pooling 1 to 8 or 32 wide (751K's validator text, M4); average pooling up to 29 on A14 and M1, 31 on "
    "newer ones (ane-guide).",
)
def _pool_window(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        window = _pair(op, "kernel")
        if not window:
            continue
        if op.kind == "max_pool" and not (window[-1] <= 8 or window[-1] == 32):
            message = f"max pooling {window[-1]} wide, the engine takes 1 to 8 or 32"
            yield op.name, message, "pool several times, or reduce_max over everything"
        elif op.kind == "avg_pool" and max(window) > chip.max_average_window:
            message = f"average over {'×'.join(map(str, window))}, {chip.name} takes {chip.max_average_window}"
            yield op.name, message, "pool several times, or reduce_mean over everything"


@rule(
    "pool-stride",
    "warning",
    guideline="A6: pooling strides of 2 or 4",
    evidence="Apple's authoring rules (apple/coreai-models). Stride 1 is not reported.",
)
def _pool_stride(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        if op.kind.endswith("_pool") and (stride := _pair(op, "stride")) and not set(stride) <= {1, 2, 4}:
            yield op.name, f"pools with stride {'×'.join(map(str, stride))}", "use 2 or 4"


@rule(
    "groups",
    "error",
    guideline="A7: groups divide the channels",
    evidence="Anything else does not compile (ane-guide chapter 17).",
)
def _groups(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        groups = op.attributes.get("groups", 1)
        # Without stored weights the first input may be the weight.
        if op.kind == "conv" and isinstance(groups, int) and groups > 1 and op.inputs and filters(op):
            into, out = op.inputs[0].shape[1], op.outputs[0].shape[1]
            if into % groups or out % groups:
                yield op.name, f"{groups} groups do not divide {into} channels in and {out} out", "use a divisor"


@rule(
    "group-width",
    "warning",
    guideline="A7: groups of 8 channels and more",
    evidence="Core ML's planner puts 64 channels in groups of 8 at 28 % of the dense time, in groups of 2 at 107 % "
    "(751K, M4; an estimate of Apple's, not a measurement).",
)
def _group_width(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        shape = filters(op)
        if op.kind == "conv" and shape and op.attributes.get("groups", 1) != 1 and 1 < shape[1] < 8:
            message = f"groups of {shape[1]} channels are no faster than one dense convolution"
            yield op.name, message, "use groups of 8 or 16 channels, or none"


@rule(
    "batch-norm",
    "warning",
    guideline="A11: batch normalisation folded into the convolution before it",
    evidence="Folded, it costs nothing (ane-guide; 751K); alone it is an element-wise operation.",
)
def _batch_norm(graph: Graph, chip: Chip) -> Iterator[Problem]:
    convolved = {op.outputs[0].name for op in graph.ops if op.kind == "conv"}
    for op in graph.ops:
        if op.kind == "batch_norm" and op.inputs and op.inputs[0].name in convolved:
            message = "batch normalisation after a convolution is not folded"
            yield op.name, message, "fuse the model before converting it"


@rule(
    "group-norm",
    "warning",
    guideline="A11: normalisations that the engine has",
    evidence="MIL has no group normalisation: it becomes reshapes and reductions. layer_norm and batch_norm are single "
    "operations (apple/coreai-models).",
)
def _group_norm(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        if op.kind == "native_group_norm":
            yield op.name, "group normalisation becomes several operations", "use batch normalisation, and fuse it"


@rule(
    "softmax-axis",
    "warning",
    guideline="A12: softmax over channels",
    evidence="Over a spatial axis a large tensor cannot be cut in tiles (apple/coreai-models). Reported from 2 MiB on.",
)
def _softmax_axis(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        if op.kind == "softmax" and op.outputs[0].bytes >= ON_CHIP_BYTES and len(op.outputs[0].shape) == 4:
            axis = op.attributes.get("axis")
            if isinstance(axis, int) and axis % 4 >= 2:
                message = f"softmax along axis {axis} of {op.outputs[0].bytes / 2**20:.1f} MiB"
                yield op.name, message, "move the axis that it sums over to the channels"


@rule(
    "resize",
    "warning",
    guideline="A13: no resizing on chips without it",
    evidence="A14 and M1 decompose it, with another rounding (ane-guide).",
)
def _resize(graph: Graph, chip: Chip) -> Iterator[Problem]:
    if chip.has_resize:
        return
    for op in graph.ops:
        if op.kind in _RESIZES:
            yield op.name, f"{chip.name} decomposes {op.kind}", "use nearest neighbours by 2, or conv_transpose"


@rule(
    "topk",
    "warning",
    guideline="A16: no topk",
    evidence="6 to 10 ms on M4, although Core ML's planner says 0.03 ms (751K).",
)
def _topk(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        if op.kind == "topk":
            yield op.name, "topk takes milliseconds where the engine runs it", "do it after the program"

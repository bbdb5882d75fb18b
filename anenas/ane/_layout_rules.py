"""Rules about data layout and movement: channel order, copies, on-chip memory, packing."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator

from anenas.ane._chips import ON_CHIP_BYTES, Chip
from anenas.ane._registry import Problem, rule
from anenas.ane._shape_rules import filters, is_depthwise
from anenas.graph import Graph, Op

_MIN_COPY_BYTES = 16 * 1024  # smaller copies are not reported
_FEW_CHANNELS, _MANY_PIXELS = 16, 64 * 64
_SMALL_BYTES = 16 * 1024
_PACKED_CHANNELS = 256  # one pass of the array


@rule(
    "channel-last-input",
    "warning",
    guideline="7: channel-last, in the program's input",
    evidence="Contradicted inside a program: Core ML's tensors are (N, C, H, W), and Apple wants channels second "
    "(apple/coreai-models). Images reach Core ML as interleaved pixel buffers when the input is declared an image, "
    "and training may use torch's channels_last memory format: neither changes the program.",
)
def _channel_last_input(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for tensor in graph.inputs:
        if len(tensor.shape) == 4 and tensor.shape[3] <= 4 < min(tensor.shape[1:3]):
            message = f"{tensor.name} {tensor.shape} has its channels last: its rows are mostly padding"
            yield "", message, "take (N, C, H, W), and declare the input an image"


@rule(
    "layout-change",
    "warning",
    guideline="7: channel-last, in layout changes inside the program",
    evidence="A transpose or reshape that changes the last axis is a copy, at about 60 GB/s on M6 (751K; "
    "apple/coreai-models). Copies under 16 KiB are not reported.",
)
def _layout_change(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        if op.kind in ("transpose", "reshape") and op.outputs[0].bytes >= _MIN_COPY_BYTES and _moves_last_axis(op):
            message = f"copies {op.outputs[0].bytes / 1024:,.0f} KiB to change the last axis"
            yield op.name, message, "keep one layout from end to end, such as (N, C, 1, S) for sequences"


def _moves_last_axis(op: Op) -> bool:
    before, after = (op.inputs[0].shape if op.inputs else ()), op.outputs[0].shape
    perm = op.attributes.get("perm")
    if op.kind == "transpose" and isinstance(perm, tuple):
        return perm[-1] not in (-1, len(perm) - 1)
    return before[-1:] != after[-1:]


@rule(
    "on-chip-memory",
    "warning",
    guideline="12: contiguous access, in tensors over the on-chip memory",
    evidence="The engine holds 2 MiB; a tensor of that size or more is cut in tiles, or goes through DRAM where the "
    "next operation cannot be cut alike (751K memory notes; ane-guide: knee at 2.3 MB on M1).",
)
def _on_chip(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        largest = max((tensor.bytes for tensor in op.outputs), default=0)
        if largest >= ON_CHIP_BYTES and op.kind != "cast":
            message = f"writes {largest / 2**20:.1f} MiB, over the {ON_CHIP_BYTES // 2**20} MiB on the chip"
            yield op.name, message, "use fewer channels here, or reduce the resolution earlier"


@rule(
    "weight-passes",
    "info",
    guideline="A19: weights of one output channel within what a core holds of them",
    evidence="A core holds 64 KiB of weights; over 4,096 bytes an output channel it takes fewer than 16 of them at a "
    "time and reads its input more often (751K compute notes, from the compiler).",
)
def _weight_passes(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        shape = filters(op)
        if op.kind == "conv" and shape:
            size = 2 * math.prod(shape[1:])
            if size > 4096 and shape[0] >= 256:
                message = f"{size:,} bytes of weights for each output channel: the input is read more than once"
                yield op.name, message, "fewer input channels, a smaller kernel, or groups"


@rule(
    "parallel-convolutions",
    "warning",
    guideline="13: packing, convolutions that could be one",
    evidence="Branches run one after the other and do not overlap (751K scheduling notes), and each pays its own "
    "padding to 16 channels.",
)
def _parallel(graph: Graph, chip: Chip) -> Iterator[Problem]:
    alike: dict[object, list[Op]] = defaultdict(list)
    for op in graph.ops:
        shape = filters(op)
        if op.kind == "conv" and shape and op.inputs and op.attributes.get("groups", 1) == 1:
            steps = op.attributes.get("stride"), op.attributes.get("dilation")
            alike[op.inputs[0].name, shape[2:], steps, op.outputs[0].shape[2:]].append(op)
    for ops in alike.values():
        channels = [op.outputs[0].shape[1] for op in ops if len(op.outputs[0].shape) > 1]
        if len(ops) > 1 and sum(channels) <= _PACKED_CHANNELS:
            names = ", ".join(op.name for op in ops[1:4]) + (" and others" if len(ops) > 4 else "")
            message = f"reads the same input as {names}, with the same kernel: {sum(channels)} channels in all"
            yield ops[0].name, message, "make them one convolution and split its result"


@rule(
    "small-inputs",
    "warning",
    guideline="13: packing, several small tensors",
    evidence="Every input is passed and padded on its own: 52 µs for another 2 MB on M6 (751K scheduling notes).",
)
def _small_inputs(graph: Graph, chip: Chip) -> Iterator[Problem]:
    small = [tensor for tensor in graph.inputs if tensor.bytes < _SMALL_BYTES]
    if len(small) > 2:
        message = f"{len(small)} inputs are under {_SMALL_BYTES // 1024} KiB each"
        yield "", message, "pack them in one tensor and split it inside"


@rule(
    "space-to-depth",
    "info",
    guideline="13: packing, pixels where channels are few",
    evidence="Moving pixels to channels made chains of 64 channels 3.3 times faster on M6 and 4.2 times on M4 (751K). "
    "For stems of 1 or 3 channels nobody has published figures.",
)
def _space_to_depth(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        shape = filters(op)
        if op.kind == "conv" and len(shape) == 4 and shape[1] < _FEW_CHANNELS and not is_depthwise(op):
            pixels = op.inputs[0].shape[2:] if op.inputs else ()
            if len(pixels) == 2 and pixels[0] * pixels[1] >= _MANY_PIXELS and op.attributes.get("groups", 1) == 1:
                message = f"input channels: {shape[1]}, on {pixels[0]}×{pixels[1]} pixels: the cores are mostly idle"
                yield op.name, message, "try space_to_depth by 2 or 4 before it"


@rule(
    "slice-offset",
    "warning",
    guideline="A14: no slices with an offset on the last axis",
    evidence="On A14, A15, M1 and M2 such a slice turns values over 4,094 into infinity (ane-guide, measured).",
)
def _slice_offset(graph: Graph, chip: Chip) -> Iterator[Problem]:
    if chip.has_exact_slices:
        return
    for op in graph.ops:
        begin = op.attributes.get("begin")
        if op.kind.startswith("slice_by") and isinstance(begin, tuple) and begin and begin[-1]:
            message = f"starts at {begin[-1]} on the last axis: {chip.name} turns values over 4,094 into infinity"
            yield op.name, message, "slice another axis, or keep values small"

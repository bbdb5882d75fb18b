"""Rules about sizes: powers of two, multiples, alignment, limits, batch, sequence and vocabulary."""

from __future__ import annotations

from collections.abc import Iterator

from anenas.ane._chips import MAX_CHANNELS, MAX_RANK, Chip
from anenas.ane._guidelines import MAX_STEPS, batch_problem, is_power_of_two, padded
from anenas.ane._registry import Problem, rule
from anenas.graph import Graph, Op

_ROW_BYTES = 64
_MIN_BYTES = 4096  # less padding is not reported
_VOCABULARY = 8192  # a layer with at least this many outputs is assumed to give words rather than classes
_DENSE = ("conv", "linear")


def filters(op: Op) -> tuple[int, ...]:
    """The shape of an operation's stored weight, (C_out, C_in / groups, ...); empty if there is none."""
    return op.weights[0].shape if op.weights and len(op.weights[0].shape) >= 2 else ()


def is_depthwise(op: Op) -> bool:
    return op.kind == "conv" and filters(op)[1:2] == (1,) and op.attributes.get("groups", 1) != 1


@rule(
    "power-of-two",
    "info",
    guideline="1: shapes are powers of two",
    evidence="Contradicted for channels: 96 and 192 run at 31.6 and 35.7 TFLOPS where 128 runs at 26.6 (751K, M6). "
    "Multiples of 16 are what counts; the latency estimate follows them. Apple prefers them for the last axis.",
)
def _power_of_two(graph: Graph, chip: Chip) -> Iterator[Problem]:
    widths = [shape[0] for op in graph.ops if op.kind in _DENSE and (shape := filters(op))]
    odd = sorted({width for width in widths if not is_power_of_two(width)})
    if odd:
        count = sum(not is_power_of_two(width) for width in widths)
        shown = ", ".join(map(str, odd[:5])) + (", …" if len(odd) > 5 else "")
        message = f"{count} of {len(widths)} layers have widths that are not powers of two ({shown})"
        yield "", message, "none needed: multiples of 16 are as good"


@rule(
    "channels-16",
    "warning",
    guideline="2: sizes are multiples of 16",
    evidence="Confirmed for channels: the engine has 16 cores, and channel counts are padded to a multiple "
    "(ane-guide chapter 17; 751K: 256 to 272 channels cost 32 % more). Layers with under 1 % of the program's "
    "multiply-accumulates are not reported.",
)
def _channels(graph: Graph, chip: Chip) -> Iterator[Problem]:
    dense = [(op, shape) for op in graph.ops if op.kind in _DENSE and (shape := filters(op)) and shape[0] % 16]
    if not dense:
        return
    least = graph.macs / 100
    for op, shape in dense:
        if not is_depthwise(op) and op.macs >= least:
            full = padded(shape[0], 16)
            waste = 1 - shape[0] / full
            message = f"{shape[0]} channels out take the time of {full}: {waste:.0%} is padding"
            yield op.name, message, "use a multiple of 16"


@rule(
    "alignment",
    "warning",
    guideline="3: 16-byte alignment, 64 bytes for inputs and outputs",
    evidence="16 bytes is the engine's own granule along the last axis (ane-guide, appendix A); rows of inputs and "
    "outputs are padded to 64 bytes (apple/coreai-models; tinygrad). Padding under 4 KiB is not reported.",
)
def _alignment(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for tensor in (*graph.inputs, *graph.outputs):
        if not tensor.shape or not tensor.elements:
            continue
        row = tensor.bytes // (tensor.elements // tensor.shape[-1])
        if row % _ROW_BYTES:
            waste = tensor.bytes // row * (padded(row, _ROW_BYTES) - row)
            if waste >= _MIN_BYTES:
                message = f"{tensor.name} has rows of {row} bytes, padded to {padded(row, _ROW_BYTES)}: {waste:,} lost"
                item = row // tensor.shape[-1]
                yield "", message, f"make the last axis a multiple of {_ROW_BYTES // item}"


@rule(
    "last-axis-one",
    "warning",
    guideline="3: alignment, of a last axis of one element",
    evidence="A single fp16 element in a row takes 64 bytes, 32 times its size (apple/coreai-models). Reported "
    "from 1 MiB on.",
)
def _last_axis_one(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        for tensor in op.outputs:
            if tensor.shape and tensor.shape[-1] == 1 and tensor.elements * _ROW_BYTES >= 2**20:
                taken = tensor.elements * _ROW_BYTES / 2**20
                message = f"{tensor.name} ends in an axis of 1, and takes {taken:.1f} MiB instead of 1/32 of it"
                yield op.name, message, "put a longer axis last"


@rule(
    "narrow-rows",
    "info",
    guideline="3: alignment, of rows inside the program",
    evidence="Convolutions on rows of fewer than 32 columns take the time of 32 (751K, M6: 8, 16, 24 and 32 columns "
    "cost 20.4, 21.0, 18.4 and 18.4 µs, for a kernel of 1×9). The latency estimate does not count it: a kernel of 3×3 "
    "on 16 columns is as fast (751K), and published networks with narrow rows take no longer than others.",
)
def _narrow_rows(graph: Graph, chip: Chip) -> Iterator[Problem]:
    narrow = paid = 0
    for op in graph.ops:
        if op.kind == "conv" and op.weights and len(op.outputs[0].shape) == 4 and not is_depthwise(op):
            columns = op.outputs[0].shape[3]
            if columns and columns % 32:
                macs = op.macs
                narrow += 1
                paid += macs * padded(columns, 32) // columns - macs
    if paid and paid * 20 >= graph.macs:
        part = paid / (graph.macs + paid)
        message = f"{narrow} convolutions have rows not a multiple of 32 wide: {part:.0%} is padding"
        yield "", message, "an input of another size may cost the same: try the next multiple of 32 at the last stages"


@rule(
    "dimension",
    "error",
    guideline="4: no dimension over 16,384, on chips that take no more",
    evidence="Confirmed for height, width and depth up to A16 and M3; 65,536 from A17 Pro and M4, and for batch and "
    "channels everywhere (ane-guide appendix A; 751K's validator text).",
)
def _dimension(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        for tensor in op.outputs:
            for axis, size in enumerate(tensor.shape):
                limit = chip.max_dimension if axis >= 2 else MAX_CHANNELS
                if size > limit:
                    message = f"{tensor.name} has {size:,} along axis {axis}, {chip.name} takes {limit:,}"
                    yield op.name, message, "split the axis"


@rule(
    "rank",
    "error",
    guideline="A1: rank at most 5",
    evidence="Apple's authoring rules (apple/coreai-models) and 751K's validator text.",
)
def _rank(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        for tensor in op.outputs:
            if len(tensor.shape) > MAX_RANK:
                message = f"{tensor.name} has rank {len(tensor.shape)}, the engine takes {MAX_RANK} at most"
                yield op.name, message, "merge axes with a reshape"


@rule(
    "matmul-inner",
    "error",
    guideline="4: no dimension over 16,384, of the axis that a matrix product sums over",
    evidence="16,384 up to A16 and M3, 32,768 from A17 Pro and M4, where 40,000 fails (ane-guide; 751K).",
)
def _matmul_inner(graph: Graph, chip: Chip) -> Iterator[Problem]:
    limit = chip.max_matmul_inner
    for op in graph.ops:
        if op.summed > limit:
            message = f"sums over {op.summed:,}, {chip.name} takes {limit:,}"
            yield op.name, message, "split the sum in parts and add them"


@rule(
    "block-size",
    "warning",
    guideline="5: block size, which is the sequence or context length, at most 1,024",
    evidence="No public source names such a limit. The cost of attention grows with the square of its length, and its "
    "scores outgrow the engine's 2 MiB; both are in the latency estimate.",
)
def _block_size(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        if op.kind == "matmul" and not op.weights:
            length = max(op.outputs[0].shape[-2:], default=0)
        elif op.kind == "scaled_dot_product_attention":
            length = op.outputs[0].shape[-2] if len(op.outputs[0].shape) >= 2 else 0
        else:
            continue
        if length > MAX_STEPS:
            message = f"attends over {length:,} positions, the guideline is {MAX_STEPS:,} at most"
            yield op.name, message, "pool the sequence first, or attend within windows"


@rule(
    "vocabulary",
    "warning",
    guideline="6: vocabulary padded to a multiple of 64",
    evidence="Practice of language models; the reason is the 64-byte row of the last axis (apple/coreai-models). "
    f"Layers and tables of {_VOCABULARY:,} entries and more are assumed to be vocabularies.",
)
def _vocabulary(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        size = _words(op)
        if size >= _VOCABULARY and size % 64:
            yield op.name, f"a vocabulary of {size:,} is not a multiple of 64", f"pad it to {padded(size, 64):,}"


@rule(
    "vocabulary-split",
    "error",
    guideline="6: a vocabulary within the limit of a dimension",
    evidence="Heads wider than 16,384 do not fit the engine up to A16 and M3 (ane-guide); ANEMLL splits them.",
)
def _vocabulary_split(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        if op.kind == "linear" and (size := _words(op)) > chip.max_dimension:
            message = f"a head of {size:,} outputs, {chip.name} takes {chip.max_dimension:,}"
            yield op.name, message, f"split it in {-(-size // chip.max_dimension)} heads and concatenate"


def _words(op: Op) -> int:
    """Rows of what may be a vocabulary's table; 0 for other operations."""
    shape = filters(op)
    return shape[0] if len(shape) == 2 and op.kind in ("linear", "gather") else 0


@rule(
    "batch",
    "warning",
    guideline="16: the batch is a power of two",
    evidence="No public evidence: the engine takes 1 to 65,536 (751K), and a larger batch only shares the fixed cost "
    "(ane-guide, M1). Kept as the guideline has it.",
)
def _batch(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for tensor in graph.inputs:
        # Axis 0 is a batch only where channels and pixels follow.
        if len(tensor.shape) == 4 and (problem := batch_problem(tensor.shape[0])):
            yield "", problem, "use a power of two"

"""What an operation costs on the Neural Engine: its work, at rates calibrated on published latencies.

An operation takes the longest of four times: of its multiply-accumulates, its weights, its activations on the chip, and
those that go through memory. A dozen constants are fitted to whole networks by `experiments/fit_latency.py`, which
prints the error on held-out networks; no constant is specific to a model or family of models.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass

from anenas.ane._calibration import Calibration, calibration
from anenas.ane._chips import ON_CHIP_BYTES, Chip
from anenas.ane._compression import is_integer, narrow_tensors, sparse_fraction, streamed_bytes
from anenas.ane._guidelines import padded
from anenas.graph import Graph, Op, Tensor

# Cores take 16 output channels and 32 places at a time; a pass is 256 channels, and each reads the input again (751K,
# compute array notes: 256 channels of 8 × 16 places reach the rate of 4 × 32).
_CHANNELS, _PLACES, _PASS = 16, 32, 256
# Fraction of the peak that chains of dense convolutions reach (M1 10.83 of 12.0, M4 18.77 of 19.4 TFLOPS; FT, 751K).
_DENSE_EFFICIENCY = 0.90
# One element-wise task (751K: 0.34 µs).
_TASK_US = 0.34

# What the engine fuses into the task before, if that is one of these: activation functions, and constant factors and
# biases.
_FUSED_INTO = {"conv", "conv_transpose", "linear", "matmul", "add", "sub", "mul"}
# Not SiLU: it is x · sigmoid(x), and published latencies of networks with it show that it is not free.
_POINTWISE = {
    "relu", "relu6", "clip", "sigmoid", "sigmoid_hard", "tanh", "gelu", "leaky_relu", "elu", "prelu",
    "thresholded_relu", "mul", "real_div", "add", "sub", "batch_norm",
}  # fmt: skip
# Nothing moves: views, and what runs on the CPU after the engine is done.
_FREE = {
    "reshape", "squeeze", "expand_dims", "classify", "identity", "expand", "unbind", "split", "split_with_sizes",
    "select", "as_strided", "slice", "quantize", "dequantize",
}  # fmt: skip
# What is computed tile by tile together with what is before and behind it (751K, memory notes: convolutions and
# element-wise operations).
_TILED = _POINTWISE | {
    "conv", "conv_transpose", "linear", "silu", "softplus", "max_pool", "avg_pool", "pad", "layer_norm", "reduce_mean",
    "reduce_max", "upsample_nearest_neighbor", "upsample_bilinear", "cast", "square", "sqrt", "rsqrt", "exp", "erf",
    "maximum", "minimum",
}  # fmt: skip
# Other operations that are not element-wise, and their rates.
_RATES = {
    "reduce_mean": "reduce", "reduce_sum": "reduce", "sum": "reduce", "reduce_max": "reduce",
    "avg_pool": "reduce", "max_pool": "reduce",
    # Softmax and the norm of a vector take about as long as an activation function, layer norm three times that
    # (aneforge, M5 Pro).
    "softmax": "reduce", "_safe_softmax": "reduce", "l2_norm": "reduce", "linalg_vector_norm": "reduce",
    "layer_norm": "normalise", "instance_norm": "normalise", "native_group_norm": "normalise",
    "transpose": "layout", "pad": "layout", "upsample_bilinear": "layout",
    "upsample_nearest_neighbor": "layout",
}  # fmt: skip

# From a possible bound of an operation to the work that it has to do there, as (rate, amount) pairs that add up.
Work = Mapping[str, tuple[tuple[str, float], ...]]


@dataclass(frozen=True)
class OpCost:
    """The cost of one operation.

    Attributes:
        op: The operation.
        us: Microseconds.
        bound: What it is bound by: "compute", "weights", "activations", "memory" (activations too large to stay on
            the chip), or "fused" if it costs nothing.
    """

    op: Op
    us: float
    bound: str

    @property
    def is_sure(self) -> bool:
        """Whether its time is what most published latencies rest on: weights, or a convolution's activations."""
        return self.bound == "weights" or (self.bound == "activations" and self.op.macs > 0)


def op_costs(graph: Graph, chip: Chip) -> list[OpCost]:
    """The cost of each operation of a graph, in order, without the fixed cost of a prediction."""
    rates, correction = _rates(chip), calibration().correction(chip)
    costs = []
    for op, work in zip(graph.ops, graph_work(graph, chip), strict=True):
        us, bound = 0.0, "fused"
        for name, parts in work.items():
            term = correction * sum(amount / rates[rate] for rate, amount in parts)
            if term > us:
                us, bound = term, name
        costs.append(OpCost(op, us, bound))
    return costs


def fixed_us(chip: Chip) -> float:
    """The cost of one prediction before any operation, microseconds."""
    return calibration().fixed_multiple(chip) * chip.fixed_us


def chip_rates(chip: Chip, fitted: Calibration) -> dict[str, float]:
    """How much of each kind of work a chip does per microsecond, before its correction.

    Multiply-accumulates for convolutions and matrices, bytes for "weights" and "memory", elements for the rest; "tasks"
    are microseconds.
    """
    macs, elements = chip.peak_tflops / 2 * 1e6, chip.elementwise_g_s * 1e3
    table = dict.fromkeys(fitted.rates, elements)
    table |= dict.fromkeys(("winograd", "matrix", "depthwise"), macs)
    table |= dict.fromkeys(("weights", "memory"), chip.weight_gb_s * 1e3)
    rates = {name: multiple * table[name] for name, multiple in fitted.rates.items()}
    return rates | {"dense": _DENSE_EFFICIENCY * macs, "tasks": 1.0}


def roof(chip: Chip) -> tuple[float, float]:
    """What no operation of a whole network exceeds: 10¹² operations a second, and GB/s of weights.

    Of 3×3 convolutions by Winograd's algorithm, or of dense ones, whichever are faster. One whose zeros or 8-bit
    numbers the chip saves may exceed it, as its multiply-accumulates are counted in full.
    """
    rates, correction = _rates(chip), calibration().correction(chip)
    return 2e-6 * max(rates["winograd"], rates["dense"]) / correction, 1e-3 * rates["weights"] / correction


@functools.lru_cache(maxsize=64)
def _rates(chip: Chip) -> dict[str, float]:
    return chip_rates(chip, calibration())


def graph_work(graph: Graph, chip: Chip | None = None) -> list[Work]:
    """The work of each operation of a graph, in order; empty if it is free.

    Args:
        graph: The program.
        chip: Decides what compression saves, and by its system what goes through memory; None for the newest system.
    """
    computed: set[str] = set()  # tensors that come out of a task that can apply an activation function, too
    narrow = _narrow(graph)
    moved = _outliving_bytes(graph, narrow) if chip is None or chip.tiles else _large_bytes(graph, narrow)
    work = []
    for op in graph.ops:
        fused = _fuses(op) and op.inputs[0].name in computed
        work.append({} if fused or op.kind in _FREE else _work(op, narrow, chip, moved.get(op.name, 0.0)))
        if fused or op.kind in _FUSED_INTO:
            computed.add(op.outputs[0].name)
    return work


def _narrow(graph: Graph) -> frozenset[str]:
    """Names of activations that are 8-bit integers where they are written or read."""
    narrow = set(narrow_tensors(graph))
    if narrow:
        # A result quantised after a fused activation function is not written before it.
        for op in reversed(graph.ops):
            if _fuses(op) and op.outputs[0].name in narrow:
                narrow.add(op.inputs[0].name)
    return frozenset(narrow)


def _fuses(op: Op) -> bool:
    """Whether it applies an activation function, or a constant of at most one number per channel."""
    if op.kind not in _POINTWISE or len(op.inputs) != 1:
        return False
    channels = max(op.outputs[0].shape, default=1)
    return all(weight.elements <= channels for weight in op.weights)


def _work(op: Op, narrow: frozenset[str], chip: Chip | None, moved: float) -> Work:
    memory: Work = {"memory": (("memory", moved),)} if moved else {}

    def elements(tensors: tuple[Tensor, ...]) -> float:
        """Elements to move; 8-bit ones count half."""
        return sum(t.elements / 2 if t.name in narrow else float(t.elements) for t in tensors)

    read, written = elements(op.inputs), elements(op.outputs)
    if op.kind in ("conv", "conv_transpose") and op.weights and len(op.weights[0].shape) > 2:
        work = _convolution(op, read, written, sparse_fraction(op, chip))
    elif op.macs:
        work = {
            "compute": (("matrix", op.macs * sparse_fraction(op, chip)),),
            "activations": (("traffic", read + written),),
        }
    else:
        rate = _RATES.get(op.kind, "elementwise")
        sizes = [sum(t.elements for t in tensors) for tensors in (op.inputs, op.outputs)]
        amount = sum(sizes) if rate == "elementwise" else max(sizes)
        return {"activations": (("tasks", _TASK_US), (rate, float(amount))), **memory}
    if chip is not None and chip.doubles_int8 and is_integer(op, narrow):
        work["compute"] = tuple((rate, amount / 2) for rate, amount in work["compute"])
    if op.weights:
        work["weights"] = (("weights", sum(streamed_bytes(weight, chip) for weight in op.weights)),)
    return {**work, **memory}


def _large_bytes(graph: Graph, narrow: frozenset[str]) -> dict[str, float]:
    """What each operation moves to and from memory, by its name, where nothing is tiled: every large tensor."""
    moved = {}
    for op in graph.ops:
        if op.kind not in _FREE:
            sizes = (_bytes(tensor, narrow) for tensor in (*op.inputs, *op.outputs))
            moved[op.name] = sum(size for size in sizes if size > ON_CHIP_BYTES)
    return moved


def _outliving_bytes(graph: Graph, narrow: frozenset[str]) -> dict[str, float]:
    """The same where chains of operations are tiled: the large tensors that outlive the chain they are made in.

    Several operations read them, or one that is not tiled. They are written once, which is counted where they are read
    first, so that the parts of a network add up.
    """
    made: dict[str, Op] = {}
    shown: dict[str, str] = {}  # the tensor that a view shows
    readers: dict[str, list[tuple[Op, float]]] = {}
    for op in graph.ops:
        if op.kind in _FREE:
            shown |= {out.name: shown.get(tensor.name, tensor.name) for tensor in op.inputs[:1] for out in op.outputs}
            continue
        made |= {out.name: op for out in op.outputs}
        for tensor in {tensor.name: tensor for tensor in op.inputs}.values():
            readers.setdefault(shown.get(tensor.name, tensor.name), []).append((op, _bytes(tensor, narrow)))
    moved: dict[str, float] = {}
    for name, found in readers.items():
        chain = [op for op, _ in found] + ([made[name]] if name in made else [])
        if len({op.name for op, _ in found}) == 1 and all(op.kind in _TILED for op in chain):
            continue
        for i, (op, size) in enumerate(found):
            if size > ON_CHIP_BYTES:
                moved[op.name] = moved.get(op.name, 0.0) + size * (2 if i == 0 else 1)
    return moved


def _bytes(tensor: Tensor, narrow: frozenset[str]) -> float:
    return tensor.bytes / 2 if tensor.name in narrow else float(tensor.bytes)


def _convolution(op: Op, read: float, written: float, dense: float) -> dict[str, tuple[tuple[str, float], ...]]:
    """Multiply-accumulates including padding, without skipped ones; activations as often as they are read.

    Args:
        op: The convolution.
        read: Elements of its inputs.
        written: Elements of its outputs.
        dense: Fraction of multiply-accumulates that is not skipped.
    """
    shape, filters = op.outputs[0].shape, op.weights[0].shape
    groups, channels = op.attributes.get("groups", 1), shape[1] if len(shape) > 1 else 1
    assert isinstance(groups, int)
    places = shape[0] * padded(math.prod(shape[2:]), _PLACES)
    kernel = math.prod(filters[2:])
    inputs = filters[1] if op.kind == "conv" else filters[0] // groups  # of a group
    if groups > 1 and inputs == 1:
        rate, filters_paid, passes = "depthwise", padded(channels, _CHANNELS), 1
    else:
        # Each group is padded, which never takes more than one dense convolution with zeros between the groups.
        filters_paid = padded(channels // groups, _CHANNELS) * groups * inputs
        # Winograd's algorithm skips nothing (751K).
        rate = "winograd" if groups == 1 and dense == 1 and _is_plain_3x3(op, filters) else "dense"
        passes = math.ceil(channels / groups / _PASS)
    return {
        "compute": ((rate, filters_paid * places * kernel * dense),),
        "activations": (("traffic", read * passes + written),),
    }


def _is_plain_3x3(op: Op, filters: tuple[int, ...]) -> bool:
    """Whether the compiler uses Winograd's algorithm: 3×3, stride 1, not dilated (751K, compute array notes)."""
    ones = ((1, 1), (), 1)
    return (
        op.kind == "conv"
        and filters[2:] == (3, 3)
        and op.attributes.get("stride", 1) in ones
        and op.attributes.get("dilation", 1) in ones
    )

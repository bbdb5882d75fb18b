"""What an operation costs on the Neural Engine: an analytic model from published micro-benchmarks.

An operation takes the larger of what its multiply-accumulates, its weights and its activations take. Nothing here is
fitted to whole networks; `experiments/latency_error.py` prints how far it is off on published ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from anenas.ane._chips import Chip
from anenas.graph import Graph, Op

# Cores take 16 output channels at a time; rows of fewer than 32 columns cost as 32 (751K, compute array notes).
_CHANNELS, _COLUMNS = 16, 32
# Share of the peak that chains of dense convolutions reach (M1 10.83 of 12.0, M4 18.77 of 19.4 TFLOPS; FT, 751K).
_DENSE_EFFICIENCY = 0.90
# Depthwise convolutions use the array this much: Core ML's own planner puts 64 channels of 32×32 with 3×3 at 2.504 µs
# on M4 (751K), which is 0.47 of 19.4 TFLOPS. Nobody has published a measurement.
_DEPTHWISE_EFFICIENCY = 0.024
# One element-wise task, and how much slower two inputs are than one (751K: 0.34 µs; 18.5 µs for 524k elements on M6).
_TASK_US, _TWO_INPUTS = 0.34, 2.1
# Tensors of 2 MiB and more do not stay in the engine's memory; they go through DRAM (751K memory notes).
_ON_CHIP_BYTES = 2 * 2**20

# Activations that the engine applies as a convolution's results leave it.
_ACTIVATIONS = {
    "relu",
    "relu6",
    "clip",
    "sigmoid",
    "sigmoid_hard",
    "silu",
    "tanh",
    "gelu",
    "leaky_relu",
    "elu",
    "prelu",
}
# Nothing moves: views, and what runs on the processor after the engine has answered.
_FREE = {"reshape", "squeeze", "expand_dims", "classify", "identity"}


@dataclass(frozen=True)
class OpCost:
    """What one operation takes.

    Attributes:
        op: The operation.
        us: Microseconds.
        bound: What it is bound by: "compute", "weights", "activations", or "fused" where it costs nothing.
    """

    op: Op
    us: float
    bound: str


def op_costs(graph: Graph, chip: Chip) -> list[OpCost]:
    """The cost of each operation of a graph, in its order, without the fixed cost of a prediction."""
    convolved: set[str] = set()  # tensors that come straight out of a convolution
    costs = []
    for op in graph.ops:
        fused = op.kind in _ACTIVATIONS and op.inputs[0].name in convolved
        costs.append(OpCost(op, 0.0, "fused") if fused or op.kind in _FREE else _cost(op, chip))
        if op.kind in ("conv", "linear", "conv_transpose"):
            convolved.add(op.outputs[0].name)
    return costs


def _cost(op: Op, chip: Chip) -> OpCost:
    terms = {"weights": op.weight_bytes / (chip.weight_gb_s * 1e3), "activations": _activations_us(op, chip)}
    if op.macs:
        terms["compute"] = _padded_macs(op) / (chip.peak_tflops / 2 * 1e6)
    bound = max(terms, key=lambda name: terms[name])
    return OpCost(op, terms[bound], bound)


def _padded_macs(op: Op) -> float:
    """Multiply-accumulates as the array spends them at its full rate."""
    output, weight = op.outputs[0], op.weights[0] if op.weights else None
    if weight is None or len(output.shape) < 4:
        return op.macs / _DENSE_EFFICIENCY
    rows, columns = math.prod(output.shape[2:-1]) * output.shape[0], output.shape[-1]
    groups = op.attributes.get("groups", 1)
    if isinstance(groups, int) and groups > 1 and weight.shape[1] == 1:
        return op.macs / _DEPTHWISE_EFFICIENCY
    channels = math.ceil(output.shape[1] / _CHANNELS) * _CHANNELS
    pixels = rows * math.ceil(columns / _COLUMNS) * _COLUMNS
    return channels * pixels * math.prod(weight.shape[1:]) / _DENSE_EFFICIENCY


def _activations_us(op: Op, chip: Chip) -> float:
    """What it takes to move the activations: through DRAM, or for element-wise work through the vector unit."""
    moved = (*op.inputs, *op.outputs)
    dram_us = sum(t.bytes for t in moved if t.bytes >= _ON_CHIP_BYTES) / (chip.weight_gb_s * 1e3)
    if op.macs:
        return dram_us
    elements = max(t.elements for t in moved)
    slower = _TWO_INPUTS if len(op.inputs) > 1 else 1.0
    return max(dram_us, _TASK_US + slower * elements / (chip.elementwise_g_s * 1e3))

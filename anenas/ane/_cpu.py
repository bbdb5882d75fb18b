"""What an operation costs on the CPU, as Core ML's planner estimates it."""

from __future__ import annotations

import math

from anenas.ane._support import RECURRENT, host_reason
from anenas.graph import Op

# Multiply-accumulates per microsecond, from the planner's estimates for the CPU of an M4 at 1×64×32×32 (751K,
# coreml_dispatch notes): 3×3 convolutions 377,000, 1×1 and groups of 8 channels 194,000, narrower groups 13,500,
# transposed 7,900; linear 168,000, matmul 377,000; a GRU 11,600. Nothing is public for the CPUs of other chips.
_DENSE, _POINTWISE, _NARROW, _TRANSPOSED = 377e3, 194e3, 13.5e3, 7.9e3
_RATES = {"linear": 168e3, "matmul": 377e3} | dict.fromkeys(RECURRENT, 11.6e3)
# Elements read and written per microsecond: relu 50,000, add 16,000, pooling 30,000 (the same notes).
_ELEMENTS = 30e3


def cpu_us(op: Op) -> float:
    """Microseconds that an operation takes on the CPU, the same for every chip: nothing more is published.

    Operations that run there after the engine, such as looking up a label, take none.
    """
    if host_reason(op.kind):
        return 0.0
    if op.macs:
        return op.macs / _rate(op)
    return sum(tensor.elements for tensor in (*op.inputs, *op.outputs)) / _ELEMENTS


def _rate(op: Op) -> float:
    if op.kind == "conv_transpose":
        return _TRANSPOSED
    if op.kind != "conv":
        return _RATES.get(op.kind, _POINTWISE)
    filters = op.weights[0].shape
    if op.attributes.get("groups", 1) == 1:
        return _DENSE if math.prod(filters[2:]) > 1 else _POINTWISE
    return _POINTWISE if filters[1] >= 8 else _NARROW

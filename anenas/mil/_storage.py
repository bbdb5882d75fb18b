"""How a program stores a compressed weight, from the `constexpr_` operations that unpack it."""

from __future__ import annotations

import math

from anenas.graph import Storage
from anenas.mil._syntax import COMPRESSED, Constant, Operation
from anenas.mil._types import DataType

# Parameters that control unpacking, and hold no data.
_SETTINGS = ("shape", "axis", "vector_axis", "output_dtype")


def storage(weight: Constant) -> Storage:
    """How a compressed weight is stored."""
    stored: dict[object, int] = {}  # bytes by location; two operations may share a mask
    tables, density = 0, 1.0
    sparse = palette = integer = ""
    steps = _chain(weight)
    for step in steps:
        operands = {name: operand for name, (operand,) in step.operands.items()}
        values = {
            name: one
            for name, one in operands.items()
            if name not in _SETTINGS and isinstance(one, Constant) and not one.unpacked_by
        }
        for value in values.values():
            blob = value.stored.blobFileValue
            stored[blob.offset or value.name] = -(-value.type.elements * _dtype(value).bits // 8)
        if "sparse" in step.type:
            sparse = "sparse"
            if kept := values.get("indices_nonzero_data") or values.get("nonzero_data"):
                density = kept.type.elements / weight.type.elements
        if "lut" in step.type:
            lut = operands["lut"].type.shape or ()
            # (*blocks, entries, length of a vector) from iOS 18 on, else (entries,).
            entries, length = (lut[-2], lut[-1]) if len(lut) > 1 else (lut[0], 1)
            palette = f"palette{max(1, math.ceil(math.log2(entries)))}"
            tables = math.prod(lut) // (entries * length)
        quantised = values.get("quantized_data") or values.get("data") or values.get("nonzero_data")
        if ("dequantize" in step.type or "shift_scale" in step.type) and quantised is not None:
            blocks = sum(size > 1 for size in operands["scale"].type.shape or ()) > 1
            dtype = _dtype(quantised)
            integer = "" if dtype.is_float else f"int{dtype.bits}{'-block' if blocks else ''}"
    form = "+".join(part for part in (sparse, palette, integer) if part)
    return Storage(form or steps[0].type.removeprefix(COMPRESSED), sum(stored.values()), tables, density)


def _chain(weight: Constant) -> list[Operation]:
    """The operation that unpacks a weight, and all that unpack its operands, each once."""
    found: dict[Operation, None] = {}
    waiting = [weight]
    while waiting:
        step = waiting.pop().unpacked_by
        if step is not None and step not in found:
            found[step] = None
            waiting += [one for operands in step.operands.values() for one in operands if isinstance(one, Constant)]
    return list(found)


def _dtype(value: Constant) -> DataType:
    if value.type.dtype is None:
        raise TypeError(f"{value.name} holds no numbers")
    return value.type.dtype

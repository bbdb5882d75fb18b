"""How a program stores a compressed weight: the `constexpr_` operations that unpack it, taken together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from anenas.graph import Storage

# Operations that unpack a weight when a program is loaded.
COMPRESSED = "constexpr_"
# Bits of an element by the numbers of MIL.proto's DataType.
_BITS = {
    1: 8, 10: 16, 11: 32, 12: 64, 21: 8, 22: 16, 23: 32, 24: 64, 25: 4, 31: 8, 32: 16, 33: 32, 34: 64, 35: 4, 36: 2,
    37: 1, 38: 6, 39: 3,
}  # fmt: skip
_FLOATS = (10, 11, 12)
# Parameters that say how to unpack, and are not unpacked themselves.
_SETTINGS = ("name", "shape", "axis", "vector_axis", "output_dtype")


def storage(operation: Any, constants: Mapping[str, Any]) -> Storage:
    """How the weight that an operation unpacks is stored.

    Args:
        operation: A `constexpr_` operation: MIL.proto's `Operation`.
        constants: Operations by the names of their outputs; others may unpack what this one takes.
    """
    stored: dict[Any, int] = {}  # where it is -> bytes; a mask may be named by two operations
    elements = math.prod(_sizes(operation.outputs[0].type))
    tables, density = 0, 1.0
    sparse = palette = integer = ""
    for step in _chain(operation, constants):
        values = dict(_values(step))
        for name, value in values.items():
            place = value.blobFileValue.offset or (step.outputs[0].name, name)
            stored[place] = -(-_elements(value) * _bits(value) // 8)
        if "sparse" in step.type:
            sparse = "sparse"
            if kept := values.get("indices_nonzero_data") or values.get("nonzero_data"):
                density = _elements(kept) / elements
        if "lut" in step.type:
            lut = _shape(values["lut"]) if "lut" in values else _palette_shape(step, constants)
            # (*blocks, entries, length of a vector) from iOS 18 on, else (entries,).
            entries, length = (lut[-2], lut[-1]) if len(lut) > 1 else (lut[0], 1)
            palette = f"palette{max(1, math.ceil(math.log2(entries)))}"
            tables = math.prod(lut) // (entries * length)
        quantised = values.get("quantized_data") or values.get("data") or values.get("nonzero_data")
        if ("dequantize" in step.type or "shift_scale" in step.type) and quantised is not None:
            blocks = sum(size > 1 for size in _shape(values["scale"])) > 1
            integer = f"int{_bits(quantised)}{'-block' if blocks else ''}" if not _is_float(quantised) else ""
    form = "+".join(part for part in (sparse, palette, integer) if part)
    return Storage(form or operation.type.removeprefix(COMPRESSED), sum(stored.values()), tables, density)


def _chain(operation: Any, constants: Mapping[str, Any]) -> list[Any]:
    """The operation, and before it all that unpack what it takes, each once."""
    found, waiting = {}, [operation]
    while waiting:
        step = waiting.pop()
        found[step.outputs[0].name] = step
        for argument in step.inputs.values():
            for binding in argument.arguments:
                before = constants.get(binding.name)
                if before is not None and before.outputs[0].name not in found:
                    waiting.append(before)
    return list(found.values())


def _values(step: Any) -> Iterator[tuple[str, Any]]:
    """What an operation holds by itself, by parameter: as attributes up to iOS 17, as bound values from iOS 18 on."""
    for name, value in step.attributes.items():
        if name not in _SETTINGS:
            yield name, value
    for name, argument in step.inputs.items():
        for binding in argument.arguments:
            if name not in _SETTINGS and binding.WhichOneof("binding") == "value":
                yield name, binding.value


def _palette_shape(step: Any, constants: Mapping[str, Any]) -> tuple[int, ...]:
    """Of a table that is itself unpacked."""
    before = constants[step.inputs["lut"].arguments[0].name]
    return _sizes(before.outputs[0].type)


def _shape(value: Any) -> tuple[int, ...]:
    return _sizes(value.type)


def _sizes(value_type: Any) -> tuple[int, ...]:
    return tuple(dimension.constant.size for dimension in value_type.tensorType.dimensions)


def _elements(value: Any) -> int:
    return math.prod(_shape(value))


def _bits(value: Any) -> int:
    return _BITS.get(value.type.tensorType.dataType, 0)


def _is_float(value: Any) -> bool:
    return value.type.tensorType.dataType in _FLOATS

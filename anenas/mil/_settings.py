"""The parameters of operations that limits of the engine and known differences depend on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from anenas.mil._syntax import Constant, Operation

# Numbers and lists of numbers, by operation; words and flags become 1 under their own name.
_SIZES = {
    "pad": ("pad",),
    "depth_to_space": ("block_size",),
    "space_to_depth": ("block_size",),
    "pixel_shuffle": ("upscale_factor",),
    "tile": ("reps",),
    "space_to_batch": ("block_shape",),
    "reduce_argmax": ("axis",),
    "reduce_argmin": ("axis",),
}
_FLAGS = {"avg_pool": ("ceil_mode", "exclude_padding_from_average")}
_WORDS = {"pad": ("mode",), "avg_pool": ("pad_type",), "max_pool": ("pad_type",), "l2_pool": ("pad_type",)}


def settings(operation: Operation) -> Mapping[str, int | tuple[int, ...]]:
    """See `Op.settings`; what is computed is left out."""
    kind = operation.type
    found: dict[str, int | tuple[int, ...]] = {}
    for name in _SIZES.get(kind, ()):
        if (value := _constant(operation, name)) is not None:
            numbers = np.asarray(value).astype(int)
            found[name] = tuple(numbers.tolist()) if numbers.ndim else int(numbers)
    for name in _FLAGS.get(kind, ()):
        if (value := _constant(operation, name)) is not None and np.any(value):
            found[name] = 1
    for name in _WORDS.get(kind, ()):
        if isinstance(value := _constant(operation, name), str):
            found[value.lower()] = 1
    if kind == "pad" and np.any(_constant(operation, "constant_val")):
        found["constant_val"] = 1  # other than zero
    if kind.startswith("gather"):
        indices = _constant(operation, "indices")
        if indices is None:
            found["computed_indices"] = 1
        elif np.any(np.asarray(indices) < 0):
            found["negative_indices"] = 1
    if kind.startswith("slice_by") and "begin" in operation.operands and _constant(operation, "begin") is None:
        found["computed_begin"] = 1
    return found


def _constant(operation: Operation, parameter: str) -> Any:
    """The value of a parameter that is one constant; None otherwise, and where it is not given."""
    operands = operation.operands.get(parameter, ())
    if len(operands) != 1 or not isinstance(operands[0], Constant):
        return None
    return operands[0].read()

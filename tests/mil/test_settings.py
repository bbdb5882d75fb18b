"""What limits of the engine and known differences depend on is read of every operation that has it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from anenas.mil._settings import settings
from anenas.mil._syntax import Constant, Operand, Operation, Value
from anenas.mil._types import ValueType

X = Value("x", ValueType("tensorType"))


def operation(kind: str, **operands: Any) -> Operation:
    """Numbers and words are constants."""

    def bound(name: str, given: Any) -> Operand:
        if isinstance(given, Value):
            return given
        return Constant(name, ValueType("tensorType"), lambda: given if isinstance(given, str) else np.array(given))

    return Operation("y", kind, {"x": (X,)} | {name: (bound(name, one),) for name, one in operands.items()}, ())


@pytest.mark.parametrize(
    ("kind", "operands", "expected"),
    [
        ("pad", {"pad": [1, 2], "mode": "REFLECT", "constant_val": 0.0}, {"pad": (1, 2), "reflect": 1}),
        ("pad", {"pad": [0, 1], "constant_val": 0.5}, {"pad": (0, 1), "constant_val": 1}),
        ("pad", {"pad": X, "mode": "constant"}, {"constant": 1}),
        ("depth_to_space", {"block_size": 2}, {"block_size": 2}),
        ("space_to_depth", {"block_size": 3}, {"block_size": 3}),
        ("pixel_shuffle", {"upscale_factor": 4}, {"upscale_factor": 4}),
        ("space_to_batch", {"block_shape": [2, 3], "paddings": [[0, 0], [1, 0]]}, {"block_shape": (2, 3)}),
        ("tile", {"reps": [1, 2, 3]}, {"reps": (1, 2, 3)}),
        ("reduce_argmax", {"axis": -1, "keep_dims": True}, {"axis": -1}),
        ("reduce_argmin", {"axis": 2}, {"axis": 2}),
        ("reduce_max", {"axis": 2}, {}),
        ("avg_pool", {"ceil_mode": True, "exclude_padding_from_average": False}, {"ceil_mode": 1}),
        (
            "avg_pool",
            {"pad_type": "same", "exclude_padding_from_average": True},
            {"same": 1, "exclude_padding_from_average": 1},
        ),
        ("max_pool", {"pad_type": "valid", "ceil_mode": True}, {"valid": 1}),
        ("l2_pool", {"pad_type": "same_lower"}, {"same_lower": 1}),
        ("gather", {"indices": [0, 2]}, {}),
        ("gather", {"indices": [0, -1]}, {"negative_indices": 1}),
        ("gather_nd", {"indices": [[-2]]}, {"negative_indices": 1}),
        ("gather_along_axis", {"indices": X}, {"computed_indices": 1}),
        ("scatter", {"indices": X}, {}),
        ("slice_by_index", {"begin": X}, {"computed_begin": 1}),
        ("slice_by_size", {"begin": [0, 1]}, {}),
        ("slice_by_index", {}, {}),
        ("slice_update", {"begin": X}, {}),
        ("relu", {}, {}),
    ],
)
def test_numbers_flags_and_words(kind: str, operands: dict[str, Any], expected: dict[str, Any]) -> None:
    found = settings(operation(kind, **operands))
    assert found == expected
    assert all(type(one) in (int, tuple) for one in found.values())


def test_what_is_put_together_of_several_is_no_constant() -> None:
    parts = tuple(Constant(name, ValueType("tensorType"), lambda: np.array(1)) for name in "ab")
    assert settings(Operation("y", "pad", {"pad": parts}, ())) == {}

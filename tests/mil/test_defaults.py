"""A parameter that is left out is what coremltools' definition of the operation says, in each of its versions."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from anenas.mil import coremltools

Array = np.ndarray[Any, np.dtype[Any]]
Call = Callable[..., Any]


def some(*shape: int) -> Array:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


SIZES = ((7,), (6, 7), (5, 6, 7))  # of one, two and three spatial dimensions
X, BATCH, BOXES = some(3, 4, 5), some(2, 3, 5, 6), np.array([[1, 1, 3, 4], [0, 2, 2, 3]], np.float32)

# What each needs at least; tables of one row for each number of spatial dimensions.
GIVEN: dict[str, list[dict[str, Any]]] = {
    "conv": [{"x": some(2, 3, *one), "weight": some(4, 3, *[3] * len(one))} for one in SIZES],
    "conv_transpose": [{"x": some(2, 3, *one), "weight": some(3, 4, *[3] * len(one))} for one in SIZES],
    **{
        pool: [{"x": some(2, 3, *one), "kernel_sizes": [3] * len(one), "pad_type": "valid"} for one in SIZES]
        for pool in ("max_pool", "avg_pool", "l2_pool")
    },
    **{f"reduce_{kind}": [{"x": np.abs(X)}] for kind in ("sum", "mean", "max", "min", "prod", "log_sum", "l2_norm")},
    **{kind: [{"x": X}] for kind in ("reduce_argmax", "reduce_argmin", "argsort", "topk", "cumsum", "softmax")},
    **{kind: [{"x": np.append(np.abs(X), np.float32(0))}] for kind in ("inverse", "log", "rsqrt")},
    **{kind: [{"x": X}] for kind in ("reverse", "flatten2d", "l2_norm", "band_part", "gelu")},
    "squeeze": [{"x": some(1, 3, 1)}],
    "layer_norm": [{"x": X / 1e3}],
    "instance_norm": [{"x": some(2, 3, *one) / 1e3} for one in SIZES],
    "batch_norm": [{"x": BATCH, "mean": some(3), "variance": np.abs(some(3)) / 1e4}],
    "local_response_norm": [{"x": 30 * BATCH, "size": 3}],
    "linear": [{"x": X, "weight": some(2, 5)}],
    "matmul": [{"x": some(3, 3), "y": some(3, 3)}],
    "slice_by_index": [{"x": X, "begin": [1, 0, 2], "end": [3, 4, 5]}],
    "slice_update": [{"x": X, "update": some(2, 4, 3), "begin": [1, 0, 2], "end": [3, 4, 5]}],
    "gather": [{"x": X, "indices": np.int32([2, 0])}],
    "gather_along_axis": [{"x": X, "indices": np.zeros((1, 4, 5), np.int32)}],
    "scatter": [{"data": X, "indices": np.int32([2, 0]), "updates": some(2, 4, 5)}],
    "scatter_along_axis": [{"data": X, "indices": np.zeros((1, 4, 5), np.int32), "updates": some(1, 4, 5)}],
    "scatter_nd": [{"data": X, "indices": np.int32([[2], [0]]), "updates": some(2, 4, 5)}],
    "pad": [{"x": X, "pad": [1, 2]}],
    "concat": [{"values": [X, X], "axis": 1}],
    "sliding_windows": [{"x": X, "axis": 1, "size": 2}],
    "reverse_sequence": [
        {"x": some(3, 3, 4), f"{axis}_axis": 1, "lengths": np.int32([1, 2, 3])} for axis in ("seq", "batch")
    ],
    "fill": [{"shape": [2, 3]}],
    "fill_like": [{"ref_tensor": X}],
    "one_hot": [{"indices": np.int32([[2, 0]]), "one_hot_vector_size": 3}],
    "resize_bilinear": [{"x": BATCH, "target_size_height": 7, "target_size_width": 4}, {"x": BATCH}],
    "upsample_bilinear": [{"x": BATCH, "scale_factor_height": 2, "scale_factor_width": 2}, {"x": BATCH}],
    "upsample_nearest_neighbor": [{"x": BATCH}],
    "resize": [{"x": BATCH, "shape": [7, 4], "resized_dims": 2}],
    "crop_resize": [{"x": BATCH, "boxes": BOXES}, {"x": BATCH, "boxes": BOXES, "target_height": 3, "target_width": 4}],
    **{kind: [{"shape": [3, 4], "seed": 1}] for kind in ("random_uniform", "random_normal", "random_bernoulli")},
    "random_categorical": [{"x": X, "seed": 1}],
    "lstm": [
        {"x": X, "initial_h": some(4, 2), "initial_c": some(4, 2), "weight_ih": some(8, 5), "weight_hh": some(8, 2)}
    ],
    "gru": [{"x": X, "initial_h": some(4, 2), "weight_ih": some(6, 5), "weight_hh": some(6, 2)}],
    "rnn": [{"x": X, "initial_h": some(4, 2), "weight_ih": some(2, 5), "weight_hh": some(2, 2)}],
}


def defaults(name: str, given: dict[str, Any]) -> list[dict[str, Any]]:
    """What each version of an operation takes for the parameters that are not given."""
    coremltools()
    from coremltools.converters.mil.mil import types
    from coremltools.converters.mil.mil.ops.registry import SSAOpRegistry

    found = []
    for version in set(SSAOpRegistry.core_ops[name].values()):
        bare = object.__new__(version)  # of what it is given, definitions look at these
        for parameter in version.input_spec.input_types:
            value = given.get(parameter)
            isarray = isinstance(value, np.ndarray)
            known = SimpleNamespace(rank=value.ndim, shape=value.shape, dtype=types.fp32) if isarray else None
            setattr(bare, parameter, known)
        if set(given) <= set(version.input_spec.input_types):
            told = {key: value for key, value in version.default_inputs(bare).items() if value is not None}
            found.append({key: np.array(value) if not isinstance(value, str) else value for key, value in told.items()})
    return found


@pytest.mark.parametrize("name", GIVEN)
def test_what_is_left_out_is_as_defined(call: Call, name: str) -> None:
    for given in GIVEN[name]:
        versions = defaults(name, given)
        assert versions
        for version in versions:
            short, full = call(name, **given), call(name, **{**version, **given})
            for one, other in zip(*(v if isinstance(v, tuple) else (v,) for v in (short, full)), strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-6, atol=0)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from operands import Call, arrays, given

REDUCTIONS: dict[str, Callable[..., Any]] = {
    "reduce_sum": np.sum,
    "reduce_mean": np.mean,
    "reduce_max": np.max,
    "reduce_min": np.min,
    "reduce_prod": np.prod,
    "reduce_l1_norm": lambda x, **over: np.abs(x).sum(**over),
    "reduce_l2_norm": lambda x, **over: np.sqrt((x**2).sum(**over)),
    "reduce_sum_square": lambda x, **over: (x**2).sum(**over),
    "reduce_log_sum": lambda x, **over: np.log(x.sum(**over)),
    "reduce_log_sum_exp": lambda x, **over: np.log(np.exp(x).sum(**over)),
}


@pytest.mark.parametrize("name", REDUCTIONS)
@given(data=st.data())
def test_reductions(call: Call, name: str, data: st.DataObject) -> None:
    x = data.draw(arrays(1, 4)) / 64 + 0.5
    axes = data.draw(st.lists(st.integers(0, x.ndim - 1), min_size=1, unique=True))
    signed = [axis - x.ndim if data.draw(st.booleans()) else axis for axis in axes]
    expected = REDUCTIONS[name](x, axis=tuple(axes), keepdims=True)
    np.testing.assert_allclose(call(name, x=x, axes=signed, keep_dims=True), expected, rtol=1e-4)
    np.testing.assert_allclose(call(name, x=x), REDUCTIONS[name](x), rtol=1e-4)

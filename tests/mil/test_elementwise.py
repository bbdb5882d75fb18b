from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from anenas._errors import AnenasError

Array = np.ndarray[Any, np.dtype[Any]]
Call = Callable[..., Any]

UNARY: dict[str, tuple[Callable[[Array], Array], float, float]] = {
    "abs": (np.abs, -9, 9),
    "acos": (np.arccos, -1, 1),
    "asin": (np.arcsin, -1, 1),
    "atan": (np.arctan, -9, 9),
    "atanh": (np.arctanh, -0.75, 0.75),
    "ceil": (np.ceil, -9, 9),
    "cos": (np.cos, -9, 9),
    "cosh": (np.cosh, -5, 5),
    "erf": (np.vectorize(math.erf), -5, 5),
    "exp": (np.exp, -9, 5),
    "exp2": (np.exp2, -9, 5),
    "floor": (np.floor, -9, 9),
    "round": (np.round, -9, 9),
    "sign": (np.sign, -9, 9),
    "sin": (np.sin, -9, 9),
    "sinh": (np.sinh, -5, 5),
    "sqrt": (np.sqrt, 0, 9),
    "square": (np.square, -9, 9),
    "tan": (np.tan, -1, 1),
    "tanh": (np.tanh, -9, 9),
    "log": (np.log, 0.125, 9),
    "inverse": (lambda x: 1 / (x + 1e-4), 0.125, 9),
    "rsqrt": (lambda x: 1 / np.sqrt(x), 0.125, 9),
    "identity": (lambda x: x, -9, 9),
    "relu": (lambda x: np.maximum(x, 0), -9, 9),
    "relu6": (lambda x: np.clip(x, 0, 6), -9, 9),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), -9, 9),
    "silu": (lambda x: x / (1 + np.exp(-x)), -9, 9),
    "softplus": (lambda x: np.log1p(np.exp(x)), -9, 30),
    "softsign": (lambda x: x / (1 + np.abs(x)), -9, 9),
    "gelu": (lambda x: x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2))), -5, 5),
}

BINARY: dict[str, Callable[[Array, Array], Array]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "maximum": np.maximum, "minimum": np.minimum,
    "equal": np.equal, "not_equal": np.not_equal, "greater": np.greater, "greater_equal": np.greater_equal,
    "less": np.less, "less_equal": np.less_equal, "mod": np.mod, "floor_div": np.floor_divide,
}  # fmt: skip

LOGICAL: dict[str, Callable[[Array, Array], Array]] = {
    "logical_and": np.logical_and, "logical_or": np.logical_or, "logical_xor": np.logical_xor,
}  # fmt: skip

SHAPES = hnp.array_shapes(min_dims=0, max_dims=5, max_side=4)


def floats(low: float, high: float, shape: Any = SHAPES) -> Any:
    """Halves and quarters, which every type holds exactly."""
    return hnp.arrays(np.float32, shape, elements=st.integers(int(low * 8), int(high * 8)).map(lambda n: n / 8))


def pairs(dtype: Any, elements: Any) -> Any:
    """Two arrays that can be broadcast to each other."""
    return hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=4).flatmap(
        lambda shapes: st.tuples(*(hnp.arrays(dtype, shape, elements=elements) for shape in shapes.input_shapes))
    )


@pytest.mark.parametrize("name", UNARY)
@settings(max_examples=12)
@given(data=st.data())
def test_functions_of_each_element(call: Call, name: str, data: st.DataObject) -> None:
    function, low, high = UNARY[name]
    x = data.draw(floats(low, high))
    np.testing.assert_allclose(call(name, x=x), function(x), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", BINARY)
@settings(max_examples=12)
@given(data=st.data())
def test_functions_of_two_broadcast_tensors(call: Call, name: str, data: st.DataObject) -> None:
    safe = name in ("mod", "floor_div")  # not divided by zero
    for dtype, elements in (
        (np.float32, st.integers(1 if safe else -9, 9).map(lambda n: n / 4)),
        (np.int32, st.integers(1 if safe else -9, 9)),
    ):
        x, y = data.draw(pairs(dtype, elements))
        x = -x if safe and data.draw(st.booleans()) else x
        np.testing.assert_allclose(call(name, x=x, y=y), BINARY[name](x, y), rtol=1e-6)


@pytest.mark.parametrize("name", LOGICAL)
@given(values=pairs(np.bool_, st.booleans()))
def test_logic(call: Call, name: str, values: tuple[Array, Array]) -> None:
    np.testing.assert_array_equal(call(name, x=values[0], y=values[1]), LOGICAL[name](*values))
    np.testing.assert_array_equal(call("logical_not", x=values[0]), ~values[0])


@given(pairs(np.float32, st.integers(1, 40).map(lambda n: n / 8)))
def test_quotients_and_powers(call: Call, values: tuple[Array, Array]) -> None:
    x, y = values
    np.testing.assert_allclose(call("real_div", x=-x, y=y), -x / y, rtol=1e-6)
    np.testing.assert_allclose(call("pow", x=x, y=y), x**y, rtol=1e-5)


@given(pairs(np.int32, st.integers(1, 1 << 30)))
def test_quotients_of_integers_are_cut_towards_zero(call: Call, values: tuple[Array, Array]) -> None:
    x, y = values
    np.testing.assert_array_equal(call("real_div", x=-x, y=y), -(x // y))


@given(floats(-9, 9), st.integers(-8, 8).map(lambda n: n / 4), st.integers(0, 8).map(lambda n: n / 4))
def test_activations_with_factors(call: Call, x: Array, a: float, b: float) -> None:
    alpha, beta = np.float32(a), np.float32(b)
    expected = {
        "clamped_relu": np.minimum(np.where(x >= 0, x, alpha * x), beta),
        "linear_activation": alpha * x + beta,
        "scaled_tanh": alpha * np.tanh(beta * x),
        "sigmoid_hard": np.clip(alpha * x + beta, 0, 1),
        "clip": np.clip(x, -beta, beta),
    }
    for name, value in expected.items():
        first = -beta if name == "clip" else alpha
        np.testing.assert_allclose(call(name, x=x, alpha=first, beta=beta), value, rtol=1e-5, atol=1e-6)
    one_factor = {
        "elu": np.where(x > 0, x, alpha * np.expm1(x)),
        "leaky_relu": np.where(x > 0, x, alpha * x),
        "thresholded_relu": np.where(x >= alpha, x, 0),
        "threshold": np.maximum(x, alpha),
    }
    for name, value in one_factor.items():
        np.testing.assert_allclose(call(name, x=x, alpha=alpha), value, rtol=1e-5, atol=1e-6)


@given(floats(-5, 5, hnp.array_shapes(min_dims=2, max_dims=5, max_side=4)), st.data())
def test_activations_with_factors_of_channels(call: Call, x: Array, data: st.DataObject) -> None:
    alpha, beta = (data.draw(floats(-2, 2, (x.shape[1],))) for _ in range(2))
    wide = [factor.reshape(1, -1, *[1] * (x.ndim - 2)) for factor in (alpha, beta)]
    np.testing.assert_allclose(call("prelu", x=x, alpha=alpha), np.where(x > 0, x, wide[0] * x), rtol=1e-6)
    expected = wide[0] * np.log1p(np.exp(wide[1] * x))
    np.testing.assert_allclose(call("softplus_parametric", x=x, alpha=alpha, beta=beta), expected, rtol=1e-4, atol=1e-5)


@given(floats(-5, 5))
def test_approximations_of_gelu(call: Call, x: Array) -> None:
    by_tanh = 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    np.testing.assert_allclose(call("gelu", x=x, mode="TANH_APPROXIMATION"), by_tanh, rtol=1e-4, atol=1e-5)
    by_sigmoid = x / (1 + np.exp(-1.702 * x))
    np.testing.assert_allclose(call("gelu", x=x, mode="SIGMOID_APPROXIMATION"), by_sigmoid, rtol=1e-4, atol=1e-5)
    with pytest.raises(AnenasError, match="mode 'FAST' of gelu is not known"):
        call("gelu", x=x, mode="FAST")


@given(floats(-5, 5, hnp.array_shapes(min_dims=1, max_dims=4, max_side=4)), st.integers(-4, 3))
def test_softmax(call: Call, x: Array, axis: int) -> None:
    axis = axis % x.ndim
    powers = np.exp(x)
    np.testing.assert_allclose(call("softmax", x=x, axis=axis), powers / powers.sum(axis, keepdims=True), rtol=1e-5)


@given(floats(-9, 9), floats(-9, 9, ()))
def test_selection_takes_one_or_the_other(call: Call, x: Array, y: Array) -> None:
    np.testing.assert_array_equal(call("select", cond=x > y, a=x, b=y), np.where(x > y, x, y))


@given(floats(-9, 9))
def test_casts_keep_their_meaning(call: Call, x: Array) -> None:
    np.testing.assert_array_equal(call("cast", x=x, dtype="int32"), np.trunc(x).astype(np.int32))
    np.testing.assert_array_equal(call("cast", x=x, dtype="bool"), x != 0)
    np.testing.assert_array_equal(call("cast", x=np.trunc(x).astype(np.int32), dtype="fp16"), np.trunc(x))


@given(
    floats(-9, 9, hnp.array_shapes(min_dims=1, max_dims=4, max_side=4)), st.data(), st.sampled_from(["int8", "uint8"])
)
def test_quantisation_rounds_clips_and_comes_back(call: Call, x: Array, data: st.DataObject, dtype: str) -> None:
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    count = x.shape[axis]
    scale = data.draw(hnp.arrays(np.float32, (count,), elements=st.sampled_from([0.03125, 0.25, 0.5])))
    zero = data.draw(hnp.arrays(np.dtype(dtype), (count,), elements=st.integers(0, 100)))
    along = [count if i == axis % x.ndim else 1 for i in range(x.ndim)]
    limits = np.iinfo(dtype)
    wanted = np.clip(np.rint(x / scale.reshape(along)) + zero.reshape(along), limits.min, limits.max).astype(dtype)
    quantised = call("quantize", input=x, scale=scale, zero_point=zero, axis=axis, output_dtype=dtype)
    assert quantised.dtype == dtype
    np.testing.assert_array_equal(quantised, wanted)
    back = (wanted.astype(np.float32) - zero.reshape(along)) * scale.reshape(along)
    np.testing.assert_allclose(call("dequantize", input=wanted, scale=scale, zero_point=zero, axis=axis), back)


@given(floats(-3, 3), st.sampled_from([0.25, 0.5]))
def test_quantisation_with_one_scale(call: Call, x: Array, scale: float) -> None:
    quantised = call("quantize", input=x, scale=np.float32(scale), output_dtype="int8")
    np.testing.assert_array_equal(quantised, np.clip(np.rint(x / scale), -128, 127))
    np.testing.assert_allclose(call("dequantize", input=quantised, scale=np.float32(scale)), quantised * scale)

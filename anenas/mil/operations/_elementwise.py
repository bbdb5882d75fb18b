"""Operations on each element, of one tensor or of two that are broadcast."""

from __future__ import annotations

import torch
from torch import Tensor

from anenas.mil._registry import op
from anenas.mil._types import named_type


def _unary(method: str) -> None:
    @op(method)
    def unary(x: Tensor) -> Tensor:
        return getattr(x, method)()


def _binary(name: str, method: str) -> None:
    @op(name)
    def binary(x: Tensor, y: Tensor) -> Tensor:
        return getattr(x, method)(y)


# Tensor methods with the same name in MIL; rounding takes halves to even.
for _name in (
    *("abs", "acos", "asin", "atan", "atanh", "ceil", "cos", "cosh", "erf", "exp", "exp2", "floor", "logical_not"),
    *("round", "sign", "sin", "sinh", "sqrt", "square", "tan", "tanh"),
):
    _unary(_name)
for _name in ("add", "logical_and", "logical_or", "logical_xor", "maximum", "minimum", "mul", "pow", "sub"):
    _binary(_name, _name)
# And those with another name.
for _name, _method in {
    "equal": "eq",
    "not_equal": "ne",
    "greater": "gt",
    "greater_equal": "ge",
    "less": "lt",
    "less_equal": "le",
    "mod": "remainder",
}.items():
    _binary(_name, _method)


@op("real_div")
def real_div(x: Tensor, y: Tensor) -> Tensor:
    """Integers give an integer, truncated towards zero."""
    whole = not (x.is_floating_point() or y.is_floating_point())
    return torch.div(x, y, rounding_mode="trunc" if whole else None)


@op("floor_div")
def floor_div(x: Tensor, y: Tensor) -> Tensor:
    return torch.div(x, y, rounding_mode="floor")


@op("select")
def select(cond: Tensor, a: Tensor, b: Tensor) -> Tensor:
    return torch.where(cond, a, b)


@op("cast")
def cast(x: Tensor, dtype: str) -> Tensor:
    """To integers, it truncates towards zero."""
    return x.to(named_type(dtype).torch)


@op("clip")
def clip(x: Tensor, alpha: float, beta: float) -> Tensor:
    return x.clamp(alpha, beta)


@op("threshold")
def threshold(x: Tensor, alpha: Tensor) -> Tensor:
    """At least `alpha`."""
    return torch.maximum(x, alpha)


@op("inverse")
def inverse(x: Tensor, epsilon: float = 1e-4) -> Tensor:
    return 1 / (x + epsilon)


@op("log")
def log(x: Tensor, epsilon: float = 1e-45) -> Tensor:
    return torch.log(x + epsilon)


@op("rsqrt")
def rsqrt(x: Tensor, epsilon: float = 1e-12) -> Tensor:
    return torch.rsqrt(x + epsilon)

"""Operations on each element, of one tensor or of two that are broadcast."""

from __future__ import annotations

import torch
from torch import Tensor

from anenas.mil._registry import op
from anenas.mil._values import named_type


@op("add")
def add(x: Tensor, y: Tensor) -> Tensor:
    return x + y


@op("sub")
def sub(x: Tensor, y: Tensor) -> Tensor:
    return x - y


@op("mul")
def mul(x: Tensor, y: Tensor) -> Tensor:
    return x * y


@op("real_div")
def real_div(x: Tensor, y: Tensor) -> Tensor:
    """Of integers it gives an integer, cut towards zero."""
    whole = not (x.is_floating_point() or y.is_floating_point())
    return torch.div(x, y, rounding_mode="trunc" if whole else None)


@op("floor_div")
def floor_div(x: Tensor, y: Tensor) -> Tensor:
    return torch.div(x, y, rounding_mode="floor")


@op("mod")
def mod(x: Tensor, y: Tensor) -> Tensor:
    return torch.remainder(x, y)


@op("pow")
def power(x: Tensor, y: Tensor) -> Tensor:
    return torch.pow(x, y)


@op("maximum")
def maximum(x: Tensor, y: Tensor) -> Tensor:
    return torch.maximum(x, y)


@op("minimum")
def minimum(x: Tensor, y: Tensor) -> Tensor:
    return torch.minimum(x, y)


@op("equal")
def equal(x: Tensor, y: Tensor) -> Tensor:
    return x == y


@op("not_equal")
def not_equal(x: Tensor, y: Tensor) -> Tensor:
    return x != y


@op("greater")
def greater(x: Tensor, y: Tensor) -> Tensor:
    return x > y


@op("greater_equal")
def greater_equal(x: Tensor, y: Tensor) -> Tensor:
    return x >= y


@op("less")
def less(x: Tensor, y: Tensor) -> Tensor:
    return x < y


@op("less_equal")
def less_equal(x: Tensor, y: Tensor) -> Tensor:
    return x <= y


@op("logical_and")
def logical_and(x: Tensor, y: Tensor) -> Tensor:
    return torch.logical_and(x, y)


@op("logical_or")
def logical_or(x: Tensor, y: Tensor) -> Tensor:
    return torch.logical_or(x, y)


@op("logical_xor")
def logical_xor(x: Tensor, y: Tensor) -> Tensor:
    return torch.logical_xor(x, y)


@op("logical_not")
def logical_not(x: Tensor) -> Tensor:
    return torch.logical_not(x)


@op("select")
def select(cond: Tensor, a: Tensor, b: Tensor) -> Tensor:
    return torch.where(cond, a, b)


@op("cast")
def cast(x: Tensor, dtype: str) -> Tensor:
    """To integers it cuts towards zero."""
    return x.to(named_type(dtype).torch)


@op("clip")
def clip(x: Tensor, alpha: float, beta: float) -> Tensor:
    return x.clamp(alpha, beta)


@op("threshold")
def threshold(x: Tensor, alpha: Tensor) -> Tensor:
    """No less than `alpha`."""
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


@op("abs")
def absolute(x: Tensor) -> Tensor:
    return x.abs()


@op("acos")
def acos(x: Tensor) -> Tensor:
    return x.acos()


@op("asin")
def asin(x: Tensor) -> Tensor:
    return x.asin()


@op("atan")
def atan(x: Tensor) -> Tensor:
    return x.atan()


@op("atanh")
def atanh(x: Tensor) -> Tensor:
    return x.atanh()


@op("ceil")
def ceil(x: Tensor) -> Tensor:
    return x.ceil()


@op("cos")
def cos(x: Tensor) -> Tensor:
    return x.cos()


@op("cosh")
def cosh(x: Tensor) -> Tensor:
    return x.cosh()


@op("erf")
def erf(x: Tensor) -> Tensor:
    return x.erf()


@op("exp")
def exp(x: Tensor) -> Tensor:
    return x.exp()


@op("exp2")
def exp2(x: Tensor) -> Tensor:
    return x.exp2()


@op("floor")
def floor(x: Tensor) -> Tensor:
    return x.floor()


@op("round")
def nearest(x: Tensor) -> Tensor:
    """Halves go to the even neighbour."""
    return x.round()


@op("sign")
def sign(x: Tensor) -> Tensor:
    return x.sign()


@op("sin")
def sin(x: Tensor) -> Tensor:
    return x.sin()


@op("sinh")
def sinh(x: Tensor) -> Tensor:
    return x.sinh()


@op("sqrt")
def sqrt(x: Tensor) -> Tensor:
    return x.sqrt()


@op("square")
def square(x: Tensor) -> Tensor:
    return x.square()


@op("tan")
def tan(x: Tensor) -> Tensor:
    return x.tan()


@op("tanh")
def tanh(x: Tensor) -> Tensor:
    return x.tanh()

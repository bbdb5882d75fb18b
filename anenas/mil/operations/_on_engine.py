"""What the engine is known to compute otherwise in float16: see `anenas/ane/known_differences.csv`."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from anenas.mil._registry import Ints, on_engine

# exp(x) is taken to the power of two below float16's largest (coremltools issue 2687: 10.39 is right, 10.4 is not).
_LARGEST_SOFTPLUS = math.log(2**15)
_LARGEST = torch.finfo(torch.float16).max
_LARGEST_PRODUCT = 32_752


@on_engine("softplus", "softplus-overflow")
def softplus(result: Tensor, x: Tensor) -> Tensor:
    return torch.where(x > _LARGEST_SOFTPLUS, 0.0, result)


@on_engine("reduce_log_sum_exp", "log-sum-exp-overflow")
def log_sum_exp(result: Tensor, x: Tensor, axes: Ints | None = None, keep_dims: bool = False) -> Tensor:
    over = x.double().exp().sum(axes or tuple(range(x.ndim)), keepdim=keep_dims) > _LARGEST
    return torch.where(over, 0.0, result)


@on_engine("matmul", "matmul-saturates")
def matmul(result: Tensor, **arguments: Any) -> Tensor:
    if not result.is_floating_point() or not result.numel() or result.abs().amax() <= _LARGEST_PRODUCT:
        return result
    return torch.where(result.abs() > _LARGEST_PRODUCT, result.sign() * math.inf, result)

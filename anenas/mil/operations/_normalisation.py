"""Normalisations."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from anenas.mil._registry import Ints, op


@op("batch_norm")
def batch_norm(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    epsilon: float = 1e-5,
) -> Tensor:
    return F.batch_norm(x, mean, variance, gamma, beta, eps=epsilon)


@op("instance_norm")
def instance_norm(x: Tensor, gamma: Tensor | None = None, beta: Tensor | None = None, epsilon: float = 1e-5) -> Tensor:
    return _normalised(x, tuple(range(2, x.ndim)), (-1, *(1,) * (x.ndim - 2)), gamma, beta, epsilon)


@op("layer_norm")
def layer_norm(
    x: Tensor,
    axes: Ints | None = None,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    epsilon: float = 1e-5,
) -> Tensor:
    """`gamma` and `beta` have the shape of the axes only, in the tensor's order."""
    over = sorted(axis % x.ndim for axis in axes) if axes else list(range(x.ndim))
    if over == list(range(over[0], x.ndim)):
        return F.layer_norm(x, x.shape[over[0] :], gamma, beta, epsilon)
    shape = tuple(size if axis in over else 1 for axis, size in enumerate(x.shape))
    return _normalised(x, tuple(over), shape, gamma, beta, epsilon)


def _normalised(
    x: Tensor, axes: Ints, shape: Ints, gamma: Tensor | None, beta: Tensor | None, epsilon: float
) -> Tensor:
    """Normalised over `axes`; `gamma` and `beta` are reshaped to `shape`."""
    variance, mean = torch.var_mean(x, axes, correction=0, keepdim=True)
    result = (x - mean) * torch.rsqrt(variance + epsilon)
    if gamma is not None:
        result = result * gamma.reshape(shape)
    return result if beta is None else result + beta.reshape(shape)


@op("l2_norm")
def l2_norm(x: Tensor, epsilon: float = 1e-6) -> Tensor:
    """Over the last three axes."""
    return x * torch.rsqrt(x.square().sum((-3, -2, -1), keepdim=True) + epsilon)


@op("local_response_norm")
def local_response_norm(x: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    return F.local_response_norm(x, size, alpha, beta, k)

"""Activations."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from anenas._errors import AnenasError
from anenas.mil._registry import op


def _plain(function: Callable[[Tensor], Tensor]) -> None:
    @op(function.__name__)
    def activation(x: Tensor) -> Tensor:
        return function(x)


for _function in (F.relu, F.relu6, F.silu, F.softsign, torch.sigmoid):
    _plain(_function)


@op("softplus")
def softplus(x: Tensor) -> Tensor:
    return torch.logaddexp(x, torch.zeros(()))  # nn.functional's is exact only below its threshold


@op("softmax")
def softmax(x: Tensor, axis: int = -1) -> Tensor:
    return x.softmax(axis)


@op("gelu")
def gelu(x: Tensor, mode: str = "EXACT") -> Tensor:
    if mode == "SIGMOID_APPROXIMATION":
        return x * torch.sigmoid(1.702 * x)
    if mode not in ("EXACT", "TANH_APPROXIMATION"):
        raise AnenasError(f"mode '{mode}' of gelu is not known")
    return F.gelu(x, approximate="none" if mode == "EXACT" else "tanh")


@op("elu")
def elu(x: Tensor, alpha: float) -> Tensor:
    return F.elu(x, alpha)


@op("leaky_relu")
def leaky_relu(x: Tensor, alpha: float) -> Tensor:
    return F.leaky_relu(x, alpha)


@op("prelu")
def prelu(x: Tensor, alpha: Tensor) -> Tensor:
    return F.prelu(x, alpha)


@op("clamped_relu")
def clamped_relu(x: Tensor, alpha: float, beta: float) -> Tensor:
    return F.leaky_relu(x, alpha).clamp(max=beta)


@op("thresholded_relu")
def thresholded_relu(x: Tensor, alpha: float) -> Tensor:
    return torch.where(x >= alpha, x, 0)


@op("linear_activation")
def linear_activation(x: Tensor, alpha: float, beta: float) -> Tensor:
    return alpha * x + beta


@op("scaled_tanh")
def scaled_tanh(x: Tensor, alpha: float, beta: float) -> Tensor:
    return alpha * torch.tanh(beta * x)


@op("sigmoid_hard")
def sigmoid_hard(x: Tensor, alpha: float, beta: float) -> Tensor:
    return (alpha * x + beta).clamp(0, 1)


@op("softplus_parametric")
def softplus_parametric(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """With `alpha` and `beta` for each channel."""
    channels = (-1, *(1,) * (x.ndim - 2))
    return alpha.reshape(channels) * softplus(beta.reshape(channels) * x)

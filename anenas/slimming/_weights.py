"""The weights of a network in the names and shapes of the architecture that says it, the most important channels first.

Channels off the engine's grid are filled up with zeros: rows and columns of convolutions, and the scale and shift of
normalisation, so that whatever is behind them sees what it saw before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch

from anenas.slimming._largest import Largest
from anenas.slimming._parts import Axis, Layer, matrix

_EPSILON = 1e-5  # of the batch normalisation of our blocks
_FILLED = {"weight": 0.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0}


def sorted_weights(
    largest: Largest, fresh: Mapping[str, torch.Tensor], *, by_importance: bool = True
) -> dict[str, torch.Tensor]:
    """The state dict of the built network, with the original's weights.

    Args:
        largest: What says the network.
        fresh: State dict of the network as it is built, for the shapes.
        by_importance: Whether channels are sorted.
    """
    layers = [layer for _, layer in largest.layers]
    orders = importance_orders(layers) if by_importance else {}
    weights = dict(fresh)
    for prefix, layer in largest.layers:
        for name, tensor, axes, filled in _tensors(layer):
            key = f"{prefix}{name}" if layer.names[0] else f"{prefix}.{name}"
            for dim, axis in enumerate(axes):
                if axis in orders:
                    tensor = tensor.index_select(dim, orders[axis])
            whole = torch.full_like(fresh[key], filled)
            whole[tuple(map(slice, tensor.shape))] = tensor
            weights[key] = whole
    return weights


def importance_orders(layers: list[Layer]) -> dict[Axis, torch.Tensor]:
    """For channels that may be moved their indices, the most important first.

    A channel matters by what all that read it make of it: the L1 norm of the weights that it is multiplied with, once
    normalisation is in them. Channels within a block are read by its projection (Cai et al. 2020, arXiv:1908.09791).
    """
    importance: dict[Axis, torch.Tensor] = {}
    for layer in layers:
        if layer.into and layer.into.movable:
            read = (matrix(layer.convolution) * _scale(layer)[:, None, None, None]).abs().sum((0, 2, 3))
            importance[layer.into] = importance.get(layer.into, 0) + read
    return {axis: read.argsort(descending=True, stable=True) for axis, read in importance.items()}


def _scale(layer: Layer) -> torch.Tensor:
    """What normalisation multiplies with."""
    if layer.norm is None:
        return layer.convolution.weight.new_ones(layer.out.size)
    weight, _, _, variance = _statistics(layer)
    return weight / (variance + _EPSILON).sqrt()


def _statistics(layer: Layer) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Weight, bias, mean and variance of a normalisation of ours that does what the one of the layer does."""
    norm, ones, zeros = layer.norm, layer.convolution.weight.new_ones(layer.out.size), _bias(layer) * 0
    if norm is None:  # which leaves everything as it is
        return ones, zeros, -_bias(layer), ones - _EPSILON
    mine = norm.weight, norm.bias, norm.running_mean, norm.running_var
    usual = ones, zeros, zeros, ones
    weight, shift, mean, variance = (b if a is None else a.detach() for a, b in zip(mine, usual, strict=True))
    return weight, shift, mean - _bias(layer), variance + (norm.eps - _EPSILON)


def _bias(layer: Layer) -> torch.Tensor:
    bias = layer.convolution.bias
    return layer.convolution.weight.new_zeros(layer.out.size) if bias is None else bias.detach()


def _tensors(layer: Layer) -> Iterator[tuple[str, torch.Tensor, tuple[Axis | None, ...], float]]:
    """Name, values and axes of each of a layer's tensors, and what fills it up."""
    convolution, norm = layer.names
    weight, shift = matrix(layer.convolution), _bias(layer)
    dot = "." if convolution else ""
    if norm:
        yield f"{convolution}.weight", weight, (layer.out, layer.into), 0.0
        for (name, filled), tensor in zip(_FILLED.items(), _statistics(layer), strict=True):
            yield f"{norm}.{name}", tensor, (layer.out,), filled
        return
    if layer.norm:  # our heads have none
        scale, (_, beta, mean, _) = _scale(layer), _statistics(layer)
        weight, shift = weight * scale[:, None, None, None], beta - mean * scale  # the mean has the bias in it
    yield f"{convolution}{dot}weight", weight, (layer.out, layer.into), 0.0
    yield f"{convolution}{dot}bias", shift, (layer.out,), 0.0

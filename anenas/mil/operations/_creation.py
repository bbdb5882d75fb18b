"""Tensors made from shapes, ranges and random numbers."""

from __future__ import annotations

import torch
from torch import Tensor

from anenas.mil._registry import Ints, op


@op("fill")
def fill(shape: Ints, value: Tensor | None = None) -> Tensor:
    return (torch.zeros(()) if value is None else value).expand(shape)


@op("fill_like")
def fill_like(ref_tensor: Tensor, value: Tensor | None = None) -> Tensor:
    return (torch.zeros(()) if value is None else value).expand(ref_tensor.shape)


@op("range_1d")
def range_1d(end: Tensor, start: Tensor, step: Tensor) -> Tensor:
    return torch.arange(start.item(), end.item(), step.item())


@op("one_hot")
def one_hot(
    indices: Tensor,
    one_hot_vector_size: int,
    axis: int = -1,
    on_value: Tensor | None = None,
    off_value: Tensor | None = None,
) -> Tensor:
    axis %= indices.ndim + 1
    places = torch.arange(one_hot_vector_size).reshape(-1, *(1,) * (indices.ndim - axis))
    on = torch.ones((), dtype=torch.int32) if on_value is None else on_value
    off = torch.zeros((), dtype=torch.int32) if off_value is None else off_value
    return torch.where(indices.unsqueeze(axis) == places, on, off)


def _generator(seed: int) -> torch.Generator:
    """A negative seed means a random one in every run."""
    generator = torch.Generator()
    if seed < 0:
        generator.seed()
    else:
        generator.manual_seed(seed)
    return generator


@op("random_uniform")
def random_uniform(shape: Ints, low: float = 0.0, high: float = 1.0, seed: int = -1) -> Tensor:
    return low + (high - low) * torch.rand(shape, generator=_generator(seed))


@op("random_normal")
def random_normal(shape: Ints, mean: float = 0.0, stddev: float = 1.0, seed: int = -1) -> Tensor:
    return mean + stddev * torch.randn(shape, generator=_generator(seed))


@op("random_bernoulli")
def random_bernoulli(shape: Ints, prob: float = 0.5, seed: int = -1) -> Tensor:
    return (torch.rand(shape, generator=_generator(seed)) < prob).float()


@op("random_categorical")
def random_categorical(x: Tensor, mode: str = "logits", size: int = 1, seed: int = -1) -> Tensor:
    """Draws `size` classes from each row of logits or probabilities."""
    weights = x.softmax(-1) if mode == "logits" else x
    drawn = torch.multinomial(weights.reshape(-1, x.shape[-1]), size, True, generator=_generator(seed))
    return drawn.reshape(*x.shape[:-1], size).float()

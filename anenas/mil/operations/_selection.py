"""Sorting, counting, gathering and scattering."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from anenas._errors import AnenasError
from anenas.mil._registry import op


@op("argsort")
def argsort(x: Tensor, axis: int = -1, ascending: bool = False) -> Tensor:
    return x.argsort(dim=axis, descending=not ascending, stable=True)


@op("topk")
def topk(
    x: Tensor,
    k: int = 1,
    axis: int = -1,
    ascending: bool = False,
    sort: bool = True,
    return_indices: bool = True,
    output_indices_dtype: str = "int32",
) -> Tensor | tuple[Tensor, ...]:
    """A `k` of -1 takes all."""
    values, indices = x.topk(x.shape[axis] if k == -1 else k, axis, largest=not ascending, sorted=sort)
    return (values, indices) if return_indices else values


@op("non_zero")
def non_zero(x: Tensor) -> Tensor:
    return x.nonzero()


@op("cumsum")
def cumsum(x: Tensor, axis: int = 0, exclusive: bool = False, reverse: bool = False) -> Tensor:
    given = x.flip(axis) if reverse else x
    total = given.cumsum(axis) - given if exclusive else given.cumsum(axis)
    return total.flip(axis) if reverse else total


def _positive(indices: Tensor, size: int) -> Tensor:
    """Negative indices count from the end."""
    indices = indices.long()
    return torch.where(indices < 0, indices + size, indices)


@op("gather")
def gather(x: Tensor, indices: Tensor, axis: int = 0, batch_dims: int = 0, validate_indices: bool = False) -> Tensor:
    """Indices replace the axis; the first `batch_dims` dimensions of both correspond."""
    axis %= x.ndim
    chosen = _positive(indices, x.shape[axis])
    if not batch_dims:
        return x.index_select(axis, chosen.reshape(-1)).reshape(x.shape[:axis] + indices.shape + x.shape[axis + 1 :])
    batch = x.shape[:batch_dims]
    count = math.prod(batch)
    rows = x.reshape(count, *x.shape[batch_dims:]).movedim(axis - batch_dims + 1, 1)
    picked = rows[torch.arange(count).unsqueeze(1), chosen.reshape(count, -1)]
    picked = picked.movedim(1, axis - batch_dims + 1)
    return picked.reshape(x.shape[:axis] + indices.shape[batch_dims:] + x.shape[axis + 1 :])


@op("gather_along_axis")
def gather_along_axis(x: Tensor, indices: Tensor, axis: int = 0, validate_indices: bool = False) -> Tensor:
    return x.gather(axis, _positive(indices, x.shape[axis]))


@op("gather_nd")
def gather_nd(x: Tensor, indices: Tensor, batch_dims: int = 0, validate_indices: bool = False) -> Tensor:
    """The last dimension of the indices holds an index for each dimension of `x` after the batch."""
    places = indices.shape[:-1]
    batch = [
        torch.arange(x.shape[axis]).reshape(-1, *(1,) * (len(places) - axis - 1)).expand(places)
        for axis in range(batch_dims)
    ]
    chosen = [_positive(one, x.shape[batch_dims + axis]) for axis, one in enumerate(indices.unbind(-1))]
    return x[tuple(batch + chosen)]


@op("scatter_along_axis")
def scatter_along_axis(
    data: Tensor, indices: Tensor, updates: Tensor, axis: int = 0, mode: str = "add", validate_indices: bool = False
) -> Tensor:
    return _scatter(data, axis, _positive(indices, data.shape[axis]), updates, mode)


@op("scatter")
def scatter(
    data: Tensor, indices: Tensor, updates: Tensor, axis: int = 0, mode: str = "add", validate_indices: bool = False
) -> Tensor:
    """Updates whole slices of the axis, at the indices of a vector."""
    axis %= data.ndim
    chosen = _positive(indices, data.shape[axis]).reshape(-1, *(1,) * (data.ndim - axis - 1))
    return _scatter(data, axis, chosen.expand(updates.shape), updates, mode)


@op("scatter_nd")
def scatter_nd(
    data: Tensor, indices: Tensor, updates: Tensor, mode: str = "add", validate_indices: bool = False
) -> Tensor:
    """The last dimension of the indices is a slice's position in the first dimensions of `data`."""
    depth = indices.shape[-1]
    flat = torch.zeros(indices.shape[:-1], dtype=torch.long)
    for axis, one in enumerate(indices.unbind(-1)):
        flat = flat * data.shape[axis] + _positive(one, data.shape[axis])
    rows = data.reshape(math.prod(data.shape[:depth]), -1)
    chosen = flat.reshape(-1, 1).expand(-1, rows.shape[1])
    return _scatter(rows, 0, chosen, updates.reshape(-1, rows.shape[1]), mode).reshape(data.shape)


_REDUCE = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}


def _scatter(data: Tensor, axis: int, indices: Tensor, updates: Tensor, mode: str) -> Tensor:
    updates = updates.to(data.dtype)
    if mode == "update":
        return data.scatter(axis, indices, updates)
    if mode == "sub":
        return data.scatter_reduce(axis, indices, -updates, "sum")
    if mode == "div":
        divisors = torch.ones_like(data).scatter_reduce(axis, indices, updates, "prod")
        return torch.div(data, divisors, rounding_mode=None if data.is_floating_point() else "trunc")
    if mode not in _REDUCE:
        raise AnenasError(f"mode '{mode}' of scattering is not known")
    return data.scatter_reduce(axis, indices, updates, _REDUCE[mode])

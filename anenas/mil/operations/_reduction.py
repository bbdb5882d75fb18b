"""Reductions over axes: over all of them where none are given."""

from __future__ import annotations

from torch import Tensor

from anenas.mil._registry import Ints, op


def _over(x: Tensor, axes: Ints | None) -> Ints:
    return axes or tuple(range(x.ndim))


@op("reduce_sum")
def reduce_sum(x: Tensor, axes: Ints | None = None, keep_dims: bool = False) -> Tensor:
    return x.sum(_over(x, axes), keepdim=keep_dims)


@op("reduce_mean")
def reduce_mean(x: Tensor, axes: Ints | None = None, keep_dims: bool = False) -> Tensor:
    return x.float().mean(_over(x, axes), keepdim=keep_dims)


@op("reduce_max")
def reduce_max(x: Tensor, axes: Ints | None = None, keep_dims: bool = False) -> Tensor:
    return x.amax(_over(x, axes), keepdim=keep_dims)


@op("reduce_min")
def reduce_min(x: Tensor, axes: Ints | None = None, keep_dims: bool = False) -> Tensor:
    return x.amin(_over(x, axes), keepdim=keep_dims)


@op("reduce_prod")
def reduce_prod(x: Tensor, axes: Ints | None = None, keep_dims: bool = False) -> Tensor:
    for axis in sorted((axis % x.ndim for axis in _over(x, axes)), reverse=True):
        x = x.prod(axis, keepdim=keep_dims)
    return x


@op("reduce_l1_norm")
def reduce_l1_norm(x: Tensor, axes: Ints | None = None, keep_dims: bool = False) -> Tensor:
    return x.abs().sum(_over(x, axes), keepdim=keep_dims)


@op("reduce_l2_norm")
def reduce_l2_norm(x: Tensor, axes: Ints | None = None, keep_dims: bool = False) -> Tensor:
    return reduce_sum_square(x, axes, keep_dims).sqrt()


@op("reduce_sum_square")
def reduce_sum_square(x: Tensor, axes: Ints | None = None, keep_dims: bool = False) -> Tensor:
    return x.square().sum(_over(x, axes), keepdim=keep_dims)


@op("reduce_log_sum")
def reduce_log_sum(x: Tensor, axes: Ints | None = None, keep_dims: bool = False) -> Tensor:
    return x.sum(_over(x, axes), keepdim=keep_dims).log()


@op("reduce_log_sum_exp")
def reduce_log_sum_exp(x: Tensor, axes: Ints | None = None, keep_dims: bool = False) -> Tensor:
    return x.float().logsumexp(_over(x, axes), keepdim=keep_dims)


@op("reduce_argmax")
def reduce_argmax(x: Tensor, axis: int = -1, keep_dims: bool = False, output_dtype: str = "int32") -> Tensor:
    return x.argmax(axis, keepdim=keep_dims)


@op("reduce_argmin")
def reduce_argmin(x: Tensor, axis: int = -1, keep_dims: bool = False, output_dtype: str = "int32") -> Tensor:
    return x.argmin(axis, keepdim=keep_dims)

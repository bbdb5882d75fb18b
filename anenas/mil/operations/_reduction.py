"""Reductions over axes, by default all."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from anenas.mil._registry import Ints, op


def _reduction(name: str, reduce: Callable[[Tensor, Ints, bool], Tensor]) -> None:
    @op(f"reduce_{name}")
    def reduction(x: Tensor, axes: Ints | None = None, keep_dims: bool = False) -> Tensor:
        return reduce(x, axes or tuple(range(x.ndim)), keep_dims)


def _product(x: Tensor, axes: Ints, keep: bool) -> Tensor:
    for axis in sorted((axis % x.ndim for axis in axes), reverse=True):
        x = x.prod(axis, keepdim=keep)
    return x


_reduction("sum", lambda x, axes, keep: x.sum(axes, keepdim=keep))
_reduction("mean", lambda x, axes, keep: x.float().mean(axes, keepdim=keep))
_reduction("max", lambda x, axes, keep: x.amax(axes, keepdim=keep))
_reduction("min", lambda x, axes, keep: x.amin(axes, keepdim=keep))
_reduction("prod", _product)
_reduction("l1_norm", lambda x, axes, keep: x.abs().sum(axes, keepdim=keep))
_reduction("l2_norm", lambda x, axes, keep: x.square().sum(axes, keepdim=keep).sqrt())
_reduction("sum_square", lambda x, axes, keep: x.square().sum(axes, keepdim=keep))
_reduction("log_sum", lambda x, axes, keep: x.sum(axes, keepdim=keep).log())
_reduction("log_sum_exp", lambda x, axes, keep: x.float().logsumexp(axes, keepdim=keep))


@op("reduce_argmax")
def reduce_argmax(x: Tensor, axis: int = -1, keep_dims: bool = False, output_dtype: str = "int32") -> Tensor:
    return x.argmax(axis, keepdim=keep_dims)


@op("reduce_argmin")
def reduce_argmin(x: Tensor, axis: int = -1, keep_dims: bool = False, output_dtype: str = "int32") -> Tensor:
    return x.argmin(axis, keepdim=keep_dims)

"""Operands of operations, and what is asked of their results."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from hypothesis import given as every
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

Array = np.ndarray[Any, np.dtype[Any]]


Call = Callable[..., Any]


def given(*strategies: Any, **named: Any) -> Callable[..., Any]:
    return lambda test: settings(max_examples=30)(every(*strategies, **named)(test))


def random(*shape: int, seed: int = 0) -> Array:
    return np.random.RandomState(seed).randn(*shape).astype(np.float32)


def close(actual: Array, expected: Any, tolerance: float = 1e-4) -> None:
    expected = expected.detach().numpy() if isinstance(expected, torch.Tensor) else expected
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def windows(x: Array, kernel: tuple[int, ...], strides: tuple[int, ...], dilations: tuple[int, ...]) -> Any:
    """Each place of the result with the window of the padded input that it is made from."""
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    counts = [(n - span) // s + 1 for n, span, s in zip(x.shape[2:], spans, strides, strict=True)]
    for place in np.ndindex(*counts):
        yield (
            place,
            x[
                (
                    ...,
                    *(
                        slice(p * s, p * s + span, d)
                        for p, s, span, d in zip(place, strides, spans, dilations, strict=True)
                    ),
                )
            ],
        )


def same_padding(
    sizes: tuple[int, ...], spans: list[int], strides: tuple[int, ...], lower: bool
) -> list[tuple[int, int]]:
    """Such that the result has ceil(size / stride); the odd one goes to the end, or to the beginning."""
    sides = []
    for size, span, stride in zip(sizes, spans, strides, strict=True):
        total = max((math.ceil(size / stride) - 1) * stride + span - size, 0)
        sides.append((math.ceil(total / 2), total // 2) if lower else (total // 2, math.ceil(total / 2)))
    return sides


SPATIAL = st.integers(1, 3)


def arrays(low: int = 1, high: int = 5, side: int = 4, dtype: Any = np.float32) -> Any:
    """Arrays whose every element is another, so that none can stand for one."""
    shapes = hnp.array_shapes(min_dims=low, max_dims=high, max_side=side)
    return shapes.map(
        lambda shape: np.random.RandomState(0).permutation(int(np.prod(shape))).reshape(shape).astype(dtype)
    )


def numbered(*shape: int) -> Array:
    return np.arange(int(np.prod(shape)), dtype=np.float32).reshape(shape)

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st
from operands import Array, Call, close, given, random


@given(st.lists(st.integers(1, 3), max_size=2), st.integers(1, 4), st.integers(1, 4))
def test_matrix_products(call: Call, batch: list[int], n: int, m: int) -> None:
    x, y = random(*batch, n, 3), random(*batch[1:], 3, m, seed=1)
    close(call("matmul", x=x, y=y), x @ y)
    swapped = {"x": np.swapaxes(x, -1, -2), "y": np.swapaxes(y, -1, -2)}
    close(call("matmul", transpose_x=True, transpose_y=True, **swapped), x @ y)
    close(
        call("matmul", x=x[..., 0, :], y=y[..., 0]) if not batch else x @ y,
        x[..., 0, :] @ y[..., 0] if not batch else x @ y,
    )
    weight, bias = random(m, 3, seed=2), random(m, seed=3)
    close(call("linear", x=x, weight=weight, bias=bias), x @ weight.T + bias)
    close(call("linear", x=x, weight=weight), x @ weight.T)
    whole = np.rint(weight * 3).astype(np.int32)
    close(call("linear", x=x, weight=whole), x @ whole.T)
    close(call("matmul", x=whole, y=whole, transpose_y=True), whole @ whole.T)
    left, right = random(2, n, 4, 3), random(2, 3, 4, m, seed=4)
    products = call("einsum", values=[left, right], equation="nchw,nwhu->nchu")
    close(products, np.einsum("nchw,nwhu->nchu", left, right))


@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4))
def test_attention(call: Call, batch: int, targets: int, sources: int) -> None:
    query, key, value = (
        random(batch, 2, targets, 3),
        random(batch, 2, sources, 3, seed=1),
        random(batch, 2, sources, 5, seed=2),
    )
    mask = random(targets, sources, seed=3)
    kept = np.ones((targets, sources), bool)
    kept[:, 1:] = mask[:, 1:] > 0

    def attention(added: Any) -> Array:
        scores = query @ key.swapaxes(-1, -2) / math.sqrt(3) + added
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        return weights / weights.sum(-1, keepdims=True) @ value

    operands = {"query": query, "key": key, "value": value}
    close(call("scaled_dot_product_attention", **operands), attention(0))
    close(call("scaled_dot_product_attention", attn_mask=mask, **operands), attention(mask))
    close(call("scaled_dot_product_attention", attn_mask=kept, **operands), attention(np.where(kept, 0, -np.inf)))

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from operands import Call, close, given, random


@given(st.integers(1, 3), st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_normalisations_of_channels(call: Call, channels: int, sizes: list[int]) -> None:
    x = random(2, channels, *sizes)
    gamma, beta, mean = (random(channels, seed=seed) for seed in (1, 2, 3))
    variance = np.abs(random(channels, seed=4)) + 0.5
    wide = [one.reshape(-1, *[1] * len(sizes)) for one in (gamma, beta, mean, variance)]
    expected = (x - wide[2]) / np.sqrt(wide[3] + 1e-3) * wide[0] + wide[1]
    options = {"x": x, "gamma": gamma, "beta": beta, "epsilon": np.float32(1e-3)}
    close(call("batch_norm", mean=mean, variance=variance, **options), expected)
    axes = tuple(range(2, x.ndim))
    centred = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-3)
    close(call("instance_norm", **options), centred * wide[0] + wide[1])
    close(call("instance_norm", x=x, epsilon=np.float32(1e-3)), centred)


@given(st.lists(st.integers(1, 4), min_size=3, max_size=4), st.data())
def test_normalisations_of_axes(call: Call, sizes: list[int], data: st.DataObject) -> None:
    x = random(*sizes)
    axes = sorted(data.draw(st.lists(st.integers(0, x.ndim - 1), min_size=1, unique=True)))
    shape = [sizes[axis] for axis in axes]
    gamma, beta = random(*shape, seed=1), random(*shape, seed=2)
    kept = [size if axis in axes else 1 for axis, size in enumerate(sizes)]
    over = tuple(axes)
    expected = (x - x.mean(over, keepdims=True)) / np.sqrt(x.var(over, keepdims=True) + 1e-3)
    options = {"x": x, "axes": [axis - x.ndim for axis in axes], "epsilon": np.float32(1e-3)}
    close(call("layer_norm", **options), expected)
    close(call("layer_norm", gamma=gamma, beta=beta, **options), expected * gamma.reshape(kept) + beta.reshape(kept))
    norm = np.sqrt((x**2).sum((-3, -2, -1), keepdims=True) + 1e-6)
    close(call("l2_norm", x=x), x / norm)


@given(st.integers(1, 6), st.integers(1, 5))
def test_normalisation_by_neighbouring_channels(call: Call, channels: int, size: int) -> None:
    x = random(2, channels, 3)
    factors = {"alpha": np.float32(0.5), "beta": np.float32(0.75), "k": np.float32(1.5)}
    result = call("local_response_norm", x=x, size=size, **factors)
    for channel in range(channels):
        near = x[:, max(0, channel - size // 2) : channel + (size - 1) // 2 + 1]
        close(result[:, channel], x[:, channel] / (1.5 + 0.5 / size * (near**2).sum(1)) ** 0.75)

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from operands import Array, Call, arrays, given


@given(hnp.array_shapes(min_dims=1, max_dims=4, max_side=4), st.integers(-5, 5))
def test_filling(call: Call, shape: tuple[int, ...], value: int) -> None:
    np.testing.assert_array_equal(call("fill", shape=list(shape), value=np.int32(value)), np.full(shape, value))
    like = call("fill_like", ref_tensor=np.zeros(shape, np.float32), value=np.float32(value))
    np.testing.assert_array_equal(like, np.full(shape, value, np.float32))
    assert not call("fill", shape=list(shape)).any()


@given(st.integers(-5, 5), st.integers(0, 9), st.sampled_from([1, 2, 3]))
def test_ranges(call: Call, start: int, length: int, step: int) -> None:
    end = start + length
    bounds = {name: np.int32(n) for name, n in (("start", start), ("end", end), ("step", step))}
    np.testing.assert_array_equal(call("range_1d", **bounds), np.arange(start, end, step))


@given(arrays(0, 3, 4, np.int32), st.data())
def test_one_hot_vectors(call: Call, indices: Array, data: st.DataObject) -> None:
    axis = data.draw(st.integers(-indices.ndim - 1, indices.ndim))
    result = call(
        "one_hot", indices=indices, one_hot_vector_size=5, axis=axis, on_value=np.float32(2), off_value=np.float32(-1)
    )
    expected = np.where(np.expand_dims(indices, -1) == np.arange(5), 2, -1)
    np.testing.assert_array_equal(result, np.moveaxis(expected, -1, axis))
    assert call("one_hot", indices=indices, one_hot_vector_size=200).sum() == indices.size


def test_random_numbers_follow_their_seed_and_distribution(call: Call) -> None:
    for name, options, mean, spread in (
        ("random_uniform", {"low": np.float32(2), "high": np.float32(4)}, 3, 0.577),
        ("random_normal", {"mean": np.float32(3), "stddev": np.float32(2)}, 3, 2),
        ("random_bernoulli", {"prob": np.float32(0.25)}, 0.25, 0.433),
    ):
        drawn = call(name, shape=[100, 100], seed=5, **options)
        np.testing.assert_array_equal(drawn, call(name, shape=[100, 100], seed=5, **options))
        assert drawn.mean() == pytest.approx(mean, abs=0.1)
        assert drawn.std() == pytest.approx(spread, rel=0.1)
    odds = np.array([[0.0, 1.0, 0.0], [0.5, 0.0, 0.5]], np.float32)
    drawn = call("random_categorical", x=odds, mode="probs", size=50, seed=1)
    assert drawn.shape == (2, 50)
    assert (set(drawn[0]), set(drawn[1])) == ({1}, {0, 2})

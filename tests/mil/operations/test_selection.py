"""Against numpy on random shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from operands import Array, Call, arrays, given, numbered

from anenas._errors import AnenasError


@given(arrays(1, 4), st.data())
def test_orders(call: Call, x: Array, data: st.DataObject) -> None:
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    k = data.draw(st.integers(1, x.shape[axis]))
    for ascending in (True, False):
        order = np.argsort(x if ascending else -x, axis)
        np.testing.assert_array_equal(call("argsort", x=x, axis=axis, ascending=ascending), order)
        values, indices = call("topk", x=x, k=k, axis=axis, ascending=ascending)
        first = np.take(order, range(k), axis)
        np.testing.assert_array_equal(indices, first)
        np.testing.assert_array_equal(values, np.take_along_axis(x, first, axis))
    np.testing.assert_array_equal(call("reduce_argmax", x=x, axis=axis), x.argmax(axis))
    np.testing.assert_array_equal(call("reduce_argmin", x=x, axis=axis, keep_dims=True), x.argmin(axis, keepdims=True))
    np.testing.assert_array_equal(call("non_zero", x=x), np.argwhere(x))


def test_the_first_of_an_order_come_with_their_places_unless_told_otherwise(call: Call) -> None:
    x = np.float32([[3, 1, 2], [4, 6, 5]])
    values, places = call("topk", x=x, k=2)
    np.testing.assert_array_equal(values, [[3, 2], [6, 5]])
    np.testing.assert_array_equal(places, [[0, 2], [1, 2]])
    np.testing.assert_array_equal(call("topk", x=x, k=2, return_indices=False), values)
    values, places = call("topk", x=x, k=-1, axis=0, ascending=True)  # all
    np.testing.assert_array_equal(values, [[3, 1, 2], [4, 6, 5]])
    np.testing.assert_array_equal(places, [[0, 0, 0], [1, 1, 1]])


def test_equals_keep_their_order(call: Call) -> None:
    x = np.float32([1, 0] * 20)
    down = [*range(0, 40, 2), *range(1, 40, 2)]
    np.testing.assert_array_equal(call("argsort", x=x), down)
    np.testing.assert_array_equal(call("argsort", x=x, ascending=True), [*range(1, 40, 2), *range(0, 40, 2)])


@given(arrays(1, 4), st.data())
def test_running_sums(call: Call, x: Array, data: st.DataObject) -> None:
    axis = data.draw(st.integers(0, x.ndim - 1))
    total = x.cumsum(axis)
    np.testing.assert_array_equal(call("cumsum", x=x, axis=axis), total)
    np.testing.assert_array_equal(call("cumsum", x=x, axis=axis, exclusive=True), total - x)
    backwards = np.flip(np.flip(x, axis).cumsum(axis), axis)
    np.testing.assert_array_equal(call("cumsum", x=x, axis=axis, reverse=True), backwards)
    np.testing.assert_array_equal(call("cumsum", x=x, axis=axis, reverse=True, exclusive=True), backwards - x)


@given(arrays(1, 4), st.data())
def test_gathering(call: Call, x: Array, data: st.DataObject) -> None:
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    size = x.shape[axis]
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=2, max_side=3))
    indices = data.draw(hnp.arrays(np.int32, shape, elements=st.integers(-size, size - 1)))
    np.testing.assert_array_equal(call("gather", x=x, indices=indices, axis=axis), np.take(x, indices, axis))
    along = tuple(3 if i == axis % x.ndim else n for i, n in enumerate(x.shape))
    each = data.draw(hnp.arrays(np.int32, along, elements=st.integers(-size, size - 1)))
    expected = np.take_along_axis(x, each % size, axis)
    np.testing.assert_array_equal(call("gather_along_axis", x=x, indices=each, axis=axis), expected)


@given(arrays(2, 4), st.data())
def test_gathering_in_batches(call: Call, x: Array, data: st.DataObject) -> None:
    batch_dims = data.draw(st.integers(1, x.ndim - 1))
    axis = data.draw(st.integers(batch_dims, x.ndim - 1))
    indices = data.draw(hnp.arrays(np.int32, (*x.shape[:batch_dims], 3), elements=st.integers(0, x.shape[axis] - 1)))
    result = call("gather", x=x, indices=indices, axis=axis, batch_dims=batch_dims)
    for place in np.ndindex(*x.shape[:batch_dims]):
        np.testing.assert_array_equal(result[place], np.take(x[place], indices[place], axis - batch_dims))
    pairs = np.expand_dims(indices % x.shape[batch_dims], -1)
    result = call("gather_nd", x=x, indices=pairs, batch_dims=batch_dims)
    for place in np.ndindex(*x.shape[:batch_dims]):
        np.testing.assert_array_equal(result[place], x[place][pairs[place][:, 0]])


@given(arrays(2, 4), st.data())
def test_gathering_more_than_a_vector_in_batches(call: Call, x: Array, data: st.DataObject) -> None:
    batch_dims = data.draw(st.integers(1, x.ndim - 1))
    axis = data.draw(st.integers(batch_dims, x.ndim - 1))
    batch, size = x.shape[:batch_dims], x.shape[axis]
    shape = (*batch, *data.draw(st.lists(st.integers(1, 3), max_size=2)))
    indices = data.draw(hnp.arrays(np.int32, shape, elements=st.integers(-size, size - 1)))
    signed = data.draw(st.sampled_from([axis, axis - x.ndim]))
    result = call("gather", x=x, indices=indices, axis=signed, batch_dims=batch_dims)
    for place in np.ndindex(*batch):
        np.testing.assert_array_equal(result[place], np.take(x[place], indices[place], axis - batch_dims))
    depth = data.draw(st.integers(1, x.ndim - batch_dims))
    limits = x.shape[batch_dims : batch_dims + depth]
    parts = [data.draw(hnp.arrays(np.int32, shape, elements=st.integers(-n, n - 1))) for n in limits]
    result = call("gather_nd", x=x, indices=np.stack(parts, -1), batch_dims=batch_dims)
    for place in np.ndindex(*shape):
        chosen = (*place[:batch_dims], *(int(part[place]) for part in parts))
        np.testing.assert_array_equal(result[place], x[chosen])


@given(arrays(1, 4), st.data())
def test_gathering_by_whole_indices(call: Call, x: Array, data: st.DataObject) -> None:
    depth = data.draw(st.integers(1, x.ndim))
    rows = [[data.draw(st.integers(-size, size - 1)) for size in x.shape[:depth]] for _ in range(3)]
    result = call("gather_nd", x=x, indices=np.array(rows, np.int32))
    np.testing.assert_array_equal(result, np.stack([x[tuple(row)] for row in rows]))


MODES: dict[str, Callable[[Any, Any], Any]] = {
    "update": lambda old, new: new,
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "max": np.maximum,
    "min": np.minimum,
}


@pytest.mark.parametrize("mode", MODES)
@given(data=st.data())
def test_scattering(call: Call, mode: str, data: st.DataObject) -> None:
    x = data.draw(arrays(1, 4)) + 1
    axis = data.draw(st.integers(0, x.ndim - 1))
    chosen = data.draw(st.lists(st.integers(0, x.shape[axis] - 1), min_size=1, unique=True))
    updates = np.take(x, chosen, axis)[::-1].copy() + 0.5
    expected, along = x.copy(), np.moveaxis(updates, axis, 0)
    target = np.moveaxis(expected, axis, 0)
    for place, update in zip(chosen, along, strict=True):
        target[place] = MODES[mode](target[place], update)
    indices = np.array(chosen, np.int32)
    np.testing.assert_allclose(
        call("scatter", data=x, indices=indices, updates=updates, axis=axis, mode=mode), expected
    )
    each = np.broadcast_to(indices.reshape(-1, *[1] * (x.ndim - axis - 1)), updates.shape)
    options = {"updates": updates, "axis": axis, "mode": mode}
    np.testing.assert_allclose(call("scatter_along_axis", data=x, indices=each, **options), expected)
    if axis == 0:
        whole = call("scatter_nd", data=x, indices=indices[:, None], updates=updates, mode=mode)
        np.testing.assert_allclose(whole, expected)


@pytest.mark.parametrize("mode", MODES)
def test_places_to_scatter_to_count_from_either_end(call: Call, mode: str) -> None:
    data, seven = np.full((2, 3), 10, np.float32), np.float32([7])
    expected = data.copy()
    expected[1, 1] = MODES[mode](10, 7)
    result = call("scatter_nd", data=data, indices=np.int32([[-1, -2]]), updates=seven, mode=mode)
    np.testing.assert_allclose(result, expected)
    result = call("scatter", data=data[1:], indices=np.int32([-2]), updates=seven[:, None], axis=-1, mode=mode)
    np.testing.assert_allclose(result, expected[1:])
    options = {"indices": np.int32([[-2]]), "updates": seven[:, None], "axis": -1, "mode": mode}
    np.testing.assert_allclose(call("scatter_along_axis", data=data[1:], **options), expected[1:])


def test_whole_numbers_are_divided_towards_zero(call: Call) -> None:
    data, updates = np.int32([7, -7, 9]), np.int32([2, 2])
    result = call("scatter", data=data, indices=np.int32([0, 1]), updates=updates, mode="div")
    np.testing.assert_array_equal(result, [3, -3, 9])


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("add", 10 + 2 + 5), ("sub", 10 - 2 - 5), ("mul", 100), ("div", 1), ("max", 10), ("min", 2)],
)
def test_updates_of_one_place_meet(call: Call, mode: str, expected: float) -> None:
    options = {"data": np.float32([10, 10]), "updates": np.float32([2, 5]), "mode": mode}
    np.testing.assert_allclose(call("scatter", indices=np.int32([1, -1]), **options), [10, expected])


@given(arrays(2, 4), st.data())
def test_scattering_by_whole_indices_adds_what_meets(call: Call, x: Array, data: st.DataObject) -> None:
    rows = [[data.draw(st.integers(0, size - 1)) for size in x.shape[:2]] for _ in range(3)]
    updates = np.stack([x[tuple(row)] + i for i, row in enumerate(rows)])
    expected = x.copy()
    for row, update in zip(rows, updates, strict=True):
        expected[tuple(row)] += update
    np.testing.assert_array_equal(
        call("scatter_nd", data=x, indices=np.array(rows, np.int32), updates=updates), expected
    )


def test_a_mode_that_is_not_known_is_told(call: Call) -> None:
    x = numbered(1, 1, 4, 4)
    with pytest.raises(AnenasError, match="mode 'and' of scattering is not known"):
        call("scatter", data=x, indices=np.int32([0]), updates=x, mode="and")

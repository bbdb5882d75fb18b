"""Operations that move, choose, join and make elements, against numpy on random shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given as every
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from anenas._errors import AnenasError

Array = np.ndarray[Any, np.dtype[Any]]
Call = Callable[..., Any]


def given(*strategies: Any, **named: Any) -> Callable[..., Any]:
    return lambda test: settings(max_examples=30)(every(*strategies, **named)(test))


def arrays(low: int = 1, high: int = 5, side: int = 4, dtype: Any = np.float32) -> Any:
    """Arrays whose every element is another, so that none can stand for one."""
    shapes = hnp.array_shapes(min_dims=low, max_dims=high, max_side=side)
    return shapes.map(
        lambda shape: np.random.RandomState(0).permutation(int(np.prod(shape))).reshape(shape).astype(dtype)
    )


def numbered(*shape: int) -> Array:
    return np.arange(int(np.prod(shape)), dtype=np.float32).reshape(shape)


@given(arrays(), st.data())
def test_reshapes(call: Call, x: Array, data: st.DataObject) -> None:
    np.testing.assert_array_equal(call("shape", x=x), x.shape)
    np.testing.assert_array_equal(call("reshape", x=x, shape=[-1]), x.reshape(-1))
    flat_after = data.draw(st.integers(1, x.ndim))
    kept = [0] * flat_after  # zeros count from the last dimension
    expected = x.reshape(-1, *x.shape[x.ndim - flat_after :])
    np.testing.assert_array_equal(call("reshape", x=x, shape=[-1, *kept]), expected)
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    rows = int(np.prod(x.shape[:axis]))
    np.testing.assert_array_equal(call("flatten2d", x=x, axis=axis), x.reshape(rows, -1))
    swapped = call(
        "reshape_like",
        x=x.reshape(-1),
        ref_tensors=[x, x],
        begins=[0, axis % x.ndim],
        ends=[axis % x.ndim, 0],
        end_masks=[False, True],
    )
    np.testing.assert_array_equal(swapped, x)


@given(arrays(1, 3), st.data(), st.integers(1, 2))
def test_dimensions_of_one_come_and_go(call: Call, x: Array, data: st.DataObject, count: int) -> None:
    rank = x.ndim + count
    places = data.draw(st.lists(st.integers(0, rank - 1), min_size=count, max_size=count, unique=True))
    axes = [place - rank if data.draw(st.booleans()) else place for place in places]
    wide = call("expand_dims", x=x, axes=axes)
    np.testing.assert_array_equal(wide, np.expand_dims(x, tuple(axes)))
    np.testing.assert_array_equal(call("squeeze", x=wide, axes=axes), x)
    np.testing.assert_array_equal(call("squeeze", x=wide), np.squeeze(x))


@given(arrays(), st.data())
def test_permutations_and_reversals(call: Call, x: Array, data: st.DataObject) -> None:
    perm = data.draw(st.permutations(range(x.ndim)))
    np.testing.assert_array_equal(call("transpose", x=x, perm=perm), x.transpose(perm))
    axes = data.draw(st.lists(st.integers(0, x.ndim - 1), min_size=1, unique=True))
    np.testing.assert_array_equal(call("reverse", x=x, axes=axes), np.flip(x, axes))
    np.testing.assert_array_equal(call("reverse", x=x), np.flip(x))


@given(arrays(2, 4), st.data())
def test_sequences_are_reversed_to_their_lengths(call: Call, x: Array, data: st.DataObject) -> None:
    batch, sequence = data.draw(st.permutations(range(x.ndim)))[:2]
    lengths = data.draw(hnp.arrays(np.int32, (x.shape[batch],), elements=st.integers(0, x.shape[sequence])))
    moved = np.moveaxis(x, (batch, sequence), (0, 1)).copy()
    for row, length in zip(moved, lengths, strict=True):
        row[:length] = row[:length][::-1].copy()
    result = call("reverse_sequence", x=x, lengths=lengths, seq_axis=sequence, batch_axis=batch)
    np.testing.assert_array_equal(result, np.moveaxis(moved, (0, 1), (batch, sequence)))


@given(arrays(1, 4, 6), st.data())
def test_slices(call: Call, x: Array, data: st.DataObject) -> None:
    begin, end, stride, index = [], [], [], []
    masks: dict[str, list[bool]] = {"begin_mask": [], "end_mask": [], "squeeze_mask": []}
    for size in x.shape:
        step = data.draw(st.sampled_from([1, 1, 2, 3, -1, -2]))
        first, last = data.draw(st.integers(-size, size - 1)), data.draw(st.integers(-size, size))
        whole = [data.draw(st.booleans()) for _ in range(2)]
        single = data.draw(st.integers(0, 3)) == 0
        begin.append(first), end.append(last), stride.append(step)
        for name, flag in zip(masks, [whole[0] and not single, whole[1], single], strict=True):
            masks[name].append(flag)
        index.append(first if single else slice(None if whole[0] else first, None if whole[1] else last, step))
    expected = x[tuple(index)]
    bounds = {"begin": begin, "end": end, "stride": stride} | masks
    np.testing.assert_array_equal(call("slice_by_index", x=x, **bounds), expected)
    changed = x.copy()
    changed[tuple(index)] = -1
    np.testing.assert_array_equal(call("slice_update", x=x, update=np.full_like(expected, -1), **bounds), changed)


@given(arrays(1, 4), st.data())
def test_slices_of_a_size(call: Call, x: Array, data: st.DataObject) -> None:
    begin = [data.draw(st.integers(0, size - 1)) for size in x.shape]
    size = [data.draw(st.sampled_from([-1, *range(1, n - b + 1)])) for n, b in zip(x.shape, begin, strict=True)]
    expected = x[tuple(slice(b, None if s == -1 else b + s) for b, s in zip(begin, size, strict=True))]
    np.testing.assert_array_equal(call("slice_by_size", x=x, begin=begin, size=size), expected)


@given(arrays(1, 4), st.data(), st.integers(1, 3))
def test_joining_and_splitting(call: Call, x: Array, data: st.DataObject, count: int) -> None:
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    values = [x + 100 * i for i in range(count)]
    joined = np.concatenate(values, axis)
    np.testing.assert_array_equal(call("concat", values=values, axis=axis), joined)
    np.testing.assert_array_equal(call("stack", values=values, axis=axis), np.stack(values, axis))
    for part, value in zip(call("split", x=joined, axis=axis, num_splits=count), values, strict=True):
        np.testing.assert_array_equal(part, value)
    if x.shape[axis] > 1:
        parts = call("split", x=x, axis=axis, split_sizes=[1, x.shape[axis] - 1])
        for part, value in zip(parts, np.split(x, [1], axis), strict=True):
            np.testing.assert_array_equal(part, value)
    interleaved = call("concat", values=values, axis=axis, interleave=True)
    for i, value in enumerate(values):
        np.testing.assert_array_equal(np.take(interleaved, range(i, joined.shape[axis], count), axis), value)


@given(arrays(1, 4), st.data())
def test_tiles_and_pads(call: Call, x: Array, data: st.DataObject) -> None:
    reps = [data.draw(st.integers(1, 3)) for _ in x.shape]
    np.testing.assert_array_equal(call("tile", x=x, reps=reps), np.tile(x, reps))
    count = data.draw(st.integers(1, x.ndim))  # only the last dimensions
    still = [(0, 0)] * (x.ndim - count)
    for mode, numpys, most in (("constant", "constant", 3), ("reflect", "reflect", 0), ("replicate", "edge", 3)):
        last = x.shape[x.ndim - count :]
        sides = [tuple(data.draw(st.integers(0, most or size - 1)) for _ in range(2)) for size in last]
        options = {"constant_values": 7} if mode == "constant" else {}
        expected = np.pad(x, still + sides, numpys, **options)  # type: ignore[call-overload]
        pad = [number for pair in sides for number in pair]
        result = call("pad", x=x, pad=pad, mode=mode, constant_val=np.float32(7))
        np.testing.assert_array_equal(result, expected)


@given(st.integers(1, 2), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(2, 3))
def test_blocks_move_between_depth_space_and_batch(call: Call, n: int, c: int, h: int, w: int, block: int) -> None:
    wide = numbered(n, c, h * block, w * block)
    deep = call("space_to_depth", x=wide, block_size=block)
    batch = call("space_to_batch", x=wide, block_shape=[block, block], paddings=np.zeros((2, 2), np.int32))
    for row in range(block):
        for column in range(block):
            picked = wide[:, :, row::block, column::block]
            place = row * block + column
            np.testing.assert_array_equal(deep[:, place * c : (place + 1) * c], picked)
            np.testing.assert_array_equal(batch[place * n : (place + 1) * n], picked)
    np.testing.assert_array_equal(call("depth_to_space", x=deep, block_size=block), wide)
    crops = np.array([[1, 0], [0, 1]], np.int32)
    restored = call("batch_to_space", x=batch, block_shape=[block, block], crops=crops)
    np.testing.assert_array_equal(restored, wide[:, :, 1:, :-1])
    padded = call(
        "space_to_batch", x=wide[:, :, 1:, 1:], block_shape=[block, block], paddings=np.array([[1, 0], [1, 0]])
    )
    zeroed = wide.copy()
    zeroed[:, :, 0], zeroed[:, :, :, 0] = 0, 0
    np.testing.assert_array_equal(
        padded, call("space_to_batch", x=zeroed, block_shape=[block, block], paddings=np.zeros((2, 2), np.int32))
    )
    shuffled = call("pixel_shuffle", x=deep, upscale_factor=block)
    np.testing.assert_array_equal(shuffled, torch.nn.PixelShuffle(block)(torch.from_numpy(deep)).numpy())
    np.testing.assert_array_equal(call("pixel_unshuffle", x=shuffled, downscale_factor=block), deep)
    cropped = call("crop", x=wide, crop_height=[1, 0], crop_width=[0, 1])
    np.testing.assert_array_equal(cropped, wide[:, :, 1:, :-1])


@given(arrays(1, 4, 6), st.data())
def test_windows_slide(call: Call, x: Array, data: st.DataObject) -> None:
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    size, stride = data.draw(st.integers(1, x.shape[axis])), data.draw(st.integers(1, 2))
    windows = [np.take(x, range(i, i + size), axis) for i in range(0, x.shape[axis] - size + 1, stride)]
    expected = np.stack(windows, axis % x.ndim)
    np.testing.assert_array_equal(call("sliding_windows", x=x, axis=axis, size=size, stride=stride), expected)


@given(arrays(2, 4), st.integers(-1, 3), st.integers(-1, 3))
def test_bands_of_a_matrix(call: Call, x: Array, lower: int, upper: int) -> None:
    row, column = np.indices(x.shape[-2:])
    kept = ((lower < 0) | (row - column <= lower)) & ((upper < 0) | (column - row <= upper))
    np.testing.assert_array_equal(call("band_part", x=x, lower=lower, upper=upper), x * kept)


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


@given(arrays(1, 4), st.data())
def test_running_sums(call: Call, x: Array, data: st.DataObject) -> None:
    axis = data.draw(st.integers(0, x.ndim - 1))
    total = x.cumsum(axis)
    np.testing.assert_array_equal(call("cumsum", x=x, axis=axis), total)
    np.testing.assert_array_equal(call("cumsum", x=x, axis=axis, exclusive=True), total - x)
    backwards = np.flip(np.flip(x, axis).cumsum(axis), axis)
    np.testing.assert_array_equal(call("cumsum", x=x, axis=axis, reverse=True), backwards)
    np.testing.assert_array_equal(call("cumsum", x=x, axis=axis, reverse=True, exclusive=True), backwards - x)


REDUCTIONS: dict[str, Callable[..., Any]] = {
    "reduce_sum": np.sum,
    "reduce_mean": np.mean,
    "reduce_max": np.max,
    "reduce_min": np.min,
    "reduce_prod": np.prod,
    "reduce_l1_norm": lambda x, **over: np.abs(x).sum(**over),
    "reduce_l2_norm": lambda x, **over: np.sqrt((x**2).sum(**over)),
    "reduce_sum_square": lambda x, **over: (x**2).sum(**over),
    "reduce_log_sum": lambda x, **over: np.log(x.sum(**over)),
    "reduce_log_sum_exp": lambda x, **over: np.log(np.exp(x).sum(**over)),
}


@pytest.mark.parametrize("name", REDUCTIONS)
@given(data=st.data())
def test_reductions(call: Call, name: str, data: st.DataObject) -> None:
    x = data.draw(arrays(1, 4)) / 64 + 0.5
    axes = data.draw(st.lists(st.integers(0, x.ndim - 1), min_size=1, unique=True))
    signed = [axis - x.ndim if data.draw(st.booleans()) else axis for axis in axes]
    expected = REDUCTIONS[name](x, axis=tuple(axes), keepdims=True)
    np.testing.assert_allclose(call(name, x=x, axes=signed, keep_dims=True), expected, rtol=1e-4)
    np.testing.assert_allclose(call(name, x=x), REDUCTIONS[name](x), rtol=1e-4)


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


def test_lists_grow_where_they_are_written() -> None:
    from anenas.mil.operations._lists import (
        list_gather,
        list_length,
        list_read,
        list_scatter,
        list_write,
        make_list,
    )  # fmt: skip

    empty = make_list([2, "is0"], init_length=1)
    assert torch.equal(list_read(empty, 0), torch.zeros(2, 1))
    first, second = torch.ones(2, 3), torch.full((2, 3), 2.0)
    filled = list_write(list_write(empty, 0, first), 2, second)
    assert (int(list_length(empty)), int(list_length(filled))) == (1, 3)
    assert torch.equal(list_read(filled, 2), second)
    assert torch.equal(list_gather(filled, torch.tensor([2, 0])), torch.stack([second, first]))
    swapped = list_scatter(filled, torch.tensor([0, 2]), torch.stack([second, first]))
    assert torch.equal(list_gather(swapped, torch.tensor([0, 2])), torch.stack([second, first]))


def boxes_and_scores() -> tuple[Array, Array]:
    boxes = np.array([[[5, 5, 4, 4], [5.5, 5, 4, 4], [20, 20, 4, 4], [5, 5.2, 4, 4]]], np.float32)
    scores = np.array([[[0.6, 0.1], [0.9, 0.2], [0.3, 0.4], [0.1, 0.5]]], np.float32)
    return boxes, scores


def test_boxes_that_overlap_a_better_one_are_suppressed(call: Call) -> None:
    boxes, scores = boxes_and_scores()
    options = {"iou_threshold": np.float32(0.5), "max_boxes": 3}
    old = call("non_maximum_suppression", boxes=boxes, scores=scores, score_threshold=np.float32(0.35), **options)
    np.testing.assert_array_equal(old[2], [[1, 2, -1]])
    np.testing.assert_array_equal(old[3], [2])
    np.testing.assert_array_equal(old[0][0], [*boxes[0, [1, 2]], np.zeros(4)])
    np.testing.assert_array_equal(old[1][0], [*scores[0, [1, 2]], np.zeros(2)])
    apart = call(
        "non_maximum_suppression",
        boxes=boxes,
        scores=scores,
        score_threshold=np.float32(0),
        per_class_suppression=True,
        **options,
    )
    np.testing.assert_array_equal(apart[2], [[1, 3, 2]])
    new = call("non_maximum_suppression", boxes=boxes.transpose(0, 2, 1), scores=scores.transpose(0, 2, 1), **options)
    np.testing.assert_array_equal(new[2], [[1, 2, -1]])
    np.testing.assert_array_equal(new[0][0, :, 0], boxes[0, 1])


def overlap(one: Array, other: Array) -> float:
    """Of two boxes (x, y, width, height) about their centres: their common area by that of both."""
    sides = [min(one[i] + one[2 + i] / 2, other[i] + other[2 + i] / 2) for i in range(2)]
    sides = [side - max(one[i] - one[2 + i] / 2, other[i] - other[2 + i] / 2) for i, side in enumerate(sides)]
    shared = max(sides[0], 0) * max(sides[1], 0)
    return float(shared / (one[2] * one[3] + other[2] * other[3] - shared))


@given(st.integers(1, 2), st.integers(1, 9), st.integers(1, 3), st.integers(1, 6), st.booleans(), st.integers(0, 99))
def test_which_boxes_are_kept(
    call: Call, images: int, count: int, classes: int, most: int, per_class: bool, seed: int
) -> None:
    random = np.random.RandomState(seed)
    boxes = random.randint(1, 9, (images, count, 4)).astype(np.float32)
    scores = random.permutation(images * count * classes).reshape(images, count, classes).astype(np.float32)
    threshold, least = 0.3137, float(np.quantile(scores, 0.25))
    options = {"boxes": boxes, "scores": scores, "iou_threshold": np.float32(threshold), "max_boxes": most}
    result = call(
        "non_maximum_suppression", score_threshold=np.float32(least), per_class_suppression=per_class, **options
    )
    for image in range(images):
        kept: list[int] = []
        for one in np.argsort(-scores[image].max(-1)):
            rivals = [k for k in kept if not per_class or scores[image, k].argmax() == scores[image, one].argmax()]
            far = all(overlap(boxes[image, one], boxes[image, k]) <= threshold for k in rivals)
            if scores[image, one].max() >= least and far and len(kept) < most:
                kept.append(int(one))
        assert result[2][image].tolist() == kept + [-1] * (most - len(kept))
        assert result[3][image] == len(kept)
        for rows, given_ in ((result[0][image], boxes[image]), (result[1][image], scores[image])):
            np.testing.assert_array_equal(rows[: len(kept)], given_[kept])
            assert not rows[len(kept) :].any()


def test_boxes_that_only_touch_or_are_nothing_do_not_overlap(call: Call) -> None:
    boxes = np.array([[[2, 2, 4, 4], [6, 2, 4, 4], [2, 6, 4, 4], [9, 9, 0, 0], [9, 9, 0, 0]]], np.float32)
    scores = np.array([[[5], [4], [3], [2], [1]]], np.float32)
    options = {"iou_threshold": np.float32(0), "max_boxes": 5, "score_threshold": np.float32(0)}
    assert call("non_maximum_suppression", boxes=boxes, scores=scores, **options)[2].tolist() == [[0, 1, 2, 3, 4]]


X = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
SAMPLED = {"padding_value": np.float32(0), "coordinates_mode": "unnormalized", "align_corners": True}


@pytest.mark.parametrize(
    ("name", "operands", "told"),
    [
        ("gelu", {"x": X, "mode": "FAST"}, "mode 'FAST' of gelu is not known"),
        ("pad", {"x": X, "pad": [1, 1], "mode": "wrap"}, "padding 'wrap' is not known"),
        ("max_pool", {"x": X, "kernel_sizes": [2, 2], "pad_type": "full"}, "padding 'full' is not known"),
        ("resize_bilinear", {"x": X, "sampling_mode": "CUBIC"}, "sampling mode 'CUBIC' is not known"),
        ("crop_resize", {"x": X}, "crop_resize needs roi or boxes"),
        ("split", {"x": X, "axis": 0}, "a split needs num_splits or split_sizes"),
        (
            "scatter",
            {"data": X, "indices": np.int32([0]), "updates": X, "mode": "and"},
            "mode 'and' of scattering is not known",
        ),
        (
            "resample",
            {
                "x": X,
                "coordinates": np.zeros((1, 1, 1, 2), np.float32),
                "sampling_mode": "nearest",
                "padding_mode": "wrap",
                **SAMPLED,
            },
            "padding 'wrap' is not known",
        ),
        (
            "rnn",
            {"x": X[0], "initial_h": X[0, 0], "weight_ih": X[0, 0], "weight_hh": X[0, 0], "activation": "cube"},
            "activation 'cube' of a recurrent layer is not known",
        ),
        (
            "lstm",
            {
                **dict.fromkeys(("initial_h", "initial_c"), X[0, 0, :, :1]),
                "x": X[0],
                "weight_ih": X[0, 0],
                "weight_hh": X[0, 0, :, :1],
                "direction": "bidirectional",
            },
            "a bidirectional lstm needs weight_ih_back and weight_hh_back",
        ),
    ],
)
def test_what_is_not_known_or_lacking_is_told(call: Call, name: str, operands: dict[str, Any], told: str) -> None:
    with pytest.raises(AnenasError, match=f"^{told}$"):
        call(name, **operands)

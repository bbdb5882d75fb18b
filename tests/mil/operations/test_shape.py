"""Against numpy on random shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from operands import Array, Call, arrays, given, numbered

from anenas._errors import AnenasError


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


@pytest.mark.parametrize(
    ("given_shape", "shape", "expected"),
    [
        ((2, 3), [0, 0, 0], (1, 2, 3)),
        ((2, 3), [0, 3, 2], (1, 3, 2)),
        ((2, 3), [0, 0, 0, 0], (1, 1, 2, 3)),
        ((2, 3), [3, 0, 1], (3, 2, 1)),
        ((2, 3, 4), [0, 8], (3, 8)),
        ((2, 3, 4), [0, -1, 0], (2, 3, 4)),
        ((2, 3, 4), [-1, 0], (6, 4)),
        ((2, 3), [3, 2], (3, 2)),
    ],
)
def test_a_zero_in_a_shape_is_the_size_that_is_as_far_from_the_end(
    call: Call, given_shape: tuple[int, ...], shape: list[int], expected: tuple[int, ...]
) -> None:
    assert call("reshape", x=numbered(*given_shape), shape=shape).shape == expected


def test_a_shape_is_put_together_of_parts_of_others(call: Call) -> None:
    others = {"ref_tensors": [numbered(2, 3), numbered(7, 5, 1)], "begins": [0, 1], "ends": [1, 2]}
    for to_end, expected in (([False, True], (2, 5, 1)), ([False, False], (2, 5)), ([True, False], (2, 3, 5))):
        x = numbered(int(np.prod(expected)))
        assert call("reshape_like", x=x, end_masks=to_end, **others).shape == expected


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


def test_slices_without_masks_or_steps(call: Call) -> None:
    x = numbered(4, 5)
    bounds = {"begin": [1, -3], "end": [3, -1]}
    np.testing.assert_array_equal(call("slice_by_index", x=x, **bounds), x[1:3, 2:4])
    changed = x.copy()
    changed[1:3, 2:4] = [[-1, -2], [-3, -4]]
    update = np.float32([[-1, -2], [-3, -4]])
    np.testing.assert_array_equal(call("slice_update", x=x, update=update, **bounds), changed)


def test_an_index_whose_begin_is_left_out_is_the_first(call: Call) -> None:
    x = numbered(4, 5)
    masks = {"begin_mask": [True, False], "end_mask": [False, True], "squeeze_mask": [True, False]}
    np.testing.assert_array_equal(call("slice_by_index", x=x, begin=[3, 1], end=[4, 5], **masks), x[0, 1:])


def test_what_has_an_axis_less_after_a_slice_is_what_was_indexed(call: Call) -> None:
    x = numbered(1, 3, 1, 2)
    bounds = {"begin": [0, 1, 0, 0], "end": [1, 2, 1, 2]}
    assert call("slice_by_index", x=x, **bounds).shape == (1, 1, 1, 2)
    assert call("slice_by_index", x=x, squeeze_mask=[False, True, False, False], **bounds).shape == (1, 1, 2)
    assert call("slice_by_index", x=x, squeeze_mask=[True, True, True, True], **bounds).shape == ()


def test_a_slice_of_a_size_may_begin_from_the_end(call: Call) -> None:
    x = numbered(4, 5)
    np.testing.assert_array_equal(call("slice_by_size", x=x, begin=[-2, -5], size=[1, 2]), x[2:3, :2])
    np.testing.assert_array_equal(call("slice_by_size", x=x, begin=[-3, -1], size=[-1, -1]), x[1:, 4:])


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


def test_numbers_are_joined_to_a_vector(call: Call) -> None:
    values = [np.array(3, np.float32), numbered(2), np.array(7, np.float32)]
    np.testing.assert_array_equal(call("concat", values=values, axis=0), [3, 0, 1, 7])


def test_a_constant_is_joined_to_each_of_many_inputs(call: Call) -> None:
    constant, inputs = numbered(1, 2, 2), numbered(3, 2, 1) + 10
    expected = np.concatenate([np.repeat(constant, 3, 0), inputs], 2)
    np.testing.assert_array_equal(call("concat", values=[constant, inputs], axis=2), expected)
    whole = np.concatenate([constant, numbered(3, 2, 2)])
    np.testing.assert_array_equal(call("concat", values=[constant, numbered(3, 2, 2)], axis=0), whole)


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


@given(st.tuples(*[st.integers(1, 3)] * 6), st.tuples(*[st.integers(0, 2)] * 4))
def test_blocks_of_any_sides_move_to_the_batch(call: Call, sizes: tuple[int, ...], sides: tuple[int, ...]) -> None:
    n, c, rows, columns, down, across = sizes
    wide = numbered(n, c, rows * down, columns * across) + 1
    (top, bottom, left, right), (h, w) = sides, wide.shape[2:]
    top, bottom, left, right = top % h, bottom % (h - top % h), left % w, right % (w - left % w)
    batch = np.concatenate([wide[:, :, i::rows, j::columns] for i in range(rows) for j in range(columns)])
    inner = wide[:, :, top : h - bottom, left : w - right]
    options = {"block_shape": [rows, columns]}
    crops = np.array([[top, bottom], [left, right]], np.int32)
    np.testing.assert_array_equal(call("batch_to_space", x=batch, crops=crops, **options), inner)
    zeroed = np.pad(inner, [(0, 0), (0, 0), (top, bottom), (left, right)])
    expected = np.concatenate([zeroed[:, :, i::rows, j::columns] for i in range(rows) for j in range(columns)])
    np.testing.assert_array_equal(call("space_to_batch", x=inner, paddings=crops, **options), expected)


@given(st.tuples(*[st.integers(1, 5)] * 2), st.tuples(*[st.integers(0, 2)] * 4))
def test_edges_are_cut_from_each_side(call: Call, size: tuple[int, int], cuts: tuple[int, ...]) -> None:
    top, bottom, left, right = cuts
    x = numbered(2, 3, size[0] + top + bottom, size[1] + left + right)
    result = call("crop", x=x, crop_height=[top, bottom], crop_width=[left, right])
    np.testing.assert_array_equal(result, x[:, :, top : top + size[0], left : left + size[1]])


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


@pytest.mark.parametrize(
    ("name", "operands", "told"),
    [
        ("pad", {"x": numbered(1, 1, 4, 4), "pad": [1, 1], "mode": "wrap"}, "padding 'wrap' is not known"),
        ("split", {"x": numbered(1, 1, 4, 4), "axis": 0}, "a split needs num_splits or split_sizes"),
    ],
)
def test_what_is_not_known_or_lacking_is_told(call: Call, name: str, operands: dict[str, Any], told: str) -> None:
    with pytest.raises(AnenasError, match=f"^{told}$"):
        call(name, **operands)

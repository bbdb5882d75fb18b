"""How far a compressed weight may be from what it was, against the values that its format can hold, one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anenas.mil._spacing import spacing
from anenas.mil._syntax import Constant, Operation
from anenas.mil._types import ValueType, named_type
from anenas.mil._values import Array

RANDOM = np.random.default_rng(0)


def constant(name: str, array: Array) -> Constant:
    return Constant(name, ValueType("tensorType", named_type("fp32"), array.shape), lambda: array)


def weight(kind: str, shape: tuple[int, ...], /, **operands: Array | Constant) -> Constant:
    """A constant that an operation unpacks from others."""
    given = {name: (one if isinstance(one, Constant) else constant(name, one),) for name, one in operands.items()}
    step = Operation("w", kind, given, ())
    return Constant("w", ValueType("tensorType", named_type("fp32"), shape), Array, unpacked_by=step)


def test_what_is_not_compressed_is_not_off() -> None:
    np.testing.assert_array_equal(spacing(constant("w", np.ones((2, 3)))), np.zeros((2, 3)))
    cast = weight("constexpr_cast", (2,), source_val=np.float16([1, 2]))
    np.testing.assert_array_equal(spacing(cast), np.zeros(2))


@given(st.integers(1, 3), st.data())
def test_integers_are_off_by_half_a_step_of_their_channel_or_block(rank: int, data: st.DataObject) -> None:
    counts = tuple(data.draw(st.integers(1, 3)) for _ in range(rank))
    shape = tuple(count * data.draw(st.integers(1, 3)) for count in counts)
    whole = RANDOM.integers(-8, 8, shape, np.int8)
    scale = RANDOM.uniform(-1, 1, counts).astype(np.float32)
    offset = RANDOM.integers(-8, 8, counts, np.int8)
    wide = np.kron(np.abs(scale), np.ones([size // count for size, count in zip(shape, counts, strict=True)]))
    for given_ in ({}, {"offset": offset}):
        blocks = weight("constexpr_blockwise_shift_scale", shape, data=whole, scale=scale, **given_)
        np.testing.assert_allclose(spacing(blocks), wide / 2, rtol=1e-6)
    axis = data.draw(st.integers(0, rank - 1))
    scale = RANDOM.uniform(0.1, 1, shape[axis]).astype(np.float32)
    operands = {"quantized_data": whole, "scale": scale, "axis": np.int32(axis)}
    zero = RANDOM.integers(-8, 8, shape[axis], np.int8)
    affine = weight("constexpr_affine_dequantize", shape, zero_point=zero, **operands)
    along = scale.reshape([-1 if one == axis else 1 for one in range(rank)])
    np.testing.assert_allclose(spacing(affine), np.broadcast_to(along / 2, shape), rtol=1e-6)


def beside(value: float, table: Array) -> float:
    """Half the distance to the next value of a table, on the side where that is further."""
    below, above = table[table < value], table[table > value]
    sides = [value - below.max()] if below.size else []
    return max(*sides, *([above.min() - value] if above.size else []), 0.0) / 2


@settings(max_examples=30)
@given(st.integers(1, 3), st.integers(2, 5))
def test_values_of_a_palette_are_off_by_half_of_what_is_between_two(blocks: int, entries: int) -> None:
    lut = RANDOM.permutation(blocks * entries * 7)[: blocks * entries].reshape(blocks, 1, entries, 1).astype(np.float32)
    indices = RANDOM.integers(0, entries, (2 * blocks, 3), np.uint8)
    found = spacing(weight("constexpr_lut_to_dense", indices.shape, indices=indices, lut=lut))
    for (row, column), index in np.ndenumerate(indices):
        table = lut[row // 2, 0, :, 0]
        assert found[row, column] == beside(float(table[index]), table)


def test_a_palette_of_before_ios_18_has_one_row() -> None:
    lut, indices = np.float32([-4, 0, 1, 9]), np.uint8([0b11100100])
    palette = weight("constexpr_lut_to_dense", (2, 2), indices=indices, lut=lut, shape=np.uint32([2, 2]))
    np.testing.assert_array_equal(spacing(palette), [[2, 2], [4, 4]])


def test_vectors_of_a_palette_are_off_by_the_distance_to_the_next() -> None:
    lut = np.float32([[0, 0], [3, 4], [3, 5], [3, 5]]).reshape(1, 1, 4, 2)  # the last two are one
    indices, axis = np.uint8([[0, 1], [2, 3]]), np.int32(0)
    palette = weight("constexpr_lut_to_dense", (4, 2), indices=indices, lut=lut, vector_axis=axis)
    np.testing.assert_allclose(spacing(palette), [[5, 1], [5, 1], [1, 1], [1, 1]])
    alone = weight("constexpr_lut_to_dense", (4, 2), indices=0 * indices, lut=0 * lut, vector_axis=axis)
    np.testing.assert_array_equal(spacing(alone), np.zeros((4, 2)))


def test_what_was_pruned_was_no_larger_than_what_was_kept() -> None:
    mask = np.uint8([[1, 0, 1], [0, 1, 0]])
    sparse = weight("constexpr_sparse_to_dense", (2, 3), nonzero_data=np.float32([3, -0.5, 0]), mask=mask)
    np.testing.assert_array_equal(spacing(sparse), [[0, 0.5, 0], [0.5, 0, 0.5]])
    nothing = weight("constexpr_sparse_to_dense", (2, 3), nonzero_data=np.float32([0, 0, 0]), mask=mask)
    np.testing.assert_array_equal(spacing(nothing), np.zeros((2, 3)))


def test_what_was_pruned_and_kept_as_integers_is_off_by_either() -> None:
    mask, kept, scale = np.uint8([[1, 0], [0, 1]]), np.int8([8, -4]), np.float32([[0.5], [2]])
    values = weight(
        "constexpr_sparse_blockwise_shift_scale", (2,), data_mask=mask, nonzero_data=kept, scale=scale,
    )  # fmt: skip
    inner = Constant("v", values.type, lambda: np.float32([4, -8]), unpacked_by=values.unpacked_by)
    sparse = weight("constexpr_sparse_to_dense", (2, 2), nonzero_data=inner, mask=mask)
    np.testing.assert_array_equal(spacing(sparse), [[0.25, 4], [4, 1]])


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_a_weight_that_is_rounded_is_no_further_off_than_that(bits: int) -> None:
    """The law behind the figures, for a weight that fills its range."""
    steps = 2 ** (bits - 1) - 1
    before = np.append(np.float32([1, -1]), RANDOM.uniform(-1, 1, 998).astype(np.float32)).reshape(1, 1000)
    scale = np.float32([[1 / steps]])
    whole = np.rint(before / scale).astype(np.int8)
    most = spacing(weight("constexpr_blockwise_shift_scale", (1, 1000), data=whole, scale=scale))
    off = np.abs(whole * scale - before)
    assert (off <= most * 1.0001).all() and math.isclose(off.max(), most.max(), rel_tol=0.05)

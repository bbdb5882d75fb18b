"""Against their definition written out, on random shapes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from operands import SPATIAL, Call, close, given, numbered, random, same_padding, windows

from anenas._errors import AnenasError
from anenas.mil import coremltools


@given(SPATIAL, st.data())
def test_pools_in_every_padding(call: Call, spatial: int, data: st.DataObject) -> None:
    def draw(low: int, high: int) -> tuple[int, ...]:
        return tuple(data.draw(st.integers(low, high)) for _ in range(spatial))

    kernel, strides, sizes = draw(1, 3), draw(1, 3), draw(3, 6)
    x = random(2, 3, *sizes)
    kind = data.draw(st.sampled_from(["valid", "custom", "same", "same_lower"]))
    sides = [(0, 0)] * spatial
    if kind == "custom":  # a window that sees nothing but padding has no maximum
        sides = [(data.draw(st.integers(0, k - 1)), data.draw(st.integers(0, k - 1))) for k in kernel]
    elif kind != "valid":
        sides = same_padding(sizes, list(kernel), strides, kind == "same_lower")
    around = [(0, 0), (0, 0), *sides]
    options = {
        "x": x,
        "kernel_sizes": kernel,
        "strides": strides,
        "pad_type": kind,
        "pad": [n for side in sides for n in side],
    }
    highest = call("max_pool", **options)
    average, without = (call("avg_pool", exclude_padding_from_average=flag, **options) for flag in (False, True))
    squares = call("l2_pool", **options)
    axes = tuple(range(2, spatial + 2))
    ones = (1,) * spatial
    checked = 0
    for place, window in windows(np.pad(x, around, constant_values=np.nan), kernel, strides, ones):
        at = (..., *place)
        close(highest[at], np.nanmax(window, axes))
        close(average[at], np.nansum(window, axes) / math.prod(kernel))
        close(without[at], np.nanmean(window, axes))
        close(squares[at], np.sqrt(np.nansum(window**2, axes)))
        checked += 1
    assert all(checked == math.prod(pool.shape[2:]) for pool in (highest, average, without, squares))


@given(st.data())
def test_pools_that_keep_the_last_window(call: Call, data: st.DataObject) -> None:
    kernel = data.draw(st.integers(1, 3))
    stride, pad, size = (
        data.draw(st.integers(1, kernel)),
        data.draw(st.integers(0, kernel // 2)),
        data.draw(st.integers(3, 8)),
    )
    x = random(2, 3, size, size + 1)
    image = torch.from_numpy(x)
    options = {
        "x": x,
        "kernel_sizes": [kernel] * 2,
        "strides": [stride] * 2,
        "pad_type": "custom",
        "pad": [pad] * 4,
        "ceil_mode": True,
    }
    close(call("max_pool", **options), F.max_pool2d(image, kernel, stride, pad, ceil_mode=True))
    expected = F.avg_pool2d(image, kernel, stride, pad, ceil_mode=True, count_include_pad=False)
    close(call("avg_pool", exclude_padding_from_average=True, **options), expected)
    # Core ML divides by the whole kernel whatever it covers, unlike torch.
    beyond = F.pad(image, (pad, pad + kernel, pad, pad + kernel))
    expected = F.avg_pool2d(beyond, kernel, stride)[..., : expected.shape[2], : expected.shape[3]]
    close(call("avg_pool", exclude_padding_from_average=False, **options), expected)


@given(SPATIAL, st.data())
def test_pools_have_as_many_windows_as_are_defined(call: Call, spatial: int, data: st.DataObject) -> None:
    """With `ceil_mode` one over the edge is kept, unless it is in padding only."""
    coremltools()
    from coremltools.converters.mil.mil.ops.defs._utils import spatial_dimensions_out_shape

    def draw(low: int, high: int) -> tuple[int, ...]:
        return tuple(data.draw(st.integers(low, high)) for _ in range(spatial))

    kernel, strides, sizes = draw(1, 3), draw(1, 4), draw(3, 6)
    sides = [(side, side) for side in (data.draw(st.integers(0, k - 1)) for k in kernel)]
    pad = [n for side in sides for n in side]
    counts = spatial_dimensions_out_shape("custom", sizes, kernel, strides, (1,) * spatial, tuple(pad), True)
    x = random(2, 3, *sizes)
    far = [(before, after + 9) for before, after in sides]
    seen = np.pad(x, [(0, 0), (0, 0), *far], constant_values=np.nan)
    options = {"x": x, "kernel_sizes": kernel, "strides": strides, "pad_type": "custom", "pad": pad, "ceil_mode": True}
    pools = {name: call(name, **options) for name in ("max_pool", "avg_pool", "l2_pool")}
    without = call("avg_pool", exclude_padding_from_average=True, **options)
    assert {pool.shape[2:] for pool in (*pools.values(), without)} == {tuple(counts)}
    axes = tuple(range(2, spatial + 2))
    for place, window in windows(seen, kernel, strides, (1,) * spatial):
        if all(p < count for p, count in zip(place, counts, strict=True)) and not np.isnan(window).all():
            at = (..., *place)
            close(pools["max_pool"][at], np.nanmax(window, axes))
            close(pools["avg_pool"][at], np.nansum(window, axes) / math.prod(kernel))
            close(pools["l2_pool"][at], np.sqrt(np.nansum(window**2, axes)))
            close(without[at], np.nanmean(window, axes))


@pytest.mark.parametrize(
    ("pad", "highest", "average", "without"),
    [
        # Padding of half a kernel at most, of more, and of one side.
        ([1, 1], [-1, -2, -4], [-1, -3, -3], [-1.5, -3, -4.5]),
        ([2, 2], [-1, -1, -3, -5], [-1 / 3, -2, -4, -5 / 3], [-1, -2, -4, -5]),
        ([0, 2], [-1, -3, -5], [-2, -4, -5 / 3], [-2, -4, -5]),
        ([2, 0], [-1, -1, -3], [-1 / 3, -2, -4], [-1, -2, -4]),
    ],
)
def test_padding_is_never_the_highest_and_counts_as_zeros_in_an_average(
    call: Call, pad: list[int], highest: list[float], average: list[float], without: list[float]
) -> None:
    """Of -1 to -5, three at a time, at every second place."""
    options = {"x": np.float32([[[-1, -2, -3, -4, -5]]]), "kernel_sizes": [3], "strides": [2]}
    options |= {"pad_type": "custom", "pad": pad}
    close(call("max_pool", **options).ravel(), np.float32(highest))
    close(call("avg_pool", **options).ravel(), np.float32(average))
    close(call("avg_pool", exclude_padding_from_average=True, **options).ravel(), np.float32(without))


def test_windows_over_the_edge_are_divided_by_the_whole_kernel_as_on_macs(call: Call) -> None:
    x = np.arange(49, dtype=np.float32).reshape(1, 1, 7, 7)
    options = {"kernel_sizes": [2, 2], "strides": [3, 3], "pad_type": "valid", "ceil_mode": True}
    found = call("avg_pool", x=x, **options)
    np.testing.assert_allclose(found[0, 0], [[4, 7, 4.75], [25, 28, 15.25], [21.25, 22.75, 12]])  # coremltools PR 2844
    found = call("avg_pool", x=x, exclude_padding_from_average=True, **options)
    np.testing.assert_allclose(found[0, 0], [[4, 7, 9.5], [25, 28, 30.5], [42.5, 45.5, 48]])


def test_a_padding_that_is_not_known_is_told(call: Call) -> None:
    with pytest.raises(AnenasError, match="padding 'full' is not known"):
        call("max_pool", x=numbered(1, 1, 4, 4), kernel_sizes=[2, 2], pad_type="full")

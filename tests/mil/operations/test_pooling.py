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
    assert checked == math.prod(highest.shape[2:])


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

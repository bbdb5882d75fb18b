"""Against their definition written out, on random shapes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume
from hypothesis import strategies as st
from operands import SPATIAL, Call, close, given, random, same_padding, windows


@given(SPATIAL, st.data())
def test_convolution_in_every_padding(call: Call, spatial: int, data: st.DataObject) -> None:
    def draw(low: int, high: int) -> tuple[int, ...]:
        return tuple(data.draw(st.integers(low, high)) for _ in range(spatial))

    kernel, strides, dilations, sizes = draw(1, 3), draw(1, 2), draw(1, 2), draw(5, 7)
    groups, inner, outer = data.draw(st.integers(1, 2)), data.draw(st.integers(1, 2)), data.draw(st.integers(1, 2))
    x, weight = random(2, groups * inner, *sizes), random(groups * outer, inner, *kernel, seed=1)
    bias = random(groups * outer, seed=2)
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    kind = data.draw(st.sampled_from(["valid", "custom", "same", "same_lower"]))
    sides = [(0, 0)] * spatial
    if kind == "custom":
        sides = list(zip(draw(0, 2), draw(0, 2), strict=True))
    elif kind != "valid":
        sides = same_padding(sizes, spans, strides, kind == "same_lower")
    padded = np.pad(x, [(0, 0), (0, 0), *sides])
    result = call(
        "conv",
        x=x,
        weight=weight,
        bias=bias,
        strides=strides,
        dilations=dilations,
        groups=groups,
        pad_type=kind,
        pad=[n for side in sides for n in side],
    )
    checked = 0
    for place, window in windows(padded, kernel, strides, dilations):
        for group in range(groups):
            part = window[:, group * inner : (group + 1) * inner]
            rows = slice(group * outer, (group + 1) * outer)
            expected = np.tensordot(part, weight[rows], (range(1, spatial + 2), range(1, spatial + 2))) + bias[rows]
            close(result[(slice(None), rows, *place)], expected, 1e-3)
        checked += 1
    assert checked == math.prod(result.shape[2:])


@given(SPATIAL, st.data())
def test_transposed_convolution(call: Call, spatial: int, data: st.DataObject) -> None:
    def draw(low: int, high: int) -> tuple[int, ...]:
        return tuple(data.draw(st.integers(low, high)) for _ in range(spatial))

    kernel, strides, dilations, sizes = draw(1, 3), draw(1, 2), draw(1, 2), draw(2, 4)
    groups = data.draw(st.integers(1, 2))
    x, weight, bias = random(2, 2 * groups, *sizes), random(2 * groups, 2, *kernel, seed=1), random(2 * groups, seed=2)
    torchs = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[spatial - 1]
    arrays = [torch.from_numpy(one) for one in (x, weight, bias)]
    whole = torchs(*arrays, strides, 0, 0, groups, dilations).numpy()
    options = {"x": x, "weight": weight, "bias": bias, "strides": strides, "dilations": dilations, "groups": groups}
    close(call("conv_transpose", **options), whole)
    sides = list(zip(draw(0, 1), draw(0, 1), strict=True))
    assume(all(sum(side) < n for side, n in zip(sides, whole.shape[2:], strict=True)))
    cut = whole[(..., *(slice(a, n - b) for (a, b), n in zip(sides, whole.shape[2:], strict=True)))]
    close(call("conv_transpose", pad_type="custom", pad=[n for side in sides for n in side], **options), cut)
    assume(all(n >= size * stride for n, size, stride in zip(whole.shape[2:], sizes, strides, strict=True)))
    extra = [n - size * stride for n, size, stride in zip(whole.shape[2:], sizes, strides, strict=True)]
    for kind, before in (("same", [e // 2 for e in extra]), ("same_lower", [-(-e // 2) for e in extra])):
        places = (slice(b, b + size * stride) for b, size, stride in zip(before, sizes, strides, strict=True))
        close(call("conv_transpose", pad_type=kind, **options), whole[(..., *places)])
    del options["bias"]
    close(call("conv_transpose", **options), whole - bias.reshape(-1, *[1] * spatial))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        # 3·1 and 1·2 meet, and 3·2 and 1·7.
        ({}, [1, 2, 5, 4, 13, 14, 21]),
        ({"output_shape": [1, 1, 6]}, [1, 2, 5, 4, 13, 14]),
        ({"output_shape": [1, 1, 9]}, [1, 2, 5, 4, 13, 14, 21, 0, 0]),
        ({"pad_type": "custom", "pad": [1, 2]}, [2, 5, 4, 13]),
        ({"pad_type": "custom", "pad": [2, 0]}, [5, 4, 13, 14, 21]),
        ({"pad_type": "custom", "pad": [2, 1], "output_shape": [1, 1, 6]}, [5, 4, 13, 14, 21, 0]),
        ({"pad_type": "custom"}, [1, 2, 5, 4, 13, 14, 21]),
        ({"pad_type": "same"}, [1, 2, 5, 4, 13, 14]),
        ({"pad_type": "same_lower"}, [2, 5, 4, 13, 14, 21]),
        ({"pad_type": "same", "output_shape": [1, 1, 5]}, [2, 5, 4, 13, 14]),
        ({"pad_type": "same_lower", "output_shape": [1, 1, 4]}, [5, 4, 13, 14]),
    ],
)
def test_transposed_convolution_is_cut_on_each_side(call: Call, options: dict[str, Any], expected: list[float]) -> None:
    """1, 2 and 7, each spread by 1, 2, 3 at every second place."""
    x, weight = np.float32([[[1, 2, 7]]]), np.float32([[[1, 2, 3]]])
    close(call("conv_transpose", x=x, weight=weight, strides=[2], **options).ravel(), np.float32(expected))


@pytest.mark.parametrize(("kind", "strides"), [("same", [2]), ("same_lower", [2]), ("same", [3])])
def test_a_kernel_smaller_than_the_stride_leaves_places_after_it_empty(
    call: Call, kind: str, strides: list[int]
) -> None:
    """As in TensorFlow, which pads nothing before."""
    x, weight = np.float32([[[1, 2, 7]]]), np.float32([[[4]]])
    expected = np.zeros(3 * strides[0], np.float32)
    expected[:: strides[0]] = [4, 8, 28]
    close(call("conv_transpose", x=x, weight=weight, strides=strides, pad_type=kind).ravel(), expected)


def test_a_convolution_without_a_bias_or_anything_else(call: Call) -> None:
    x, weight = np.float32([[[1, 2, 7, 3]]]), np.float32([[[1, 0, 10]]])
    close(call("conv", x=x, weight=weight).ravel(), np.float32([71, 32]))
    close(call("conv", x=x, weight=weight, pad_type="custom", pad=[2, 0]).ravel(), np.float32([10, 20, 71, 32]))
    close(call("conv", x=x, weight=weight, strides=[2], pad_type="same").ravel(), np.float32([71, 7]))


def test_transposed_convolution_to_a_given_shape(call: Call) -> None:
    x, weight, bias = random(1, 2, 4, 4), random(2, 3, 3, 3, seed=1), random(3, seed=2)
    options = {"x": x, "weight": weight, "bias": bias, "strides": [2, 2], "pad_type": "custom", "pad": [1, 1, 1, 1]}
    expected = F.conv_transpose2d(*map(torch.from_numpy, (x, weight, bias)), 2, 1, output_padding=1)
    close(call("conv_transpose", output_shape=[1, 3, 8, 8], **options), expected)

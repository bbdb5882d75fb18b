"""Layers against torch's own, or against their definition written out, on random shapes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, settings
from hypothesis import given as every
from hypothesis import strategies as st
from torch import nn

Array = np.ndarray[Any, np.dtype[Any]]
Call = Callable[..., Any]


def given(*strategies: Any, **named: Any) -> Callable[..., Any]:
    return lambda test: settings(max_examples=30)(every(*strategies, **named)(test))


def random(*shape: int, seed: int = 0) -> Array:
    return np.random.RandomState(seed).randn(*shape).astype(np.float32)


def close(actual: Array, expected: Any, tolerance: float = 1e-4) -> None:
    expected = expected.detach().numpy() if isinstance(expected, torch.Tensor) else expected
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def windows(x: Array, kernel: tuple[int, ...], strides: tuple[int, ...], dilations: tuple[int, ...]) -> Any:
    """Each place of the result with the window of the padded input that it is made from."""
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    counts = [(n - span) // s + 1 for n, span, s in zip(x.shape[2:], spans, strides, strict=True)]
    for place in np.ndindex(*counts):
        yield (
            place,
            x[
                (
                    ...,
                    *(
                        slice(p * s, p * s + span, d)
                        for p, s, span, d in zip(place, strides, spans, dilations, strict=True)
                    ),
                )
            ],
        )


def same_padding(
    sizes: tuple[int, ...], spans: list[int], strides: tuple[int, ...], lower: bool
) -> list[tuple[int, int]]:
    """Such that the result has ceil(size / stride); the odd one goes to the end, or to the beginning."""
    sides = []
    for size, span, stride in zip(sizes, spans, strides, strict=True):
        total = max((math.ceil(size / stride) - 1) * stride + span - size, 0)
        sides.append((math.ceil(total / 2), total // 2) if lower else (total // 2, math.ceil(total / 2)))
    return sides


SPATIAL = st.integers(1, 3)


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
    same = whole[
        (..., *(slice(e // 2, e // 2 + size * stride) for e, size, stride in zip(extra, sizes, strides, strict=True)))
    ]
    close(call("conv_transpose", pad_type="same", **options), same)


def test_transposed_convolution_to_a_given_shape(call: Call) -> None:
    x, weight, bias = random(1, 2, 4, 4), random(2, 3, 3, 3, seed=1), random(3, seed=2)
    options = {"x": x, "weight": weight, "bias": bias, "strides": [2, 2], "pad_type": "custom", "pad": [1, 1, 1, 1]}
    expected = F.conv_transpose2d(*map(torch.from_numpy, (x, weight, bias)), 2, 1, output_padding=1)
    close(call("conv_transpose", output_shape=[1, 3, 8, 8], **options), expected)


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


def grid(size: int, count: int, mode: str) -> Array:
    """The points that coremltools' definition of resize_bilinear says are sampled."""
    i = np.arange(count)
    if mode == "STRICT_ALIGN_CORNERS" or (mode == "ALIGN_CORNERS" and count > 1):
        points = i * (size - 1) / max(count - 1, 1)
    elif mode == "ALIGN_CORNERS":
        points = np.array([(size - 1) / 2])
    elif mode == "DEFAULT":
        points = i * ((size - size / count) / (count - 1) if count > 1 else 0.0)
    elif mode == "OFFSET_CORNERS":
        points = 0.5 * max(1, size - 1) / count + i * max(1, size - 1) / count
    else:
        points = i * size / count + 0.5 * size / count - 0.5
    return np.clip(points, 0, size - 1)


def interpolated(x: Array, sizes: tuple[int, int], mode: str) -> Array:
    for axis, count in ((-2, sizes[0]), (-1, sizes[1])):
        moved = np.moveaxis(x, axis, -1)
        places = np.arange(moved.shape[-1])
        rows = [np.interp(grid(len(places), count, mode), places, row) for row in moved.reshape(-1, len(places))]
        x = np.moveaxis(np.reshape(rows, (*moved.shape[:-1], count)), -1, axis)
    return x


MODES = ("STRICT_ALIGN_CORNERS", "ALIGN_CORNERS", "DEFAULT", "OFFSET_CORNERS", "UNALIGN_CORNERS")


@pytest.mark.parametrize("mode", MODES)
@given(st.tuples(*[st.integers(1, 6)] * 4), st.integers(3, 4))
def test_linear_resizing(call: Call, mode: str, sizes: tuple[int, ...], rank: int) -> None:
    (height, width), wanted = sizes[:2], sizes[2:]
    x = random(*(2, 3)[: rank - 2], height, width)
    expected = interpolated(x, wanted, mode)  # type: ignore[arg-type]
    targets = {"target_size_height": wanted[0], "target_size_width": wanted[1]}
    close(call("resize_bilinear", x=x, sampling_mode=mode, **targets), expected)
    options = {"x": x, "resized_dims": 2, "sampling_mode": mode}
    close(call("resize", shape=[0, *wanted], **options), expected)
    close(call("resize", shape=[0, 0], **options), interpolated(x, (height, width), mode))


@given(st.integers(1, 5), st.integers(1, 5), st.sampled_from([1, 2, 3]), st.sampled_from([1, 2, 4]))
def test_upsampling_by_factors(call: Call, height: int, width: int, up: int, across: int) -> None:
    x = random(2, 3, height, width)
    sizes = (height * up, width * across)
    factors = {"scale_factor_height": up, "scale_factor_width": across}
    close(call("upsample_nearest_neighbor", x=x, **factors), x.repeat(up, 2).repeat(across, 3))
    for corners, half, mode in ((True, None, 0), (False, None, 4), (False, True, 4), (False, False, 2)):
        options = {} if half is None else {"half_pixel_centers": half}
        result = call("upsample_bilinear", x=x, align_corners=corners, **factors, **options)
        close(result, interpolated(x, sizes, MODES[mode]))


@given(st.tuples(*[st.integers(1, 7)] * 4))
def test_nearest_resizing(call: Call, sizes: tuple[int, ...]) -> None:
    x = random(2, 3, *sizes[:2])
    result = call("resize_nearest_neighbor", x=x, target_size_height=sizes[2], target_size_width=sizes[3])
    close(result, F.interpolate(torch.from_numpy(x), sizes[2:], mode="nearest"))
    factors = {"scale_factor_height": np.float32(1.3), "scale_factor_width": np.float32(2.7)}
    close(
        call("upsample_nearest_neighbor", x=x, **factors),
        F.interpolate(torch.from_numpy(x), (int(sizes[0] * 1.3), int(sizes[1] * 2.7)), mode="nearest"),
    )
    nearest = {"resized_dims": 2, "interpolation_mode": "NEAREST_NEIGHBOR", "sampling_mode": "UNALIGN_CORNERS"}
    exact = F.interpolate(torch.from_numpy(x), sizes[2:], mode="nearest-exact")
    close(call("resize", x=x, shape=sizes[2:], **nearest), exact)
    rounded = [
        np.floor(grid(size, count, "DEFAULT") + 0.5).astype(int)
        for size, count in zip(sizes[:2], sizes[2:], strict=True)
    ]
    nearest["sampling_mode"] = "DEFAULT"
    close(call("resize", x=x, shape=sizes[2:], **nearest), x[:, :, rounded[0]][..., rounded[1]])


@pytest.mark.parametrize(
    ("padding", "torchs"), [("constant", "zeros"), ("border", "border"), ("reflection", "reflection")]
)
@pytest.mark.parametrize("sampling", ["bilinear", "nearest"])
@given(st.integers(2, 5), st.integers(2, 5))
def test_sampling_at_coordinates(call: Call, padding: str, torchs: str, sampling: str, height: int, width: int) -> None:
    x, places = random(2, 3, height, width), random(2, 4, 3, 2, seed=1)
    expected = F.grid_sample(torch.from_numpy(x), torch.from_numpy(places), sampling, torchs, align_corners=True)
    options = {
        "x": x,
        "sampling_mode": sampling,
        "padding_mode": padding,
        "padding_value": np.float32(0),
        "align_corners": True,
    }
    close(
        call("resample", coordinates=places, coordinates_mode="normalized_minus_one_to_one", **options), expected, 1e-3
    )
    zero_to_one = (places + 1) / 2
    close(
        call("resample", coordinates=zero_to_one, coordinates_mode="normalized_zero_to_one", **options), expected, 1e-3
    )
    pixels = zero_to_one * np.array([width - 1, height - 1], np.float32)
    close(call("resample", coordinates=pixels, coordinates_mode="unnormalized", **options), expected, 1e-3)


def test_sampling_beyond_a_symmetric_edge(call: Call) -> None:
    x = np.array([1, 2, 3], np.float32).reshape(1, 1, 1, 3)
    places = np.array([[-3, 0], [-2, 0], [-1, 0], [0, 0], [3, 0], [4, 0]], np.float32).reshape(1, 1, 6, 2)
    options = {
        "sampling_mode": "nearest",
        "padding_value": np.float32(0),
        "coordinates_mode": "unnormalized",
        "align_corners": True,
    }
    result = call("resample", x=x, coordinates=places, padding_mode="symmetric", **options)
    np.testing.assert_array_equal(result.ravel(), [3, 2, 1, 1, 3, 2])
    outside = call(
        "resample", x=x, coordinates=places, padding_mode="constant", **options | {"padding_value": np.float32(9)}
    )
    np.testing.assert_array_equal(outside.ravel(), [9, 9, 9, 1, 9, 9])


def test_affine_transforms(call: Call) -> None:
    x = random(2, 3, 4, 5)
    matrices = np.array([[1, 0, 0, 0, 1, 0], [0.5, 0.1, 0.2, -0.1, 0.7, 0]], np.float32)
    at = F.affine_grid(torch.from_numpy(matrices).reshape(2, 2, 3), [2, 3, 6, 7], align_corners=True)
    expected = F.grid_sample(torch.from_numpy(x), at, align_corners=True)
    options = {
        "output_height": 6,
        "output_width": 7,
        "sampling_mode": "bilinear",
        "padding_mode": "constant",
        "padding_value": np.float32(0),
        "coordinates_mode": "normalized_minus_one_to_one",
        "align_corners": True,
    }
    close(call("affine", x=x, transform_matrix=matrices, **options), expected)
    close(call("affine", x=x, transform_matrix=matrices[:1], **options | {"output_height": 4, "output_width": 5}), x)


def test_boxes_are_cut_and_resized(call: Call) -> None:
    x = np.arange(1, 17, dtype=np.float32).reshape(1, 1, 4, 4)
    corners = {"target_height": 2, "target_width": 2, "sampling_mode": "ALIGN_CORNERS"}
    roi = np.array([1, 1, 2, 2], np.float32).reshape(1, 1, 4, 1, 1)
    close(call("crop_resize", x=x, roi=roi, **corners).ravel(), [6, 7, 10, 11])
    close(call("crop_resize", x=x, roi=roi[:, :, ::-1].copy(), **corners).ravel(), [11, 10, 7, 6])
    numbered = np.array([0, 0, 0, 1 / 3, 1 / 3], np.float32).reshape(1, 1, 5, 1, 1)
    close(call("crop_resize", x=x, roi=numbered, normalized_coordinates=True, **corners).ravel(), [1, 2, 5, 6])
    middle = np.array([[1.5, 1.5, 1, 1]], np.float32)
    boxes = {"box_coordinate_mode": "CENTER_SIZE_WIDTH_FIRST", "box_indices": np.array([0], np.int32)}
    close(call("crop_resize", x=x, boxes=middle, **boxes, **corners).ravel(), [6, 7, 10, 11])
    beyond = call("crop_resize", x=x, boxes=np.array([[2, 2, 5, 5]], np.float32), pad_value=np.float32(7), **corners)
    close(beyond.ravel(), [11, 7, 7, 7])


def gates(torchs: torch.Tensor, order: list[int]) -> Array:
    """Torch's gates in MIL's order."""
    parts = torchs.detach().chunk(len(order))
    return torch.cat([parts[i] for i in order]).numpy()


@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(1, 4))
def test_lstm(call: Call, steps: int, batch: int, features: int, hidden: int) -> None:
    torch.manual_seed(0)
    layer = nn.LSTM(features, hidden, bidirectional=True)
    x, h, c = random(steps, batch, features), random(2, batch, hidden, seed=1), random(2, batch, hidden, seed=2)
    expected, (last_h, last_c) = layer(*map(torch.from_numpy, (x,)), tuple(map(torch.from_numpy, (h, c))))
    stored = dict(layer.named_parameters())
    order = [0, 1, 3, 2]  # torch has input, forget, cell, output
    weights = {}
    for suffix, back in (("", ""), ("_reverse", "_back")):
        weights[f"weight_ih{back}"] = gates(stored[f"weight_ih_l0{suffix}"], order)
        weights[f"weight_hh{back}"] = gates(stored[f"weight_hh_l0{suffix}"], order)
        weights[f"bias{back}"] = gates(stored[f"bias_ih_l0{suffix}"] + stored[f"bias_hh_l0{suffix}"], order)
    initial = {"initial_h": np.concatenate(list(h), -1), "initial_c": np.concatenate(list(c), -1)}
    both = call("lstm", x=x, direction="bidirectional", output_sequence=True, **initial, **weights)
    for actual, wanted in zip(both, (expected, torch.cat(list(last_h), -1), torch.cat(list(last_c), -1)), strict=True):
        close(actual, wanted)
    forward = {name: array for name, array in weights.items() if not name.endswith("_back")}
    one = call("lstm", x=x, initial_h=h[0], initial_c=c[0], **forward)
    close(one[0], expected[-1:, :, :hidden])
    close(one[1], last_h[0])
    backward = {name.removesuffix("_back"): array for name, array in weights.items() if name.endswith("_back")}
    reverse = call("lstm", x=x, initial_h=h[1], initial_c=c[1], direction="reverse", output_sequence=True, **backward)
    close(reverse[0], expected.flip(0)[..., hidden:])


def test_lstm_with_peepholes_a_clip_and_other_activations(call: Call) -> None:
    x, h, c = random(3, 2, 2), random(2, 2, seed=1), random(2, 2, seed=2)
    w, u, b, p = random(8, 2, seed=3), random(8, 2, seed=4), random(8, seed=5), random(6, seed=6)
    options = {
        "recurrent_activation": "hard_sigmoid",
        "cell_activation": "relu",
        "activation": "linear",
        "clip": np.float32(0.5),
    }
    result = call("lstm", x=x, initial_h=h, initial_c=c, weight_ih=w, weight_hh=u, bias=b, peephole=p, **options)

    def hard(value: Array) -> Array:
        return np.clip(0.2 * value + 0.5, 0, 1)

    for step in x:
        i, f, o, z = np.split(step @ w.T + h @ u.T + b, 4, -1)
        c = np.clip(hard(f + p[2:4] * c) * c + hard(i + p[:2] * c) * np.maximum(z, 0), -0.5, 0.5)
        h = hard(o + p[4:] * c) * c
    close(result[1], h)
    close(result[2], c)


@pytest.mark.parametrize("sign", [-1, 1])
def test_the_cell_of_an_lstm_is_clipped_at_both_ends(call: Call, sign: int) -> None:
    """Gates that are open, and candidates that are one in size, take it beyond 0.5 in either direction."""
    bias = np.repeat(np.float32([9, 9, 9, 9 * sign]), 2)
    nothing = {"weight_ih": np.zeros((8, 2), np.float32), "weight_hh": np.zeros((8, 2), np.float32), "bias": bias}
    begin = np.zeros((1, 2), np.float32)
    options = nothing | {"clip": np.float32(0.5)}
    _, h, c = call("lstm", x=random(3, 1, 2), initial_h=begin, initial_c=begin, **options)
    close(c, np.full((1, 2), 0.5 * sign))
    assert (np.sign(h) == sign).all()


@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 4), st.sampled_from(["forward", "reverse"]))
def test_gru(call: Call, steps: int, batch: int, hidden: int, direction: str) -> None:
    torch.manual_seed(0)
    layer = nn.GRU(2, hidden)
    x, h = random(steps, batch, 2), random(batch, hidden, seed=1)
    seen = x if direction == "forward" else x[::-1].copy()
    expected, last = layer(torch.from_numpy(seen), torch.from_numpy(h)[None])
    order = [0, 2, 1]  # torch has reset, update, new
    names = {"weight_ih": "weight_ih_l0", "weight_hh": "weight_hh_l0", "input_bias": "bias_ih_l0", "bias": "bias_hh_l0"}
    weights = {mil: gates(getattr(layer, name), order) for mil, name in names.items()}
    options = {"direction": direction, "output_sequence": True}
    sequence, state = call("gru", x=x, initial_h=h, reset_after=True, **weights, **options)
    close(sequence, expected)
    close(state, last[0])
    w, u = weights["weight_ih"], weights["weight_hh"]
    state = call("gru", x=x, initial_h=h, weight_ih=w, weight_hh=u, bias=weights["bias"], direction=direction)[1]
    for step in seen:  # as MIL has it unless told otherwise: the state is reset before its product
        (i_r, i_o, i_z), b = np.split(step @ w.T, 3, -1), np.split(weights["bias"], 3)
        u_r, u_o, u_z = np.split(u, 3)
        r, z = (1 / (1 + np.exp(-value)) for value in (i_r + h @ u_r.T + b[0], i_z + h @ u_z.T + b[2]))
        h = (1 - z) * np.tanh(i_o + (r * h) @ u_o.T + b[1]) + z * h
    close(state, h)


@given(st.integers(1, 4), st.integers(1, 3), st.sampled_from(["tanh", "relu"]))
def test_rnn(call: Call, steps: int, batch: int, activation: str) -> None:
    torch.manual_seed(0)
    layer = nn.RNN(2, 3, nonlinearity=activation)
    x, h = random(steps, batch, 2), random(batch, 3, seed=1)
    expected, last = layer(torch.from_numpy(x), torch.from_numpy(h)[None])
    stored = {name: value.detach().numpy() for name, value in layer.named_parameters()}
    weights = {
        "weight_ih": stored["weight_ih_l0"],
        "weight_hh": stored["weight_hh_l0"],
        "bias": stored["bias_ih_l0"] + stored["bias_hh_l0"],
    }
    sequence, state = call("rnn", x=x, initial_h=h, output_sequence=True, activation=activation, **weights)
    close(sequence, expected)
    close(state, last[0])

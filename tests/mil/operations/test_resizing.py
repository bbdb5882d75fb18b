"""Against coremltools' definitions written out, and against torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from operands import Array, Call, close, given, numbered, random

from anenas._errors import AnenasError


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


X = numbered(1, 1, 4, 4)
SAMPLED = {"padding_value": np.float32(0), "coordinates_mode": "unnormalized", "align_corners": True}


@pytest.mark.parametrize(
    ("name", "operands", "told"),
    [
        ("resize_bilinear", {"x": X, "sampling_mode": "CUBIC"}, "sampling mode 'CUBIC' is not known"),
        ("crop_resize", {"x": X}, "crop_resize needs roi or boxes"),
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
    ],
)
def test_what_is_not_known_or_lacking_is_told(call: Call, name: str, operands: dict[str, Any], told: str) -> None:
    with pytest.raises(AnenasError, match=f"^{told}$"):
        call(name, **operands)

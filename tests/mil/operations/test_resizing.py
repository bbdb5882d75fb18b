"""Against coremltools' definitions written out, and against torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


def interpolated(x: Array, sizes: Sequence[int], mode: str) -> Array:
    """The last dimensions to these sizes."""
    for axis, count in enumerate(sizes, -len(sizes)):
        moved = np.moveaxis(x, axis, -1)
        places = np.arange(moved.shape[-1])
        rows = [np.interp(grid(len(places), count, mode), places, row) for row in moved.reshape(-1, len(places))]
        x = np.moveaxis(np.reshape(rows, (*moved.shape[:-1], count)), -1, axis)
    return x


X = numbered(1, 1, 4, 4)
SAMPLED = {"padding_value": np.float32(0), "coordinates_mode": "unnormalized", "align_corners": True}
MODES = ("STRICT_ALIGN_CORNERS", "ALIGN_CORNERS", "DEFAULT", "OFFSET_CORNERS", "UNALIGN_CORNERS")


@pytest.mark.parametrize("mode", MODES)
@given(st.tuples(*[st.integers(1, 6)] * 4), st.integers(3, 4))
def test_linear_resizing(call: Call, mode: str, sizes: tuple[int, ...], rank: int) -> None:
    (height, width), wanted = sizes[:2], sizes[2:]
    x = random(*(2, 3)[: rank - 2], height, width)
    expected = interpolated(x, wanted, mode)
    targets = {"target_size_height": wanted[0], "target_size_width": wanted[1]}
    close(call("resize_bilinear", x=x, sampling_mode=mode, **targets), expected)
    options = {"x": x, "resized_dims": 2, "sampling_mode": mode}
    close(call("resize", shape=[0, *wanted], **options), expected)
    close(call("resize", shape=[0, 0], **options), interpolated(x, (height, width), mode))


@pytest.mark.parametrize("mode", MODES)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=5), st.data())
def test_any_of_the_last_dimensions_are_resized(call: Call, mode: str, shape: list[int], data: st.DataObject) -> None:
    count = data.draw(st.integers(0, len(shape)))
    wanted = [data.draw(st.integers(0, 6)) for _ in range(count)]
    x = random(*shape)
    sizes = [size or old for size, old in zip(wanted, shape[len(shape) - count :], strict=True)]
    options = {"x": x, "resized_dims": count, "sampling_mode": mode}
    close(call("resize", shape=[9, *wanted], **options), interpolated(x, sizes, mode))
    nearest = x
    for axis, size in enumerate(sizes, -count):
        places = np.floor(grid(x.shape[axis], size, mode).astype(np.float32) + 0.5).astype(int)
        nearest = np.take(nearest, np.minimum(places, x.shape[axis] - 1), axis)
    close(call("resize", shape=wanted, interpolation_mode="NEAREST_NEIGHBOR", **options), nearest)


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


def test_a_factor_that_is_no_whole_number_is_rounded_down_to_pixels(call: Call) -> None:
    x = random(1, 2, 5, 3)
    result = call("upsample_bilinear", x=x, scale_factor_height=np.float32(1.5), scale_factor_width=np.float32(2.5))
    close(result, interpolated(x, (7, 7), "STRICT_ALIGN_CORNERS"))


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


@pytest.mark.parametrize("kind", ["nearest_neighbor", "bilinear"])
def test_images_need_no_axis_of_a_batch(call: Call, kind: str) -> None:
    x = random(2, 3, 5)
    targets = {"target_size_height": 4, "target_size_width": 7}
    close(call(f"resize_{kind}", x=x, **targets), call(f"resize_{kind}", x=x[None], **targets)[0])
    factors = {"scale_factor_height": np.float32(2), "scale_factor_width": np.float32(3)}
    close(call(f"upsample_{kind}", x=x, **factors), call(f"upsample_{kind}", x=x[None], **factors)[0])


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


@pytest.mark.parametrize("padding", ["constant", "border"])
@given(st.integers(1, 5), st.integers(1, 5))
def test_sampling_where_corners_are_those_of_pixels(call: Call, padding: str, height: int, width: int) -> None:
    """And their centres half a pixel within."""
    x, places = random(2, 3, height, width), random(2, 4, 3, 2, seed=1)
    torchs = {"constant": "zeros", "border": "border"}[padding]
    expected = F.grid_sample(torch.from_numpy(x), torch.from_numpy(places), padding_mode=torchs, align_corners=False)
    options = {"x": x, "sampling_mode": "bilinear", "padding_mode": padding, **SAMPLED, "align_corners": False}
    options["coordinates_mode"] = "normalized_minus_one_to_one"
    close(call("resample", coordinates=places, **options), expected, 1e-3)
    options["coordinates_mode"] = "normalized_zero_to_one"
    close(call("resample", coordinates=(places + 1) / 2, **options), expected, 1e-3)


@pytest.mark.parametrize("axis", [2, 3])
@pytest.mark.parametrize(
    ("padding", "expected"),
    [
        # Of 1, 2 and 4 at -3½, -1½, -½, -¼, 1½, 2¼, 3½ and 5½.
        ("constant", [9, 9, 5, 3, 3, 5.25, 9, 9]),
        ("border", [1, 1, 1, 1, 3, 4, 4, 4]),
        ("reflection", [1.5, 3, 1.5, 1.25, 3, 3.5, 1.5, 3]),
        ("symmetric", [4, 1.5, 1, 1, 3, 4, 3, 1]),
    ],
)
def test_sampling_beyond_the_edges_of_either_axis(call: Call, axis: int, padding: str, expected: list[float]) -> None:
    along = np.array([-3.5, -1.5, -0.5, -0.25, 1.5, 2.25, 3.5, 5.5], np.float32)
    x = np.array([1, 2, 4], np.float32).reshape((1, 1, 3, 1) if axis == 2 else (1, 1, 1, 3))
    still = np.zeros_like(along)
    coordinates = np.stack([still, along] if axis == 2 else [along, still], -1).reshape(1, 1, 8, 2)
    options = {"sampling_mode": "bilinear", "padding_mode": padding, **SAMPLED, "padding_value": np.float32(9)}
    close(call("resample", x=x, coordinates=coordinates, **options).ravel(), np.array(expected))


@pytest.mark.parametrize("padding", ["border", "reflection", "symmetric"])
def test_an_axis_of_one_pixel_is_that_wherever_it_is_sampled(call: Call, padding: str) -> None:
    coordinates = np.array([[-2, 0], [0.25, -1], [1, 1], [0, 7]], np.float32).reshape(1, 1, 4, 2)
    options = {"sampling_mode": "bilinear", "padding_mode": padding, **SAMPLED}
    close(call("resample", x=np.float32([[[[5]]]]), coordinates=coordinates, **options), np.full((1, 1, 1, 4), 5))


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


@pytest.mark.parametrize("corners", [True, False])
def test_affine_transforms(call: Call, corners: bool) -> None:
    x = random(2, 3, 4, 5)
    matrices = np.array([[1, 0, 0, 0, 1, 0], [0.5, 0.1, 0.2, -0.1, 0.7, 0]], np.float32)
    at = F.affine_grid(torch.from_numpy(matrices).reshape(2, 2, 3), [2, 3, 6, 7], align_corners=corners)
    expected = F.grid_sample(torch.from_numpy(x), at, align_corners=corners)
    options = {
        "output_height": 6,
        "output_width": 7,
        "sampling_mode": "bilinear",
        "padding_mode": "constant",
        "padding_value": np.float32(0),
        "coordinates_mode": "normalized_minus_one_to_one",
        "align_corners": corners,
    }
    close(call("affine", x=x, transform_matrix=matrices, **options), expected)
    close(call("affine", x=x, transform_matrix=matrices[:1], **options | {"output_height": 4, "output_width": 5}), x)


COORDINATES: dict[str, Callable[[Array], Array]] = {
    "CORNERS_HEIGHT_FIRST": lambda box: box,
    "CORNERS_WIDTH_FIRST": lambda box: box[:, [1, 0, 3, 2]],
    "CENTER_SIZE_HEIGHT_FIRST": lambda box: np.hstack([(box[:, :2] + box[:, 2:]) / 2, box[:, 2:] - box[:, :2]]),
    "CENTER_SIZE_WIDTH_FIRST": lambda box: COORDINATES["CENTER_SIZE_HEIGHT_FIRST"](box)[:, [1, 0, 3, 2]],
}


@pytest.mark.parametrize("mode", MODES)
@given(st.tuples(*[st.integers(2, 6)] * 2), st.tuples(*[st.integers(1, 4)] * 2), st.data())
def test_a_box_is_resized_as_an_image_of_its_own(
    call: Call, mode: str, size: tuple[int, int], wanted: tuple[int, int], data: st.DataObject
) -> None:
    x = random(3, 2, *size)
    corners = [sorted(data.draw(st.integers(0, n - 1)) for _ in range(2)) for _ in range(2) for n in size]
    boxes = np.array([[a[0], b[0], a[1], b[1]] for a, b in zip(corners[::2], corners[1::2], strict=True)], np.float32)
    images = data.draw(st.lists(st.integers(0, 2), min_size=2, max_size=2))
    expected = [
        interpolated(x[i, :, int(top) : int(bottom) + 1, int(left) : int(right) + 1], wanted, mode)
        for i, (top, left, bottom, right) in zip(images, boxes, strict=True)
    ]
    kind = data.draw(st.sampled_from(sorted(COORDINATES)))
    options = {"x": x, "target_height": wanted[0], "target_width": wanted[1], "sampling_mode": mode}
    indexed = options | {"box_indices": np.array(images, np.int32), "box_coordinate_mode": kind}
    given_ = COORDINATES[kind](boxes)
    close(call("crop_resize", boxes=given_, **indexed), np.stack(expected), 1e-3)
    close(call("crop_resize", boxes=given_ * 4, spatial_scale=np.float32(0.25), **indexed), np.stack(expected), 1e-3)
    # Until iOS 16 boxes had the image's number before them, or none, and were cut out of every image.
    one = {"box_coordinate_mode": "CORNERS_HEIGHT_FIRST", **options}
    numbers = np.column_stack([images, boxes]).astype(np.float32).reshape(2, 1, 5, 1, 1)
    close(call("crop_resize", roi=numbers, **one), np.stack(expected)[:, None], 1e-3)
    every = call("crop_resize", roi=boxes.reshape(2, 1, 4, 1, 1), **one)
    for i, image in enumerate(images):
        close(every[i, image], expected[i], 1e-3)


def test_boxes_are_of_the_images_in_order_where_nothing_else_is_said(call: Call) -> None:
    x = numbered(2, 1, 4, 4)
    boxes = np.array([[0, 0, 1, 1], [2, 2, 3, 3]], np.float32)
    corners = {"target_height": 2, "target_width": 2, "sampling_mode": "ALIGN_CORNERS"}
    close(call("crop_resize", x=x, boxes=boxes, **corners).ravel(), np.array([0, 1, 4, 5, 26, 27, 30, 31]))


def test_a_box_may_be_given_in_parts_of_each_side(call: Call) -> None:
    """The last pixel is at 1."""
    x = numbered(1, 1, 3, 5)
    corners = {"target_height": 2, "target_width": 2, "sampling_mode": "ALIGN_CORNERS", "normalized_coordinates": True}
    boxes = np.array([[0.5, 0.25, 1, 0.75]], np.float32)
    close(call("crop_resize", x=x, boxes=boxes, **corners).ravel(), np.array([6, 8, 11, 13]))


@pytest.mark.parametrize(
    ("box", "rows"),
    [
        ([0, 0, 2, 2], [[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
        ([-1, 0, 1, 2], [[0, 0, 0], [1, 2, 3], [4, 5, 6]]),
        ([1, 0, 3, 2], [[4, 5, 6], [7, 8, 9], [0, 0, 0]]),
        ([0, -1, 2, 1], [[0, 1, 2], [0, 4, 5], [0, 7, 8]]),
        ([0, 1, 2, 3], [[2, 3, 0], [5, 6, 0], [8, 9, 0]]),
        # As soon as it is beyond the middle of the last pixel.
        ([-0.5, 0, 1.5, 2], [[0, 0, 0], [2.5, 3.5, 4.5], [5.5, 6.5, 7.5]]),
    ],
)
def test_what_a_box_has_beyond_the_image_is_padded(call: Call, box: list[float], rows: list[list[float]]) -> None:
    x = numbered(1, 1, 3, 3) + 1
    options = {"target_height": 3, "target_width": 3, "sampling_mode": "ALIGN_CORNERS"}
    close(call("crop_resize", x=x, boxes=np.array([box], np.float32), **options)[0, 0], np.array(rows))
    padded = call("crop_resize", x=x, boxes=np.array([box], np.float32), pad_value=np.float32(-7), **options)[0, 0]
    close(padded, np.where(np.array(rows) == 0, -7, rows))


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

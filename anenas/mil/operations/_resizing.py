"""Resizing and sampling of images."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from anenas._errors import AnenasError
from anenas.mil._registry import Ints, op


def _grid(start: float, stop: float, count: int, mode: str) -> Tensor:
    """Where an interval of pixels, which may run backwards, is sampled at `count` points: MIL's sampling modes."""
    extent = stop - start
    steps = torch.arange(count, dtype=torch.float32)
    if mode == "ALIGN_CORNERS" and count == 1:
        return torch.full((1,), (start + stop) / 2)
    if mode in ("STRICT_ALIGN_CORNERS", "ALIGN_CORNERS"):
        return start + steps * (extent / max(1, count - 1))
    if mode == "UNALIGN_CORNERS":
        points = start + (steps + 0.5) * ((extent + 1) / count) - 0.5
    elif mode == "DEFAULT":
        points = start + steps * ((extent + 1) / count)
    elif mode == "OFFSET_CORNERS":
        points = start + (steps + 0.5) * (max(1.0, extent) / count)
    else:
        raise AnenasError(f"sampling mode '{mode}' is not known")
    return points.clamp(min(start, stop), max(start, stop))


def _resized(x: Tensor, sizes: Sequence[int], mode: str) -> Tensor:
    """The last dimensions resized linearly, one after the other."""
    corners = {"UNALIGN_CORNERS": False, "STRICT_ALIGN_CORNERS": True}
    if x.ndim == 4 and len(sizes) == 2 and mode in corners:  # torch has these, and is faster
        return F.interpolate(x, tuple(sizes), mode="bilinear", align_corners=corners[mode])
    for axis, count in enumerate(sizes, -len(sizes)):
        points = _grid(0, x.shape[axis] - 1, count, mode)
        low = points.floor().long()
        high = (low + 1).clamp(max=x.shape[axis] - 1)
        part = (points - low).reshape(-1, *(1,) * (-axis - 1))
        x = torch.lerp(x.index_select(axis, low), x.index_select(axis, high), part)
    return x


@op("resize_bilinear")
def resize_bilinear(
    x: Tensor, target_size_height: int = 1, target_size_width: int = 1, sampling_mode: str = "DEFAULT"
) -> Tensor:
    return _resized(x, (target_size_height, target_size_width), sampling_mode)


@op("upsample_bilinear")
def upsample_bilinear(
    x: Tensor,
    scale_factor_height: float = 1.0,
    scale_factor_width: float = 1.0,
    align_corners: bool = True,
    half_pixel_centers: bool | None = None,
) -> Tensor:
    """The scale is computed again from the resulting size."""
    sizes = (int(x.shape[-2] * scale_factor_height), int(x.shape[-1] * scale_factor_width))
    half = not align_corners if half_pixel_centers is None else half_pixel_centers
    return _resized(x, sizes, "STRICT_ALIGN_CORNERS" if align_corners else "UNALIGN_CORNERS" if half else "DEFAULT")


@op("resize_nearest_neighbor")
def resize_nearest_neighbor(x: Tensor, target_size_height: int, target_size_width: int) -> Tensor:
    rows = torch.arange(target_size_height) * x.shape[-2] // target_size_height
    columns = torch.arange(target_size_width) * x.shape[-1] // target_size_width
    return x.index_select(-2, rows).index_select(-1, columns)


@op("upsample_nearest_neighbor")
def upsample_nearest_neighbor(x: Tensor, scale_factor_height: float = 1.0, scale_factor_width: float = 1.0) -> Tensor:
    """The scale is computed again from the resulting size."""
    height, width = int(x.shape[-2] * scale_factor_height), int(x.shape[-1] * scale_factor_width)
    return resize_nearest_neighbor(x, height, width)


@op("resize")
def resize(
    x: Tensor,
    shape: Ints,
    resized_dims: int,
    interpolation_mode: str = "LINEAR",
    sampling_mode: str = "DEFAULT",
) -> Tensor:
    """Resize the last `resized_dims` dimensions to the last sizes of `shape`; 0 keeps a size."""
    if not resized_dims:
        return x
    kept = x.shape[x.ndim - resized_dims :]
    sizes = [size or old for size, old in zip(shape[len(shape) - resized_dims :], kept, strict=True)]
    if interpolation_mode == "LINEAR":
        return _resized(x, sizes, sampling_mode)
    for axis, count in enumerate(sizes, -resized_dims):
        nearest = (_grid(0, x.shape[axis] - 1, count, sampling_mode) + 0.5).floor().long()
        x = x.index_select(axis, nearest)
    return x


@op("crop_resize")
def crop_resize(
    x: Tensor,
    roi: Tensor | None = None,
    boxes: Tensor | None = None,
    box_indices: Tensor | None = None,
    target_height: int = 1,
    target_width: int = 1,
    normalized_coordinates: bool = False,
    spatial_scale: float = 1.0,
    box_coordinate_mode: str = "CORNERS_HEIGHT_FIRST",
    sampling_mode: str = "DEFAULT",
    pad_value: float = 0.0,
) -> Tensor:
    """Boxes of images, resized linearly. Until iOS 16 they are given as `roi`, and each applies to every image."""
    size, options = (target_height, target_width), (normalized_coordinates, spatial_scale, box_coordinate_mode)
    box = functools.partial(_box, size=size, options=options, mode=sampling_mode, pad_value=pad_value)
    if boxes is not None:
        images = torch.arange(len(boxes)) if box_indices is None else box_indices.long()
        return torch.stack([box(x[i], one) for i, one in zip(images, boxes, strict=True)])
    if roi is None:
        raise AnenasError("crop_resize needs roi or boxes")
    rows = roi.flatten(1)
    if rows.shape[1] == 5:  # the first is the image's number
        return torch.stack([box(x[int(row[0])], row[1:]).unsqueeze(0) for row in rows])
    return torch.stack([torch.stack([box(image, row) for image in x]) for row in rows])


def _box(
    image: Tensor, box: Tensor, *, size: tuple[int, int], options: tuple[bool, float, str], mode: str, pad_value: float
) -> Tensor:
    """One box of a (C, H, W) image."""
    normalized, scale, coordinates = options
    numbers = [float(number) * scale for number in box]
    if coordinates.endswith("WIDTH_FIRST"):
        numbers = [numbers[1], numbers[0], numbers[3], numbers[2]]
    if coordinates.startswith("CENTER_SIZE"):
        (y, x, height, width) = numbers
        numbers = [y - height / 2, x - width / 2, y + height / 2, x + width / 2]
    points = []
    for axis, count in enumerate(size):
        length = image.shape[1 + axis]
        start, stop = (numbers[axis], numbers[2 + axis])
        if normalized:
            start, stop = start * (length - 1), stop * (length - 1)
        points.append(_grid(start, stop, count, mode))
    rows, columns = torch.meshgrid(*points, indexing="ij")
    outside = (rows < 0) | (rows > image.shape[1] - 1) | (columns < 0) | (columns > image.shape[2] - 1)
    sampled = _sample(image.unsqueeze(0), columns.unsqueeze(0), rows.unsqueeze(0), "bilinear", "border")
    return torch.where(outside, pad_value, sampled[0])


@op("affine")
def affine(
    x: Tensor,
    transform_matrix: Tensor,
    output_height: int,
    output_width: int,
    sampling_mode: str,
    padding_mode: str,
    padding_value: float,
    coordinates_mode: str,
    align_corners: bool,
) -> Tensor:
    matrices = transform_matrix.reshape(-1, 2, 3).expand(len(x), -1, -1)
    grid = F.affine_grid(matrices, [len(x), x.shape[1], output_height, output_width], align_corners=align_corners)
    return resample(x, grid, sampling_mode, padding_mode, padding_value, coordinates_mode, align_corners)


@op("resample")
def resample(
    x: Tensor,
    coordinates: Tensor,
    sampling_mode: str,
    padding_mode: str,
    padding_value: float,
    coordinates_mode: str,
    align_corners: bool,
) -> Tensor:
    """Samples each image at (x, y) coordinates."""
    points = []
    for given, size in zip(coordinates.float().unbind(-1), (x.shape[3], x.shape[2]), strict=True):
        if coordinates_mode == "unnormalized":
            points.append(given)
            continue
        unit = (given + 1) / 2 if coordinates_mode == "normalized_minus_one_to_one" else given
        points.append(unit * (size - 1) if align_corners else unit * size - 0.5)
    return _sample(x, points[0], points[1], sampling_mode, padding_mode, padding_value)


def _sample(
    x: Tensor, columns: Tensor, rows: Tensor, sampling: str, padding: str, padding_value: float = 0.0
) -> Tensor:
    """(N, C, H, W) at the pixels of (N, H', W') rows and columns."""
    places = []
    for place, size in ((columns, x.shape[3]), (rows, x.shape[2])):
        if padding == "border":
            place = place.clamp(0, size - 1)
        elif padding == "reflection":  # about the centres of the first and the last pixel
            place = _folded(place, 0.0, size - 1.0)
        elif padding == "symmetric":  # about their outer edges
            place = _folded(place, -0.5, size - 0.5).clamp(0, size - 1)
        elif padding != "constant":
            raise AnenasError(f"padding '{padding}' is not known")
        places.append((2 * place + 1) / size - 1)
    grid = torch.stack(places, -1)
    return F.grid_sample(x - padding_value, grid, sampling, "zeros", align_corners=False) + padding_value


def _folded(place: Tensor, low: float, high: float) -> Tensor:
    """Reflected between two bounds as often as it takes."""
    span = high - low
    if span == 0:
        return torch.full_like(place, low)
    around = torch.remainder(place - low, 2 * span)
    return low + torch.minimum(around, 2 * span - around)

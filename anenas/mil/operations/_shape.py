"""Operations that move, cut, join and repeat elements without changing them."""

from __future__ import annotations

import math
from itertools import chain

import torch
import torch.nn.functional as F
from torch import Tensor

from anenas._errors import AnenasError
from anenas.mil._registry import Flags, Ints, op
from anenas.mil.operations._padding import padded


@op("identity")
def identity(x: Tensor) -> Tensor:
    return x


@op("read_state")
def read_state(input: Tensor) -> Tensor:
    return input


@op("shape")
def shape(x: Tensor) -> Tensor:
    return torch.tensor(x.shape, dtype=torch.int32)


@op("reshape")
def reshape(x: Tensor, shape: Ints) -> Tensor:
    """A zero takes the size of the same dimension of `x`, both counted from the last, or 1 where it has none."""
    missing = len(shape) - x.ndim
    kept = [size or (x.shape[axis - missing] if axis >= missing else 1) for axis, size in enumerate(shape)]
    return x.reshape(kept)


@op("reshape_like")
def reshape_like(x: Tensor, ref_tensors: list[Tensor], begins: Ints, ends: Ints, end_masks: Flags) -> Tensor:
    parts = [
        ref.shape[begin:] if to_end else ref.shape[begin:end]
        for ref, begin, end, to_end in zip(ref_tensors, begins, ends, end_masks, strict=True)
    ]
    return x.reshape(list(chain(*parts)))


@op("flatten2d")
def flatten2d(x: Tensor, axis: int = 1) -> Tensor:
    return x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))


@op("expand_dims")
def expand_dims(x: Tensor, axes: Ints) -> Tensor:
    rank = x.ndim + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        x = x.unsqueeze(axis)
    return x


@op("squeeze")
def squeeze(x: Tensor, axes: Ints | None = None) -> Tensor:
    return x.squeeze() if axes is None else x.squeeze(axes)


@op("transpose")
def transpose(x: Tensor, perm: Ints) -> Tensor:
    return x.permute(perm)


@op("reverse")
def reverse(x: Tensor, axes: Ints | None = None) -> Tensor:
    return x.flip(tuple(range(x.ndim)) if axes is None else axes)


@op("reverse_sequence")
def reverse_sequence(x: Tensor, lengths: Tensor, seq_axis: int = 0, batch_axis: int = 0) -> Tensor:
    """The first `lengths[i]` elements of each sequence are reversed, the rest stay."""
    moved = x.movedim((batch_axis, seq_axis), (0, 1))
    place = torch.arange(moved.shape[1]).expand(moved.shape[:2])
    length = lengths.reshape(-1, 1).long()
    source = torch.where(place < length, length - 1 - place, place)
    return moved[torch.arange(len(moved)).unsqueeze(1), source].movedim((0, 1), (batch_axis, seq_axis))


@op("slice_by_index")
def slice_by_index(
    x: Tensor,
    begin: Ints,
    end: Ints,
    stride: Ints | None = None,
    begin_mask: Flags | None = None,
    end_mask: Flags | None = None,
    squeeze_mask: Flags | None = None,
) -> Tensor:
    """As Python slices, with masks for omitted bounds and for dimensions that are indexed and removed."""
    for axis, indices in enumerate(_ranges(x, begin, end, stride, (begin_mask, end_mask, squeeze_mask))):
        x = _take(x, axis, indices)
    gone = [axis for axis, is_gone in enumerate(squeeze_mask or ()) if is_gone]
    return x.squeeze(gone) if gone else x


@op("slice_update")
def slice_update(
    x: Tensor,
    update: Tensor,
    begin: Ints,
    end: Ints,
    stride: Ints | None = None,
    begin_mask: Flags | None = None,
    end_mask: Flags | None = None,
    squeeze_mask: Flags | None = None,
) -> Tensor:
    """A copy in which a slice is replaced."""
    result = x.clone()
    ranges = _ranges(x, begin, end, stride, (begin_mask, end_mask, squeeze_mask))
    indices = torch.meshgrid(*(_places(one) for one in ranges), indexing="ij")
    result[indices] = update.reshape([len(one) for one in ranges])
    return result


def _ranges(x: Tensor, begin: Ints, end: Ints, stride: Ints | None, masks: tuple[Flags | None, ...]) -> list[range]:
    """Which indices of each dimension a slice takes."""
    steps = stride or (1,) * x.ndim
    from_start, to_end, indexed = (mask or (False,) * x.ndim for mask in masks)
    ranges = []
    for axis, size in enumerate(x.shape):
        first = None if from_start[axis] else begin[axis]
        if indexed[axis]:
            index = (first or 0) % size
            ranges.append(range(index, index + 1))
        else:
            ranges.append(range(size)[slice(first, None if to_end[axis] else end[axis], steps[axis])])
    return ranges


def _take(x: Tensor, axis: int, indices: range) -> Tensor:
    if indices == range(x.shape[axis]):
        return x
    if indices.step > 0:
        return x[(slice(None),) * axis + (slice(indices.start, indices.stop, indices.step),)]
    return x.index_select(axis, _places(indices))  # torch has no negative steps


def _places(indices: range) -> Tensor:
    return indices.start + indices.step * torch.arange(len(indices))


@op("slice_by_size")
def slice_by_size(x: Tensor, begin: Ints, size: Ints) -> Tensor:
    """A size of -1 takes the rest."""
    for axis, (first, count) in enumerate(zip(begin, size, strict=True)):
        first %= x.shape[axis]
        x = x.narrow(axis, first, x.shape[axis] - first if count == -1 else count)
    return x


@op("concat")
def concat(values: list[Tensor], axis: int, interleave: bool = False) -> Tensor:
    if interleave:
        axis %= values[0].ndim
        return torch.stack(values, axis + 1).flatten(axis, axis + 1)
    if axis != 0 and len({value.shape[:1] for value in values}) > 1:  # a constant beside many inputs at once
        most = max(len(value) for value in values)
        values = [value.expand(most, *value.shape[1:]) for value in values]
    return torch.cat([value.reshape(1) if value.ndim == 0 else value for value in values], axis)


@op("stack")
def stack(values: list[Tensor], axis: int) -> Tensor:
    return torch.stack(values, axis)


@op("split")
def split(x: Tensor, axis: int, num_splits: int | None = None, split_sizes: Ints | None = None) -> tuple[Tensor, ...]:
    if split_sizes is not None:
        return x.split(split_sizes, axis)
    if num_splits is None:
        raise AnenasError("a split needs num_splits or split_sizes")
    return x.tensor_split(num_splits, axis)


@op("tile")
def tile(x: Tensor, reps: Ints) -> Tensor:
    return x.tile(reps)


@op("pad")
def pad(x: Tensor, pad: Ints, mode: str = "constant", constant_val: float = 0.0) -> Tensor:
    """`pad` holds sizes before and after each of the last dimensions."""
    sides = list(zip(pad[::2], pad[1::2], strict=True))
    if mode == "constant":
        return padded(x, sides, constant_val)
    for axis, (before, after) in enumerate(sides, x.ndim - len(sides)):
        if before or after:
            x = x.index_select(axis, _beyond(x.shape[axis], before, after, mode))
    return x


def _beyond(size: int, before: int, after: int, mode: str) -> Tensor:
    """The index of the element at each place, including places beyond the dimension."""
    places = torch.arange(-before, size + after)
    if mode == "replicate":
        return places.clamp(0, size - 1)
    if mode == "reflect":
        return (size - 1) - ((size - 1) - places.abs()).abs()
    raise AnenasError(f"padding '{mode}' is not known")


@op("crop")
def crop(x: Tensor, crop_height: Ints, crop_width: Ints) -> Tensor:
    return F.pad(x, [-cut for cut in (*crop_width, *crop_height)])


@op("pixel_shuffle")
def pixel_shuffle(x: Tensor, upscale_factor: int) -> Tensor:
    return F.pixel_shuffle(x, upscale_factor)


@op("pixel_unshuffle")
def pixel_unshuffle(x: Tensor, downscale_factor: int) -> Tensor:
    return F.pixel_unshuffle(x, downscale_factor)


@op("depth_to_space")
def depth_to_space(x: Tensor, block_size: int) -> Tensor:
    """As in TensorFlow: a block's rows and columns precede the channel; in pixel_shuffle they follow it."""
    n, c, h, w = x.shape
    blocks = x.reshape(n, block_size, block_size, -1, h, w).permute(0, 3, 4, 1, 5, 2)
    return blocks.reshape(n, c // block_size**2, h * block_size, w * block_size)


@op("space_to_depth")
def space_to_depth(x: Tensor, block_size: int) -> Tensor:
    n, c, h, w = x.shape
    blocks = x.reshape(n, c, h // block_size, block_size, w // block_size, block_size).permute(0, 3, 5, 1, 2, 4)
    return blocks.reshape(n, c * block_size**2, h // block_size, w // block_size)


@op("space_to_batch")
def space_to_batch(x: Tensor, block_shape: Ints, paddings: Ints) -> Tensor:
    top, bottom, left, right = paddings
    x = F.pad(x, (left, right, top, bottom))
    (n, c, h, w), (rows, columns) = x.shape, block_shape
    blocks = x.reshape(n, c, h // rows, rows, w // columns, columns).permute(3, 5, 0, 1, 2, 4)
    return blocks.reshape(n * rows * columns, c, h // rows, w // columns)


@op("batch_to_space")
def batch_to_space(x: Tensor, block_shape: Ints, crops: Ints) -> Tensor:
    (n, c, h, w), (rows, columns) = x.shape, block_shape
    blocks = x.reshape(rows, columns, n // (rows * columns), c, h, w).permute(2, 3, 4, 0, 5, 1)
    top, bottom, left, right = crops
    return F.pad(blocks.reshape(-1, c, h * rows, w * columns), (-left, -right, -top, -bottom))


@op("sliding_windows")
def sliding_windows(x: Tensor, axis: int, size: int, stride: int = 1) -> Tensor:
    return x.unfold(axis, size, stride).movedim(-1, axis % x.ndim + 1)


@op("band_part")
def band_part(x: Tensor, lower: int = -1, upper: int = -1) -> Tensor:
    """Keep this many diagonals below and above the main one; a negative number keeps all."""
    rows, columns = x.shape[-2:]
    below = torch.arange(rows).unsqueeze(1) - torch.arange(columns)
    kept = ((lower < 0) | (below <= lower)) & ((upper < 0) | (-below <= upper))
    return torch.where(kept, x, torch.zeros((), dtype=x.dtype))

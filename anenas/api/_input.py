"""The data set of a search, and the space for its input."""

from __future__ import annotations

import dataclasses
import logging
import math

from pydantic import ValidationError

from anenas._errors import AnenasError
from anenas.data import Data, Dataset, InputFormat, load_data, sided
from anenas.inputs import IMAGES
from anenas.space import SearchSpace
from anenas.tasks import Task

_COLOURS = 3  # channels of what is mirrored by default
_MULTIPLE = 16  # what sizes are multiples of
_PHOTO_SIZES = (96, 128)  # larger ones train for too long to be chosen without being asked for

_log = logging.getLogger(__name__)


def load_input(
    space: SearchSpace,
    data: Data,
    shape: tuple[int, int, int] | None,
    task: Task | None = None,
    *,
    skip_broken: bool = False,
    fixed: bool = True,
) -> tuple[Dataset, SearchSpace]:
    """The data at the input's size, and the space for that input.

    Args:
        space: That is searched.
        data: See `load_data`.
        shape: (C, H, W) instead of the space's.
        task: What the labels are of; by default what they look like.
        skip_broken: See `load_data`.
        fixed: Whether the space's own size is meant for any images; otherwise photos may get a larger one, and small
            images a smaller one, which is told.

    Raises:
        AnenasError: If the data cannot be read, or the space cannot take them.
    """
    if shape:
        space = with_input(space, shape)
    wanted = dataclasses.replace(InputFormat.of_space(space, exact=shape is not None), task=task)
    if not (fixed or shape or wanted.sizes) and wanted.kind is IMAGES:
        wanted = dataclasses.replace(wanted, other_sizes=_others(*space.input.sizes[0]))
    dataset = load_data(data, wanted, skip_broken=skip_broken)
    if heights := [height for height in space.input.heights if height <= dataset.height]:
        space = space.with_heights(heights)
    if space.input_kind.marker:
        return dataset, space
    size, usual = dataset.input_shape[1:], space.input.shape[2:]
    if dataset.kind.resized and size != usual:
        back = dataset.channels, *usual
        pixels = math.prod(size) / math.prod(usual)
        if pixels > 1:
            why = f"for photos of this size the input is {_words(*size)} rather than {_words(*usual)}"
            then = f"training takes {pixels:.0f} times as long"
        else:
            why = f"for images this small the input is {_words(*size)}"
            then = f"{_words(*usual)} would enlarge them more than twofold"
        _log.info(f"{why}; {then}; `input_shape={back}` for that size")
    if dataset.channels != space.input.channels or (size != usual and not dataset.kind.resized):
        mask = ", the last of which says where they are," if dataset.masked else ""
        found = f"{dataset.channels} channels{mask}"
        if not dataset.kind.resized:
            found += f" and {dataset.width} steps"
        _log.info("the %s have %s: the input follows them", dataset.kind, found)
    space = with_input(space, dataset.input_shape, dataset.masked)
    return dataset, space.with_skip() if dataset.forecast_channels else space


def _others(height: int, width: int) -> tuple[tuple[int, int], ...]:
    """The sizes that images may get without being asked, instead of a space's own: half of it, and those of photos."""
    half = [] if height % (2 * _MULTIPLE) or width % (2 * _MULTIPLE) else [(height // 2, width // 2)]
    return (*half, *((one, one) for one in _PHOTO_SIZES if one > max(height, width)))


def _words(height: int, width: int) -> str:
    return f"{width}×{height}"


def augmented(dataset: Dataset, augment: str, flip: bool | None) -> Dataset:
    """The data set as training is to change its inputs, which is told: a change may be what tells classes apart.

    Data that say that they are not to be changed are not.

    Args:
        dataset: As it was read.
        augment: How much, one of the `augmentations` of its kind.
        flip: Whether images are mirrored; None leaves it to the data set.

    Raises:
        AnenasError: If its kind of input is not changed like that.
    """
    kind = dataset.kind
    if flip is not None and kind is not IMAGES:
        raise AnenasError(f"`flip` is only for images; these are {kind}")
    if dataset.augmentation == "none" and augment != "none":
        _log.info("training does not change %s, because their values are part of what is predicted", kind)
        augment = "none"
    found = dataclasses.replace(dataset, augmentation=augment, flip=dataset.flip if flip is None else flip)
    if augment == "none":
        return found
    if found.flip and flip is None:
        _log.info("training mirrors images at random; use `flip=False` if that changes the class")
    elif flip is None and kind is IMAGES and dataset.channels == _COLOURS and sided(dataset.classes):
        _log.info(
            "training does not mirror images, because class names are sides or characters; `flip=True` mirrors them"
        )
    if changes := kind.changes(found, dataset.channels):
        _log.info('training %s; use `augment="none"` if that changes the class', changes)
    return found


def with_input(space: SearchSpace, shape: tuple[int, int, int], masked: bool = False) -> SearchSpace:
    """The space for another input, without what is too short for it.

    Raises:
        AnenasError: If the input breaks a guideline.
    """
    space, left_out = space.fitting(*shape[1:])
    name = "x".join(map(str, shape))
    if left_out:
        _log.info("left out, because an input of %s is too large for them: %s", name, ", ".join(left_out))
    try:
        return space.with_input(*shape, masked=masked)
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise AnenasError(f"input {name}: {message}") from None

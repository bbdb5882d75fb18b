"""The data set of a search, and the space for its input."""

from __future__ import annotations

import logging

from pydantic import ValidationError

from anenas._errors import AnenasError
from anenas.data import Dataset, Encoding, load_data, load_texts
from anenas.space import SearchSpace

_log = logging.getLogger(__name__)


def text_encoding(space: SearchSpace) -> Encoding | None:
    """How texts become what networks of the space take; None where it is not of texts."""
    return Encoding(space.input.tokens, space.vocabulary) if space.input.tokens and space.vocabulary else None


def load_input(space: SearchSpace, data: str | None, shape: tuple[int, int, int] | None) -> tuple[Dataset, SearchSpace]:
    """The data at the input's size, and the space for that input.

    Args:
        space: That is searched.
        data: See `run_search`.
        shape: (C, H, W) instead of the space's.

    Raises:
        AnenasError: If the data cannot be read, or the space cannot take them.
    """
    if shape:
        space = with_input(space, shape)
    size: tuple[int, int] | None = (space.input.height, space.input.width)
    # A grey space takes colour images in their colours, a colour space takes grey ones as three equal channels.
    channels = space.input.channels if shape or space.input.channels > 1 else None
    if encoding := text_encoding(space):
        return load_texts(data, encoding, steps=space.input.width, say=_log.info), space
    if space.input.steps and not shape:
        size = channels = None  # series are as they are
    dataset = load_data(data, size=size, channels=channels, rate=space.rate, say=_log.info)
    if space.input.steps and dataset.input_shape != space.input.shape[1:]:
        mask = ", the last of which says where they are," if dataset.masked else ""
        _log.info(
            "the series have %d channels%s and %d steps: the input follows them", dataset.channels, mask, dataset.width
        )
    elif dataset.channels != space.input.channels:
        _log.info("the images have %d channels, not %d: the input follows them", dataset.channels, space.input.channels)
    return dataset, with_input(space, dataset.input_shape, dataset.masked)


def with_input(space: SearchSpace, shape: tuple[int, int, int], masked: bool = False) -> SearchSpace:
    """The space for another input, without what is too short for it.

    Raises:
        AnenasError: If the input breaks a guideline.
    """
    space, left_out = space.fitting(*shape[1:])
    name = "x".join(map(str, shape))
    if left_out:
        _log.info("left out, for an input of %s is too large for them: %s", name, ", ".join(left_out))
    try:
        return space.with_input(*shape, masked=masked)
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise AnenasError(f"input {name}: {message}") from None

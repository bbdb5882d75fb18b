"""Channels and inputs that say nothing, as their values are all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas.data.checks._concern import Concern, are
from anenas.data.checks._inspected import Inspected
from anenas.inputs import IMAGES


def constant_channels(data: Inspected) -> Iterator[Concern]:
    """Channels that have one value in all training inputs; a mask and ids of tokens are none."""
    dataset = data.dataset
    channels = dataset.channels - dataset.masked
    if not len(dataset.train) or not channels:
        return
    ranges = [
        _range(batch[:, :channels], batch[:, -1:] > 0 if dataset.masked else None) for batch in data.batches_of("train")
    ]
    low, high = np.min([low for low, _ in ranges], 0), np.max([high for _, high in ranges], 0)
    for channel in np.flatnonzero(low == high):
        message = f"channel {channel} (from 0) of the training {dataset.kind} is always {low[channel]:g}"
        yield Concern("constant channel", message, "leave it out; it carries no information")


def blank_images(data: Inspected) -> Iterator[Concern]:
    """Images of a single colour."""
    if data.dataset.kind is not IMAGES:
        return
    blank: NDArray[np.int64] = np.flatnonzero(
        np.concatenate([(batch == batch[:, :, :1, :1]).all((1, 2, 3)) for batch in data.batches()])
    )
    if blank.size:
        affected = tuple((data.name(index),) for index in blank)
        message = f"{are(len(blank), 'image', 'images')} of a single colour"
        yield Concern("blank image", message, "remove images that show nothing", affected)


def _range(inputs: NDArray[Any], there: NDArray[np.bool_] | None) -> tuple[NDArray[Any], NDArray[Any]]:
    """The lowest and the highest value of each channel, where they are there."""
    if there is None:
        return inputs.min((0, 2, 3)), inputs.max((0, 2, 3))
    return (
        inputs.min((0, 2, 3), where=there, initial=np.inf),
        inputs.max((0, 2, 3), where=there, initial=-np.inf),
    )

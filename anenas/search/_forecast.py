"""Where networks that forecast begin: at the forecast that repeats the last value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas.data import Dataset
from anenas.space import Architecture

if TYPE_CHECKING:
    from torch import nn


def begin_forecast(network: nn.Sequential, architecture: Architecture, dataset: Dataset) -> None:
    """Make a new network tell the last value of each target, if it forecasts channels of its input and has a skip.

    It is far less to learn by how much a series moves than where it is: `python experiments/forecasts.py`.

    Args:
        network: Changed in place.
        architecture: Of the network.
        dataset: What it is to learn.
    """
    from anenas.network import Normalisation, begin_with_last_value

    if not (architecture.head.skip and (channels := dataset.forecast_channels)):
        return
    # The network sees v * scale + shift of a value v, and y of it is told as y * spread + middle.
    factors = Normalisation(dataset.mean, dataset.std).factors()
    scale, shift = (factor[0, list(channels), 0, 0] for factor in factors)
    output = dataset.task.output(dataset.train.labels)
    middle, spread = getattr(output, "mean", 0.0), getattr(output, "std", 1.0)
    begin_with_last_value(network, channels, 1 / (scale * spread), (-shift / scale - middle) / spread)

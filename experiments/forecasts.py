"""What a skip from the last step gives networks that forecast, against the forecast that repeats the last value.

    python experiments/forecasts.py forecast:weather.csv:temp_max [forecast:…] [--networks 3] [--epochs N]

Networks drawn from `sequence_rnn` are trained as a search trains them, with and without the skip. Prints their mean
errors on validation windows, as parts of those of the last value.
"""

from __future__ import annotations

import argparse
import dataclasses
import random

import numpy as np
import torch

from anenas.data import Dataset, InputFormat, load_data
from anenas.inputs import SERIES
from anenas.network import Normalisation, build
from anenas.search._forecast import begin_forecast
from anenas.search._ship import deploy
from anenas.space import Architecture, load_space
from anenas.tasks import Predictions, find_metric
from anenas.training import brief_epochs, predict, train

_METRICS = ("mae", "rmse")


def error_of(dataset: Dataset, scores: np.ndarray) -> np.ndarray:
    """(2,): the mean absolute error and the root of the mean squared one of forecasts for the validation windows."""
    predictions = Predictions(scores, dataset.validation.labels, dataset.classes)
    return np.array([find_metric(name).measure(predictions) for name in _METRICS])


def trained(dataset: Dataset, architecture: Architecture, epochs: int) -> np.ndarray:
    """The errors of a network after a brief training."""
    torch.manual_seed(0)
    network = build(architecture)
    begin_forecast(network, architecture, dataset)
    train(
        network,
        dataset.train,
        Normalisation(dataset.mean, dataset.std, architecture.raw),
        epochs=epochs,
        augment=dataset.augment,
        loss_of=dataset.task.loss(dataset.train.labels, len(dataset.classes)),
    )
    return error_of(dataset, predict(deploy(network, architecture, dataset), dataset.validation.inputs))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="+", help="as `--data` takes them")
    parser.add_argument("--networks", type=int, default=3, help="how many are drawn")
    parser.add_argument("--epochs", type=int, help="of training, by default as a search has them")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for source in options.sources:
        dataset = load_data(source, InputFormat(SERIES))
        last = error_of(dataset, dataset.validation.inputs[:, dataset.forecast_channels, 0, -1])
        space = load_space("sequence_rnn").with_input(*dataset.input_shape)
        drawn = [space.sample(random.Random(i), classes=len(dataset.classes)) for i in range(options.networks)]
        epochs = options.epochs or brief_epochs(dataset)
        print(f"{source}: {len(dataset.train):,} windows, {epochs} epochs; the last value has mae {last[0]:.4g}")
        for skip in (False, True):
            heads = [dataclasses.replace(one.head, skip=skip) for one in drawn]
            networks = [dataclasses.replace(one, head=head) for one, head in zip(drawn, heads, strict=True)]
            mean = np.mean([trained(dataset, network, epochs) / last for network in networks], axis=0)
            told = ", ".join(f"{name} {value:.2f}" for name, value in zip(_METRICS, mean, strict=True))
            print(f"  {'with' if skip else 'without'} a skip: {told} of the last value's", flush=True)


if __name__ == "__main__":
    main()

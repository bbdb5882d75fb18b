"""Probing: how well a linear layer does on what a pretrained network makes of images, without training the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from anenas.data import Dataset, Split
from anenas.tasks import Metric, Predictions

_REGULARISATION = (1e-3, 1e-2, 1e-1)
"""Strengths of the layer's fit that are tried, scikit-learn's C, on features of unit variance."""

_BATCH_SIZE = 64
_SMALLEST_STD = 1e-6


@dataclass(frozen=True)
class Probe:
    """A linear layer on pooled features.

    Attributes:
        scores: (M, K): what it tells of the held-out images.
        weight: (K, C) of float32.
        bias: (K,) of float32.
    """

    scores: NDArray[np.float32]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]


@torch.no_grad()
def pooled_features(
    network: nn.Module, taps: Mapping[str, nn.Module], split: Split, device: torch.device | str = "cpu"
) -> dict[str, NDArray[np.float32]]:
    """What modules of a network make of images, the mean over all pixels: (N, C) by the name of each.

    Args:
        network: Takes pixels of 0 to 255, (N, 3, H, W); it is moved to `device`.
        taps: Modules in it.
        split: The images.
        device: Where to compute.
    """
    found: dict[str, list[torch.Tensor]] = {name: [] for name in taps}
    handles = [
        module.register_forward_hook(lambda _, __, output, name=name: found[name].append(output.mean((2, 3)).cpu()))
        for name, module in taps.items()
    ]
    network.eval().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    try:
        for start in range(0, len(split), _BATCH_SIZE):
            images = torch.from_numpy(np.array(split.inputs[start : start + _BATCH_SIZE]))
            network(images.to(device).float().contiguous(memory_format=torch.channels_last))
    finally:
        for handle in handles:
            handle.remove()
    return {name: torch.cat(batches).numpy() for name, batches in found.items()}


def fit_probe(
    train: NDArray[np.float32],
    held_out: NDArray[np.float32],
    dataset: Dataset,
    metric: Metric,
    strengths: Sequence[float] = _REGULARISATION,
) -> Probe:
    """A linear layer on features that does the task of a data set, as regular as is best for the held-out ones.

    Args:
        train: (N, C) of the training split.
        held_out: (M, C) of the validation split.
        dataset: What the features are of.
        metric: What is best.
        strengths: Of the fit that are tried, scikit-learn's C.
    """
    mean, std = train.mean(0), np.maximum(train.std(0), _SMALLEST_STD)
    labels, count = dataset.train.labels, len(dataset.classes)
    output = dataset.task.output(labels)
    found: list[tuple[float, Probe]] = []
    for strength in strengths:
        rows, offsets = dataset.task.linear((train - mean) / std, labels, count, strength)
        weight = (rows / std).astype(np.float32)
        bias = (offsets - weight @ mean).astype(np.float32)
        with torch.no_grad():
            scores = output(torch.from_numpy(held_out @ weight.T + bias)).numpy()
        value = metric.measure(Predictions(scores, dataset.validation.labels, dataset.classes))
        found.append((value if metric.direction == "minimize" else -value, Probe(scores, weight, bias)))
    return min(found, key=lambda one: one[0])[1]

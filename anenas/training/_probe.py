"""Probing: how well a classifier does on what a pretrained network makes of images, without training the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from anenas.data import Split

_REGULARISATION = (1e-3, 1e-2, 1e-1)
"""Strengths of the classifier's fit that are tried, scikit-learn's C, on features of unit variance."""

_ITERATIONS = 200
_BATCH_SIZE = 64
_SMALLEST_STD = 1e-6


@dataclass(frozen=True)
class Probe:
    """A linear classifier of pooled features.

    Attributes:
        accuracy: The fraction of held-out images that it classifies correctly.
        held_out: How many those are.
        weight: (classes, C) of float32.
        bias: (classes,) of float32.
    """

    accuracy: float
    held_out: int
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
    train_labels: NDArray[np.int64],
    held_out: NDArray[np.float32],
    held_out_labels: NDArray[np.int64],
    classes: int,
    strengths: Sequence[float] = _REGULARISATION,
) -> Probe:
    """Logistic regression on features, as regular as is best for the held-out ones.

    Args:
        train: (N, C).
        train_labels: (N,).
        held_out: (M, C).
        held_out_labels: (M,).
        classes: How many there are; those without a training image are never named.
        strengths: Of the fit that are tried.
    """
    from sklearn.linear_model import LogisticRegression

    mean, std = train.mean(0), np.maximum(train.std(0), _SMALLEST_STD)
    present = np.unique(train_labels)
    best: Probe | None = None
    for strength in strengths:
        weight = np.zeros((classes, train.shape[1]), np.float32)
        bias = np.full(classes, -1e3 if len(present) < classes else 0.0, np.float32)
        if len(present) > 1:
            fitted = LogisticRegression(C=strength, max_iter=_ITERATIONS).fit((train - mean) / std, train_labels)
            rows = fitted.coef_ if len(present) > 2 else np.concatenate([-fitted.coef_, fitted.coef_]) / 2
            offsets = fitted.intercept_ if len(present) > 2 else np.array([-1, 1]) * fitted.intercept_ / 2
            weight[present] = rows / std
            bias[present] = offsets - (rows / std) @ mean
        else:
            bias[present] = 0
        accuracy = float(((held_out @ weight.T + bias).argmax(1) == held_out_labels).mean())
        if best is None or accuracy > best.accuracy:
            best = Probe(accuracy, len(held_out_labels), weight, bias)
    assert best
    return best

"""What `class_weights` changes in training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anenas.data import Dataset
from anenas.tasks import Loss

CLASS_WEIGHTS = ("none", "balanced", "sampled")
"""Classes as frequent as they are; as if they were as frequent, by the loss; or by how often inputs are drawn."""


def loss_of(class_weights: str, dataset: Dataset) -> Loss:
    """What a training minimises."""
    balanced = class_weights == "balanced"
    return dataset.task.loss(dataset.train.labels, len(dataset.classes), balanced=balanced)


def draws_of(class_weights: str, dataset: Dataset) -> NDArray[np.float64] | None:
    """How likely each training input is to be drawn; None if each is drawn once an epoch."""
    return dataset.task.draws(dataset.train.labels) if class_weights == "sampled" else None

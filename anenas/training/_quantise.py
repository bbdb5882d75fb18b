"""Further training in which weights and activations learn to be 8-bit integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from anenas.coreml import Quantiser
from anenas.data import Split
from anenas.tasks import Loss
from anenas.training._train import PEAK_LEARNING_RATE, Augment, count_steps, train

if TYPE_CHECKING:
    from anenas.network import Deployed

# It begins where a training has ended, with a learning rate that has come down.
_LEARNING_RATE = PEAK_LEARNING_RATE / 20


def train_quantised(
    deployed: Deployed,
    split: Split,
    *,
    epochs: int,
    augment: Augment,
    seed: int = 0,
    device: torch.device | str = "cpu",
    loss_of: Loss | None = None,
    draws: NDArray[np.float64] | None = None,
    on_step: Callable[[int, int], None] = lambda step, steps: None,
) -> Deployed:
    """Train what a network ships as a little further, with 8-bit weights and activations.

    Args:
        deployed: The trained network as it ships, in evaluation mode; it is not changed.
        split: Training images and labels.
        epochs: Passes over the data, at least 1.
        augment: Makes of a batch of them what might have been as well, `Dataset.augment`.
        seed: Of the order and augmentation of the images.
        device: Where to train.
        loss_of: The loss, by default that of a classification.
        draws: How likely each image is to be drawn, see `train`.
        on_step: Called after each step with its number, from 1, and how many there are.

    Returns:
        The same with integers, on the processor and in evaluation mode, for `convert` with "iOS17" and later.

    Raises:
        TrainingError: As soon as the loss is not finite.
    """
    from anenas.network import fold_batch_norms

    shape = (1, *split.inputs.shape[1:])
    network = fold_batch_norms(deployed.network, torch.zeros(shape))
    quantiser = Quantiser(network, shape, count_steps(split, epochs)).step()

    def count(step: int, steps: int) -> None:
        if step < steps:
            quantiser.step()
        on_step(step, steps)

    train(
        quantiser.network,
        split,
        deployed.normalise,
        epochs=epochs,
        augment=augment,
        seed=seed,
        device=device,
        learning_rate=_LEARNING_RATE,
        loss_of=loss_of,
        draws=draws,
        mixed=False,  # what is rounded to 8 bits must not be rounded to 16 before
        on_step=count,
    )
    return deployed.with_network(quantiser.finish()).eval()

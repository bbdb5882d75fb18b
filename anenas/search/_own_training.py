"""Training by a function of the caller's."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from anenas._files import replacing
from anenas.data import Dataset

if TYPE_CHECKING:
    from torch import nn

    from anenas.network import Normalisation

Train = Callable[["nn.Module", Dataset, float, Path], None]
"""Trains a network in place: called with it, the data set, the passes over the data to train for now, and a folder.

The network takes pixels of 0 to 255, or series as they are, (N, C, H, W) of float, and gives what the task's loss
takes, such as logits. A training may be paused and go on later, elsewhere: the network is then as it was left, and the
folder holds what was put into it, such as the state of an optimiser. Equal arguments should give equal results."""

_FOLDER, _WEIGHTS, _DONE = "own_training", "network.safetensors", "epochs"


def train_by(train: Train, network: nn.Module, normalise: Normalisation, dataset: Dataset, epochs: float, folder: Path,
             *, pauses: bool = False) -> None:  # fmt: skip
    """Have a network trained until it has had so many passes in all.

    Args:
        train: The caller's function.
        network: As it was built.
        normalise: Its input's normalisation.
        dataset: To train on.
        epochs: Passes over the training split, in all.
        folder: Of the trial; what a pause leaves there is gone on with.
        pauses: Whether the training goes on later.
    """
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    from anenas.network import Trainable

    own = folder / _FOLDER
    own.mkdir(exist_ok=True)
    done = 0.0
    if (own / _WEIGHTS).exists():
        network.load_state_dict(load_file(own / _WEIGHTS))
        with safe_open(own / _WEIGHTS, "pt") as file:
            done = float(file.metadata()[_DONE])
    train(Trainable(normalise, network), dataset, epochs - done, own)
    if not pauses:
        shutil.rmtree(own)
        return
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    with replacing(own / _WEIGHTS) as new:
        save_file(state, new, {_DONE: repr(epochs)})

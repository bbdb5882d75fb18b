"""From trained weights to the package that ships, in the form that its architecture names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from anenas.coreml import LOSSY, Package, Verification, compress, convert, verify_network
from anenas.data import Dataset
from anenas.graph import get_weight_format
from anenas.search._evaluation import WEIGHTS
from anenas.space import Architecture
from anenas.tasks import Loss

if TYPE_CHECKING:
    import torch
    from torch import nn

    from anenas.network import Deployed

# The fraction of the training that weights and activations learn in to be integers, once it is done, in passes over the
# images: less than a pass leaves the ranges of activations unsettled.
_QUANTISED_FRACTION = 0.25
_EXPORTED = "the exported program"


def deploy(network: nn.Module, architecture: Architecture, dataset: Dataset) -> Deployed:
    """What ships of a trained network: fused, normalising unless it is raw, in evaluation mode."""
    from anenas.network import Deployed, Normalisation, fuse

    normalise = Normalisation(dataset.mean, dataset.std, architecture.raw)
    return Deployed(fuse(network), normalise, dataset.task.output(dataset.train.labels)).eval()


def load_deployed(architecture: Architecture, folder: Path, dataset: Dataset) -> Deployed:
    """What ships of a trial, with the weights in float32 that its training left in `folder`."""
    from safetensors.torch import load_file

    from anenas.network import build

    network = build(architecture)
    network.load_state_dict(load_file(folder / WEIGHTS))
    return deploy(network, architecture, dataset)


def ship(
    deployed: Deployed,
    architecture: Architecture,
    dataset: Dataset,
    path: Path,
    held_out: np.ndarray,
    *,
    epochs: int,
    seed: int,
    device: torch.device | str = "cpu",
    loss_of: Loss | None = None,
    draws: NDArray[np.float64] | None = None,
    on_step: Callable[[int, int], None] = lambda step, steps: None,
    on_phase: Callable[[str], None] = lambda name: None,
) -> tuple[Package, Verification]:
    """Write the package of a network in the form of its architecture, and run it on images.

    An fp16 program, and one before its weights are compressed, is held to what the network computes. Compressed weights
    are other weights, so that a compressed program's differences are reported and not judged; but it must not overflow.
    With 8-bit activations the network is trained a little further first, and its program is held to what that gives.

    Args:
        deployed: What `deploy` made, on the processor; it is not changed.
        architecture: Of the network.
        dataset: It was trained on.
        path: Of the package; ends in ".mlpackage"; replaced whole, or not at all.
        held_out: Images to verify on, (N, C, H, W).
        epochs: It was trained for; a quarter of them, at least one, are added for 8-bit activations.
        seed: Of that training.
        device: Of that training.
        loss_of: Of that training; by default that of a classification.
        draws: Of that training, how likely each input is to be drawn; by default each once an epoch.
        on_step: Called after each of its steps with its number and how many there are.
        on_phase: Called with the name of each phase that has ended.

    Returns:
        The package, and its last verification.

    Raises:
        AnenasError: If the program does not compute what the trained network does, or not in float16.
    """
    form = get_weight_format(architecture.form)
    metadata = {
        **dataset.metadata,
        "anenas.architecture": str(architecture),
        "anenas.data": dataset.name,
        "anenas.augmentation": dataset.augmentation,
        "anenas.mirrored": json.dumps(dataset.flip and dataset.augmentation != "none"),
        "anenas.mean": json.dumps(dataset.mean),
        "anenas.std": json.dumps(dataset.std),
    }
    if deployed.units:
        metadata["anenas.units"] = json.dumps([one.tolist() for one in deployed.units])
    pixels = np.array(held_out, dtype=np.float32)
    shape, classes = architecture.input, dataset.classes
    if form.activations:
        from anenas.training import train_quantised

        quantised = train_quantised(
            deployed,
            dataset.train,
            epochs=max(1, round(_QUANTISED_FRACTION * epochs)),
            augment=dataset.augment,
            seed=seed,
            device=device,
            loss_of=loss_of,
            draws=draws,
            on_step=on_step,
        )
        on_phase("quantise")
        package = convert(
            quantised, path, shape=shape, classes=classes, metadata=metadata, target=form.target, task=dataset.task
        )
        on_phase("convert")
        verified = verify_network(package, quantised, pixels, "the quantised network", rounded=False)
        on_phase("verify")
        return package, verified.require(_EXPORTED)
    source = architecture.input_kind.core_ml_name
    package = convert(deployed, path, shape=shape, classes=classes, metadata=metadata, source=source, task=dataset.task)
    on_phase("convert")
    verified = verify_network(package, deployed, pixels).require(_EXPORTED)
    on_phase("verify")
    if form.kind:
        package = compress(package, path, form)
        on_phase("compress")
        verified = verify_network(package, deployed, pixels, tolerances=LOSSY).require(_EXPORTED)
        on_phase("verify_form")
    return package, verified

"""From trained weights to the package that ships, in the form that its architecture names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from anenas.coreml import LOSSY, TOLERANCES, Verification, compress, convert, verify_module, verify_network
from anenas.data import Dataset
from anenas.graph import get_form
from anenas.search._evaluation import WEIGHTS
from anenas.space import Architecture

if TYPE_CHECKING:
    import torch
    from torch import nn

    from anenas.network import Deployed

# The share of the training that weights and activations learn in to be integers, once it is done, in passes over the
# images: less than a pass leaves the ranges of activations unsettled.
_QUANTISED_SHARE = 0.25


class ExportError(RuntimeError):
    """The exported program does not compute what the trained network does, or not in float16."""


def deploy(network: nn.Module, architecture: Architecture, dataset: Dataset) -> Deployed:
    """What ships of a trained network: fused, normalising unless it is raw, in evaluation mode."""
    from anenas.network import Deployed, Normalisation, fuse

    return Deployed(fuse(network), Normalisation(dataset.mean, dataset.std, architecture.raw)).eval()


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
    package: Path,
    held_out: np.ndarray,
    *,
    epochs: int,
    seed: int = 0,
    device: torch.device | str = "cpu",
    stepped: Callable[[int, int], None] = lambda step, steps: None,
    lap: Callable[[str], None] = lambda name: None,
) -> Verification:
    """Write the package of a network in the form of its architecture, and run it on images.

    An fp16 program, and one before its weights are compressed, is held to what the network computes. Compressed weights
    are other weights, so that a compressed program's differences are told and not judged; but it must not overflow.
    With 8-bit activations the network is trained a little further first, and its program is held to what that gives.

    Args:
        deployed: What `deploy` made, on the processor; it is not changed.
        architecture: Of the network.
        dataset: It was trained on.
        package: Ends in ".mlpackage"; replaced whole, or not at all.
        held_out: Images to verify on, (N, C, H, W).
        epochs: It was trained for; a quarter of them, at least one, are added for 8-bit activations.
        seed: Of that training.
        device: Of that training.
        stepped: Hears of its steps.
        lap: Hears the name of everything that is done.

    Returns:
        The last verification.

    Raises:
        ExportError: If the program is not what it was made from.
    """
    form = get_form(architecture.form)
    metadata = {
        **dataset.metadata,
        "anenas.architecture": str(architecture),
        "anenas.data": dataset.name,
        "anenas.mean": json.dumps(dataset.mean),
        "anenas.std": json.dumps(dataset.std),
    }
    pixels = np.array(held_out, dtype=np.float32)
    shape, classes = architecture.input, dataset.classes
    if form.activations:
        from anenas.training import train_quantised

        quantised = train_quantised(
            deployed,
            dataset.train,
            epochs=max(1, round(_QUANTISED_SHARE * epochs)),
            augment=dataset.augment,
            seed=seed,
            device=device,
            stepped=stepped,
        )
        lap("quantise")
        convert(quantised, package, shape=shape, classes=classes, metadata=metadata, target=form.target)
        lap("convert")
        # A value that float16 rounds to the other side of a step is a whole step of 8 bits off.
        tolerances = dict.fromkeys(TOLERANCES, TOLERANCES["fp16"])
        verified = _required(verify_module(package, quantised, pixels, "the quantised network", tolerances=tolerances))
        lap("verify")
        return verified
    source = architecture.input_kind.core_ml_name
    convert(deployed, package, shape=shape, classes=classes, metadata=metadata, source=source)
    lap("convert")
    verified = _required(verify_network(package, deployed, pixels))
    lap("verify")
    if form.kind:
        compress(package, package, form)
        lap("compress")
        verified = _required(verify_network(package, deployed, pixels, tolerances=LOSSY))
        lap("verify_form")
    return verified


def _required(verified: Verification) -> Verification:
    if not verified.passed:
        raise ExportError("; ".join(verified.problems))
    return verified

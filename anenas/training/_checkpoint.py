"""A training that was paused, as a file: it goes on from there as if it had never stopped."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from anenas._files import replacing

_NETWORK, _MOMENTS = "network.", "moments."
_MOMENT_NAMES = ("exp_avg", "exp_avg_sq")  # AdamW's

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """How far a training has come.

    Attributes:
        step: Steps that are done.
        curve: The loss curve so far.
        since: The losses since its last point.
    """

    step: int = 0
    curve: tuple[tuple[int, float], ...] = ()
    since: tuple[float, ...] = ()


def save_checkpoint(
    path: Path,
    progress: Progress,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    device: torch.device,
) -> None:
    """Write everything that the next step depends on, whole or not at all. What follows from the step is left out."""
    tensors = {_NETWORK + name: tensor for name, tensor in network.state_dict().items()}
    for name, parameter in network.named_parameters():
        for moment in _MOMENT_NAMES:
            tensors[f"{_MOMENTS}{moment}.{name}"] = optimizer.state[parameter][moment]
    tensors["random"] = torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()
    facts = dataclasses.asdict(progress) | {"scaler": scaler.state_dict()}
    with replacing(path) as new:
        save_file({name: t.contiguous() for name, t in tensors.items()}, new, {"progress": json.dumps(facts)})


def load_checkpoint(
    path: Path,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    device: torch.device,
) -> Progress:
    """Put network and optimiser where `save_checkpoint` found them.

    Returns:
        How far that is: step 0, and nothing is changed, where there is no file or it is not one of this training, which
        is told.
    """
    if not path.exists():
        return Progress()
    damaged = (OSError, SafetensorError, ValueError, LookupError, TypeError, AttributeError, RuntimeError)
    with contextlib.suppress(*damaged), safe_open(path, "pt") as file:
        facts = json.loads(file.metadata()["progress"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dictionary)
        weights = {name: tensors[_NETWORK + name] for name in network.state_dict()}
        moments = {
            parameter: {moment: tensors[f"{_MOMENTS}{moment}.{name}"] for moment in _MOMENT_NAMES}
            for name, parameter in network.named_parameters()
        }
        curve = tuple((int(step), float(loss)) for step, loss in facts["curve"])
        progress = Progress(int(facts["step"]), curve, tuple(map(float, facts["since"])))
        scale, randomness = facts["scaler"], tensors["random"]
        fits = all(weights[name].shape == tensor.shape for name, tensor in network.state_dict().items()) and all(
            moment.shape == parameter.shape for parameter, both in moments.items() for moment in both.values()
        )
        if not fits or progress.step < 1:
            raise ValueError
        scaler.load_state_dict(scale)  # what may fail comes first
        if device.type == "cuda":
            torch.cuda.set_rng_state(randomness, device)
        else:
            torch.set_rng_state(randomness)
        network.load_state_dict(weights)
        for parameter, loaded in moments.items():
            # In the parameter's memory layout, as the optimiser would have made them.
            state = {moment: torch.empty_like(parameter).copy_(tensor) for moment, tensor in loaded.items()}
            on = parameter.device if optimizer.defaults["fused"] else "cpu"
            optimizer.state[parameter] = {"step": torch.tensor(float(progress.step), device=on), **state}
        return progress
    _log.warning("the checkpoint %s is damaged or belongs to another training: training starts again", path)
    return Progress()

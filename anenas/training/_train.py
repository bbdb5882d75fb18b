"""Training a network briefly and well, and measuring what it has learned."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import AveragedModel, get_swa_multi_avg_fn, update_bn

from anenas.data import Dataset, Split
from anenas.network import Normalisation
from anenas.tasks import CLASSIFICATION, Loss
from anenas.training._checkpoint import Progress, load_checkpoint, save_checkpoint
from anenas.training._teacher import Teacher

BATCH_SIZE = 32
PEAK_LEARNING_RATE = 4e-3
FINE_TUNING_LEARNING_RATE = 1e-3
"""The peak for a network that has learned before, and that a high one would make forget."""

WEIGHT_DECAY = 0.02
_LOGGED_STEPS = 50
_AVERAGED = 0.25  # of the steps before a pause, whose mean is what is judged
_BATCHES_OF_STATISTICS = 16  # that batch normalisation is shown in the end

_P = ParamSpec("_P")
_R = TypeVar("_R")

Augment = Callable[[np.ndarray, np.random.Generator], np.ndarray]


class TrainingError(RuntimeError):
    """Training went wrong in a way that belongs to the architecture, such as a loss that became NaN."""


def brief_epochs(dataset: Dataset) -> int:
    """The training budget of a trial where none was asked for: two epochs, and at least 500 steps."""
    return dataset.kind.brief_epochs(len(dataset.train), BATCH_SIZE)


def _deterministic(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """A function during which cuDNN computes the same each time."""

    @functools.wraps(function)
    def deterministic(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        before = torch.backends.cudnn.deterministic
        torch.backends.cudnn.deterministic = True
        try:
            return function(*args, **kwargs)
        finally:
            torch.backends.cudnn.deterministic = before

    return deterministic


@_deterministic
def train(
    network: nn.Module,
    split: Split,
    normalise: Normalisation,
    *,
    epochs: int,
    augment: Augment,
    seed: int = 0,
    device: torch.device | str = "cpu",
    learning_rate: float = PEAK_LEARNING_RATE,
    mixed: bool = True,
    freeze_statistics: bool = False,
    loss_of: Loss | None = None,
    draws: NDArray[np.float64] | None = None,
    teacher: Teacher | None = None,
    budget_fraction: float = 1.0,
    checkpoint: Path | None = None,
    on_step: Callable[[int, int], None] = lambda step, steps: None,
) -> list[tuple[int, float]]:
    """Train `network` in place: AdamW, one cycle of the learning rate, standard augmentation.

    With a `budget_fraction` below 1 the training is paused on its way: where it stands goes to `checkpoint`, and
    `network` is left as the mean over the last steps, which at a learning rate that is still high is far better than
    the last step itself (Izmailov et al. 2018, arXiv:1803.05407). Going on from the checkpoint ends, on a processor to
    the last bit, where a training without a pause ends.

    Args:
        network: From (N, C, H, W) to (N, K) logits, or what else `loss_of` takes; it is moved to `device`.
        split: Training images and labels.
        normalise: What pixels become first.
        epochs: Passes over the data of the whole training, at least 1.
        augment: Makes of a batch of them what might have been as well, `Dataset.augment`.
        seed: Of the order and augmentation of the images. The weights are the caller's.
        device: Where to train.
        learning_rate: At its peak.
        mixed: Whether CUDA trains in mixed precision.
        freeze_statistics: Whether batch normalisation keeps the means and variances that it has, as suits a network
            that has learned from far more data (`python experiments/fine_tuning.py`).
        loss_of: The loss, by default that of a classification.
        draws: How likely each image is to be drawn, in sum 1, with replacement, see `Task.draws`; by default each is
            drawn once an epoch.
        teacher: Whose answers to the same pixels are learned beside the labels.
        budget_fraction: How much of the whole training shall be done in the end, more than 0.
        checkpoint: Where a pause is kept; begun with where it is there, and removed once the training is whole.
        on_step: Called after each step with its number, from 1, and how many there are.

    Returns:
        The loss curve, about fifty points of (step, mean loss since the point before) in a whole training.

    Raises:
        TrainingError: As soon as the loss is not finite.
    """
    device = torch.device(device)
    loss_of = loss_of or CLASSIFICATION.loss(split.labels, 0)
    network.to(device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    if freeze_statistics:
        for module in network.modules():
            if isinstance(module, _BatchNorm):
                module.eval()
    optimizer = torch.optim.AdamW(_parameter_groups(network), lr=learning_rate, fused=device.type == "cuda")
    precision = torch.bfloat16 if device.type == "cuda" and torch.cuda.is_bf16_supported() else torch.float16
    mixed = mixed and device.type == "cuda"
    scaler = torch.amp.GradScaler(enabled=mixed and precision == torch.float16)
    steps = count_steps(split, epochs)
    last = max(1, round(budget_fraction * steps))
    progress = Progress()
    if checkpoint:
        progress = load_checkpoint(checkpoint, network, optimizer, scaler, device)
    averaged = AveragedModel(network, multi_avg_fn=get_swa_multi_avg_fn()) if last < steps else None
    every = max(1, steps // _LOGGED_STEPS)
    curve = list(progress.curve)
    since = list(progress.since)

    def batch(step: int) -> tuple[torch.Tensor, torch.Tensor]:
        return _batch(split, step, augment, seed, draws)

    def normalised(pixels: torch.Tensor) -> torch.Tensor:
        return normalise(pixels.to(device, non_blocking=True)).contiguous(memory_format=torch.channels_last)

    def autocast() -> torch.autocast:
        return torch.autocast(device.type, precision, enabled=mixed)

    for step in range(progress.step + 1, last + 1):
        pixels, labels = (tensor.to(device, non_blocking=True) for tensor in batch(step))
        with autocast():
            logits = network(normalised(pixels)).float()
            loss = loss_of(logits, labels)
            if teacher:
                loss = teacher.loss(logits, pixels, loss)
        since.append(loss.item())
        if not math.isfinite(since[-1]):
            raise TrainingError(f"the loss became {since[-1]} at step {step} of {steps}")
        rate, momentum = _one_cycle(step - 1, steps)
        for group in optimizer.param_groups:
            group["lr"], group["betas"] = rate * learning_rate, (momentum, group["betas"][1])
        optimizer.zero_grad(set_to_none=True)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        if step % every == 0 or step == steps:
            curve.append((step, sum(since) / len(since)))
            since.clear()
        if averaged and step > last - max(1, round(_AVERAGED * last)):
            averaged.update_parameters(network)
        on_step(step, steps)
    if averaged:
        if checkpoint and last > progress.step:
            save_checkpoint(checkpoint, Progress(last, tuple(curve), tuple(since)), network, optimizer, scaler, device)
        network.load_state_dict(averaged.module.state_dict())
    elif checkpoint:
        checkpoint.unlink(missing_ok=True)
    if freeze_statistics:
        return curve
    # The running means of training lag behind the weights as they are now, and after a few steps still remember where
    # they began (Wu & Johnson 2021, arXiv:2105.07576).
    recent = range(last, max(0, last - _BATCHES_OF_STATISTICS), -1)
    with autocast():
        update_bn((normalised(batch(step)[0]) for step in recent), network)
    return curve


def count_steps(split: Split, epochs: int) -> int:
    """How many steps of training so many passes over the images are."""
    return epochs * _steps_per_epoch(split)


def _one_cycle(done: int, steps: int) -> tuple[float, float]:
    """Learning rate, as a fraction of its peak, and first momentum of the step after `done` of `steps`.

    Up and down again in half waves, the momentum the other way round (Smith & Topin 2018, arXiv:1708.07120), with the
    ends of torch's `OneCycleLR`.
    """
    rising = min(0.3, max(0.1, 100 / steps)) * steps - 1
    if done <= rising:
        height = (1 - math.cos(math.pi * done / max(rising, 1e-9))) / 2
        low = 1 / 25
    else:
        height = (1 + math.cos(math.pi * (done - rising) / max(steps - 1 - rising, 1e-9))) / 2
        low = 1 / 25e4
    return low + (1 - low) * height, 0.95 - 0.1 * height


@torch.no_grad()
def predict(
    network: nn.Module, inputs: NDArray[Any], *, device: torch.device | str = "cpu", batch_size: int = 64
) -> NDArray[np.float32]:
    """What a network in evaluation mode tells of inputs: (N, K) scores of (N, C, H, W) pixels of 0 to 255, or series.

    Raises:
        TrainingError: If a score is not finite.
    """
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    found = []
    for start in range(0, len(inputs), batch_size):
        some = np.array(inputs[start : start + batch_size])  # a copy: torch warns of read-only memory maps
        pixels = torch.from_numpy(some).to(device).float().contiguous(memory_format=torch.channels_last)
        found.append(network(pixels).float().cpu().numpy())
    scores = np.concatenate(found)
    if not np.isfinite(scores).all():
        raise TrainingError("the scores of the trained network are not finite")
    return scores


def accuracy(network: nn.Module, split: Split, *, device: torch.device | str = "cpu", batch_size: int = 64) -> float:
    """The fraction of `split` that a network in evaluation mode, see `predict`, classifies correctly.

    Raises:
        TrainingError: If a score is not finite.
    """
    scores = predict(network, split.inputs, device=device, batch_size=batch_size)
    return float(np.mean(scores.argmax(1) == split.labels))


def _parameter_groups(network: nn.Module) -> list[dict[str, object]]:
    """Weight decay for weights, none for biases and normalisation."""
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    return [{"params": weights, "weight_decay": WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}]


def _steps_per_epoch(split: Split) -> int:
    return max(1, len(split.labels) // BATCH_SIZE)


def _batch(
    split: Split, step: int, augment: Augment, seed: int, draws: NDArray[np.float64] | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """The images of a step, from 1, and no other: augmented (B, C, H, W), of their type, and (B,) labels.

    Each epoch is in an order of its own; what does not fill a last batch is left out.
    """
    epoch, place = divmod(step - 1, _steps_per_epoch(split))
    count, rng = len(split.labels), np.random.default_rng((seed, epoch))
    order = rng.permutation(count) if draws is None else rng.choice(count, count, p=draws)
    chosen = np.sort(order[place * BATCH_SIZE : (place + 1) * BATCH_SIZE])  # in file order: they may be a memory map
    pixels = augment(np.ascontiguousarray(split.inputs[chosen]), np.random.default_rng((seed, epoch, place)))
    return torch.from_numpy(pixels), torch.from_numpy(np.array(split.labels[chosen]))

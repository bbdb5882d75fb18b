"""Training a classifier of images or series briefly and well, and measuring what it has learned."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from anenas.data import Split

BATCH_SIZE = 32
PEAK_LEARNING_RATE = 4e-3
WEIGHT_DECAY = 0.02
LABEL_SMOOTHING = 0.1
_LOGGED_STEPS = 50


_BRIEF_STEPS = 500  # of a new network on series


class TrainingError(RuntimeError):
    """Training went wrong in a way that belongs to the architecture, such as a loss that became NaN."""


@dataclass(frozen=True)
class Normalisation:
    """What pixels of 0 to 255, or series, become before the network sees them.

    Attributes:
        mean: Of each channel, in units of 255.
        std: Of each channel, likewise.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) of any dtype to float32 of about zero mean and unit variance."""
        mean, std = (torch.tensor(v, device=pixels.device).view(1, -1, 1, 1) for v in (self.mean, self.std))
        return (pixels.float() / 255 - mean) / std


def brief_epochs(split: Split) -> int:
    """The training budget of a trial where none was asked for: two epochs of images.

    Sets of series are small, and their networks fast: for them it is as many epochs as make 500 steps, the number that
    two epochs of the embedded images make.
    """
    if split.images.dtype == np.uint8:
        return 2
    return max(2, math.ceil(_BRIEF_STEPS * BATCH_SIZE / len(split)))


def train(
    network: nn.Module,
    split: Split,
    normalise: Normalisation,
    *,
    epochs: int,
    flip: bool,
    seed: int = 0,
    device: torch.device | str = "cpu",
    learning_rate: float = PEAK_LEARNING_RATE,
    mixed: bool = True,
    stepped: Callable[[int, int], None] = lambda step, steps: None,
) -> list[tuple[int, float]]:
    """Train `network` in place: AdamW, one cycle of the learning rate, label smoothing, standard augmentation.

    Args:
        network: From (N, C, H, W) to (N, classes) logits; it is moved to `device`.
        split: Training images and labels.
        normalise: What pixels become first.
        epochs: Passes over the data, at least 1.
        flip: Whether mirror images keep their class.
        seed: Of the order and augmentation of the images. The weights are the caller's.
        device: Where to train.
        learning_rate: At its peak.
        mixed: Whether CUDA trains in mixed precision.
        stepped: Called after each step with its number, from 1, and how many there are.

    Returns:
        The loss curve, about fifty points of (step, mean loss since the point before).

    Raises:
        TrainingError: As soon as the loss is not finite.
    """
    device = torch.device(device)
    torch.backends.cudnn.deterministic = True
    network.to(device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(_parameter_groups(network), lr=learning_rate, fused=device.type == "cuda")
    steps = count_steps(split, epochs)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, learning_rate, total_steps=steps, pct_start=min(0.3, max(0.1, 100 / steps))
    )
    precision = torch.bfloat16 if device.type == "cuda" and torch.cuda.is_bf16_supported() else torch.float16
    mixed = mixed and device.type == "cuda"
    scaler = torch.amp.GradScaler(enabled=mixed and precision == torch.float16)
    every = max(1, steps // _LOGGED_STEPS)
    curve: list[tuple[int, float]] = []
    since: list[float] = []
    for step, (pixels, labels) in enumerate(_batches(split, epochs, flip, seed), start=1):
        pixels, labels = pixels.to(device, non_blocking=True), labels.to(device, non_blocking=True)
        with torch.autocast(device.type, precision, enabled=mixed):
            logits = network(normalise(pixels).contiguous(memory_format=torch.channels_last))
            loss = F.cross_entropy(logits, labels, label_smoothing=LABEL_SMOOTHING)
        since.append(loss.item())
        if not math.isfinite(since[-1]):
            raise TrainingError(f"the loss became {since[-1]} at step {step} of {steps}")
        optimizer.zero_grad(set_to_none=True)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        schedule.step()
        if step % every == 0 or step == steps:
            curve.append((step, sum(since) / len(since)))
            since.clear()
        stepped(step, steps)
    return curve


def count_steps(split: Split, epochs: int) -> int:
    """How many steps of training so many passes over the images are."""
    return epochs * max(1, len(split.labels) // BATCH_SIZE)


@torch.no_grad()
def accuracy(network: nn.Module, split: Split, *, device: torch.device | str = "cpu", batch_size: int = 64) -> float:
    """The share of `split` that a network in evaluation mode, from pixels of 0 to 255 to scores, classifies rightly.

    Raises:
        TrainingError: If a score is not finite.
    """
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    right = 0
    for start in range(0, len(split.labels), batch_size):
        images = np.array(split.images[start : start + batch_size])  # a copy: torch warns of read-only memory maps
        pixels = torch.from_numpy(images).to(device).float().contiguous(memory_format=torch.channels_last)
        labels = torch.from_numpy(np.array(split.labels[start : start + batch_size])).to(device)
        scores = network(pixels)
        if not torch.isfinite(scores).all():
            raise TrainingError("the trained network's scores are not finite")
        right += int((scores.argmax(1) == labels).sum())
    return right / len(split.labels)


def _parameter_groups(network: nn.Module) -> list[dict[str, object]]:
    """Weight decay for weights, none for biases and normalisation."""
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    return [{"params": weights, "weight_decay": WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}]


def _batches(split: Split, epochs: int, flip: bool, seed: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Augmented (B, C, H, W) uint8 pixels and (B,) labels; a last batch that is not full is left out."""
    rng = np.random.default_rng(seed)
    count = len(split.labels)
    size = min(BATCH_SIZE, count)
    for _ in range(epochs):
        order = rng.permutation(count)
        for start in range(0, count - size + 1, size):
            chosen = np.sort(order[start : start + size])  # in file order: the images may be a memory map
            pixels = _augment(np.ascontiguousarray(split.images[chosen]), flip, rng)
            yield torch.from_numpy(pixels), torch.from_numpy(np.array(split.labels[chosen]))


def _augment(images: np.ndarray, flip: bool, rng: np.random.Generator) -> np.ndarray:
    """(B, C, H, W) images, half of them mirrored if `flip`; colour ones shifted by up to a sixteenth of their size.

    Grey sets (garments, digits, scans) come centred: shifting them only makes a brief training harder.
    """
    count, channels, height, width = images.shape
    margin = min(height, width) // 16 if channels > 1 else 0
    padded = np.pad(images, ((0, 0), (0, 0), (margin, margin), (margin, margin)), mode="edge")
    top, left = rng.integers(0, 2 * margin + 1, (2, count))
    rows = top[:, None] + np.arange(height)
    columns = left[:, None] + np.arange(width)
    if flip:
        mirrored = rng.random(count) < 0.5
        columns[mirrored] = columns[mirrored, ::-1]
    # Index arrays apart from each other put the channels last: (B, H, W, C), the layout that training wants anyway.
    shifted = padded[np.arange(count)[:, None, None], :, rows[:, :, None], columns[:, None, :]]
    return shifted.transpose(0, 3, 1, 2)

"""Packages of the smallest classifier there is: the means of channels as scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from anenas.coreml import Package, convert


class Means(nn.Module):
    """The means of channels, as scores."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x.mean((2, 3)) / 32).softmax(1)


def means_packages(folder: Path, batches: Sequence[int], classes: Sequence[str], size: int) -> dict[int, Package]:
    """By how many inputs of so many rows and columns, and a channel for each class, they take at once."""
    return {
        batch: convert(Means(), folder / f"{batch}.mlpackage", shape=(batch, len(classes), size, size), classes=classes)
        for batch in batches
    }

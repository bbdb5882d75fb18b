"""Numbers in their own units. Imports torch, so it is imported where it is used."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn


class InUnits(nn.Module):
    """From standardised values, (N, K), to those of the targets.

    Args:
        mean: (K,) of each target.
        std: (K,), its standard deviation.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, mean: NDArray[np.float32], std: NDArray[np.float32]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(mean))
        self.register_buffer("std", torch.from_numpy(std))

    def forward(self, standardised: torch.Tensor) -> torch.Tensor:
        return standardised * self.std + self.mean

"""What a network sees of its inputs."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Normalisation:
    """What pixels of 0 to 255, or series, become before the network sees them.

    Attributes:
        mean: Of each channel, in units of 255.
        std: Of each channel, likewise.
        raw: Whether they stay as they are instead.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    raw: bool = False

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) of any dtype to float32 of about zero mean and unit variance, unless raw."""
        if self.raw:
            return pixels.float()
        mean, std = (torch.tensor(v, device=pixels.device).view(1, -1, 1, 1) for v in (self.mean, self.std))
        return (pixels.float() / 255 - mean) / std

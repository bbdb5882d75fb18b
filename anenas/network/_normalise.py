"""Normalisation of a network's inputs."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from anenas._half import as_in_half
from anenas.blocks import pixel_factors


@dataclass(frozen=True)
class Normalisation:
    """Normalises pixels of 0 to 255, or series, before the network: (x / 255 − mean) / std.

    Attributes:
        mean: Of each channel, in units of 255.
        std: Of each channel, likewise.
        raw: Whether to leave them unchanged instead.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    raw: bool = False

    def factors(self, device: torch.device | str = "cpu") -> tuple[torch.Tensor, torch.Tensor]:
        """Scale and shift, (1, C, 1, 1) each, as float16 has them: a network sees x · scale + shift."""
        scale, shift = (as_in_half(factor.numpy()) for factor in pixel_factors(self.mean, self.std, "cpu"))
        return torch.from_numpy(scale).to(device), torch.from_numpy(shift).to(device)

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) of any dtype to float32 with about zero mean and unit variance, unless raw."""
        if self.raw:
            return pixels.float()
        scale, shift = self.factors(pixels.device)
        return pixels.float() * scale + shift

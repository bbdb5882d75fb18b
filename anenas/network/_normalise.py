"""Normalisation of a network's inputs."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from anenas.blocks import pixel_factors

_SPREAD = 3  # standard deviations from the mean that a number may be
# Half of float16's largest number, and what it rounds by at most: of numbers, and of the smallest.
_MOST, _ROUNDING, _FINEST = 65504 / 2, 2.0**-11, 2.0**-25


def fits_half(mean: torch.Tensor, std: torch.Tensor) -> bool:
    """Whether float16 holds numbers of these means and standard deviations, to a hundredth of the latter."""
    largest = mean.abs() + _SPREAD * std
    rounding = (largest * _ROUNDING).clamp(min=_FINEST)
    return bool((largest < _MOST).all() and (rounding < 0.01 * std).all())


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
        """Scale and shift, (1, C, 1, 1) each: a network sees x · scale + shift."""
        return pixel_factors(self.mean, self.std, device)

    @property
    def fits_half(self) -> bool:
        """Whether float16 holds what is normalised; if not, a program normalises in float32."""
        return self.raw or fits_half(*(255 * torch.tensor(moments) for moments in (self.mean, self.std)))

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) of any dtype to float32 with about zero mean and unit variance, unless raw."""
        if self.raw:
            return pixels.float()
        scale, shift = self.factors(pixels.device)
        return pixels.float() * scale + shift

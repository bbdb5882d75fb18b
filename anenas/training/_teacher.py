"""Learning from what a better network answers, beside the labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional as F

TEMPERATURE = 2.0
"""What logits are divided by before they are compared."""

SHARE = 0.5
"""Of the loss, what is the teacher's; the rest is the labels'."""


@dataclass(frozen=True)
class Teacher:
    """A trained network whose answers another one learns (Hinton et al. 2015, arXiv:1503.02531).

    Attributes:
        logits: From (N, C, H, W) pixels of 0 to 255 to (N, classes) logits, in evaluation mode and on the device of
            the training.
        size: Height and width that it takes; pixels of another size are resized.
    """

    logits: Callable[[torch.Tensor], torch.Tensor]
    size: tuple[int, int]

    def loss(self, logits: torch.Tensor, pixels: torch.Tensor, labelled: torch.Tensor) -> torch.Tensor:
        """The loss of a step.

        Args:
            logits: (N, classes) of the network that learns.
            pixels: (N, C, H, W) of 0 to 255 that it saw.
            labelled: Its loss by the labels alone.
        """
        pixels = pixels.float()
        if pixels.shape[2:] != self.size:
            pixels = F.interpolate(pixels, self.size, mode="bilinear", antialias=True)
        with torch.no_grad():
            answers = self.logits(pixels.contiguous(memory_format=torch.channels_last)).float() / TEMPERATURE
        # Gradients of softened answers are smaller by the square of the temperature.
        apart = F.kl_div((logits / TEMPERATURE).log_softmax(1), answers.softmax(1), reduction="batchmean")
        return (1 - SHARE) * labelled + SHARE * TEMPERATURE**2 * apart

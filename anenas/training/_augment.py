"""Inputs as they might have been as well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anenas.data import Dataset
from anenas.network import Normalisation
from anenas.training._jitter import jittered


@dataclass(frozen=True)
class Augmentation:
    """What may be done to inputs that keep their class: images are mirrored and shifted, series made a little other.

    Attributes:
        flip: Whether mirror images keep their class.
        jitter: Whether series keep it that are a little noisier, louder or softer, or have a gap.
        masked: Whether the last channel of series says where they are.
    """

    flip: bool = False
    jitter: bool = False
    masked: bool = False

    @classmethod
    def of(cls, dataset: Dataset) -> Augmentation:
        """What a data set allows."""
        return cls(dataset.flip, dataset.jitter, dataset.masked)

    def __call__(self, inputs: np.ndarray, normalise: Normalisation, rng: np.random.Generator) -> np.ndarray:
        """(B, C, H, W) of uint8, or series (B, C, 1, T) of float32, made other."""
        if inputs.dtype == np.uint8:
            return shifted(inputs, self.flip, rng)
        return jittered(inputs, normalise.mean, normalise.std, self.masked, rng) if self.jitter else inputs


def shifted(images: np.ndarray, flip: bool, rng: np.random.Generator) -> np.ndarray:
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
    pixels = padded[np.arange(count)[:, None, None], :, rows[:, :, None], columns[:, None, :]]
    return pixels.transpose(0, 3, 1, 2)

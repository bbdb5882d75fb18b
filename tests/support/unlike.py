"""Data on which nothing scores alike: labels are noisy, and each split has them wrong in its own way."""

from __future__ import annotations

import numpy as np

from anenas.data import Dataset, Split
from anenas.inputs import IMAGES

WRONG = {"train": 0.1, "validation": 0.25, "test": 0.6}
"""The share of labels that are the next class: what learns the shades is right of about the rest."""


def unlike_splits(train: int = 240, held_out: int = 60, tests: int = 45, seed: int = 0) -> Dataset:
    """Grey images of 16×16 in three shades with noise on them.

    Args:
        train: How many to train on.
        held_out: How many to validate on.
        tests: How many to test on.
        seed: Of the images and of what is wrong.
    """
    counts = {"train": train, "validation": held_out, "test": tests}
    splits = {name: _split(count, WRONG[name], (seed, i)) for i, (name, count) in enumerate(counts.items())}
    return Dataset("unlike", ("dark", "grey", "light"), **splits, kind=IMAGES)


def _split(count: int, wrong: float, seed: tuple[int, int]) -> Split:
    rng = np.random.default_rng(seed)
    shades = rng.permutation(np.arange(count) % 3)
    images = (rng.integers(0, 60, (count, 1, 16, 16)) + 90 * shades[:, None, None, None]).astype(np.uint8)
    moved = rng.permutation(count) < round(wrong * count)
    return Split(images, (shades + moved) % 3)

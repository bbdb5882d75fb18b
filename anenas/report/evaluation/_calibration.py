"""Whether a classifier is right as often as its probabilities say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 15


@dataclass(frozen=True)
class Bin:
    """The inputs whose largest probability is in one range.

    Attributes:
        low: Lower end of the range, which is in it.
        high: Upper end, which is not, save 1.
        count: How many inputs.
        confidence: The mean of their largest probabilities.
        accuracy: The fraction of them that was classified correctly.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def calibration(confidence: NDArray[np.float32], is_right: NDArray[np.bool_]) -> tuple[Bin, ...]:
    """The ranges that hold inputs, of 15 equally wide ones from 0 to 1.

    Args:
        confidence: (N,): the largest probability for each input.
        is_right: (N,): whether it was classified correctly.
    """
    places = np.clip((confidence * BINS).astype(int), 0, BINS - 1)
    counts = np.bincount(places, minlength=BINS)
    sums, right = np.bincount(places, confidence, BINS), np.bincount(places, is_right, BINS)
    return tuple(
        Bin(i / BINS, (i + 1) / BINS, int(count), float(sums[i] / count), float(right[i] / count))
        for i, count in enumerate(counts)
        if count
    )


def calibration_error(bins: Sequence[Bin]) -> float:
    """The expected calibration error, Σ nᵦ/N · |accuracyᵦ − confidenceᵦ| (Guo et al. 2017, arXiv:1706.04599)."""
    total = sum(one.count for one in bins)
    return sum(one.count * abs(one.accuracy - one.confidence) for one in bins) / total

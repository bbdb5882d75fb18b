"""The mean average precision and its interval, in one sorting of the inputs for each class."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas.report.evaluation._figure import Figure
from anenas.report.evaluation._intervals import normal, resamples

_MOST, _LEAST = 100, 30  # resamples: the standard error is then known to a fourteenth, or an eighth, 1 / √(2 · 29)
_QUICKLY = 50_000_000  # inputs, classes and resamples that take about three seconds


def mean_average_precision(scores: NDArray[np.float32], belongs: NDArray[np.bool_]) -> Figure:
    """The mean over the classes that have inputs, with the interval that a bootstrapped standard error gives.

    Args:
        scores: (N, K): the probability of each class.
        belongs: (N, K): whether an input belongs to it.
    """
    (value,) = _mean(scores, belongs, np.ones((1, len(scores)), np.float32))
    number = min(max(_QUICKLY // scores.size, _LEAST), _MOST)
    drawn = [_mean(scores, belongs, times) for times in resamples(len(scores), number)]
    error = float(np.std(np.concatenate(drawn), ddof=1))
    return Figure(float(value), *normal(float(value), error, is_fraction=True))


def _mean(
    scores: NDArray[np.float32], belongs: NDArray[np.bool_], times: NDArray[np.float32]
) -> NDArray[np.floating[Any]]:
    """(resamples,), where each input counts as often as `times`, (resamples, N), says."""
    total, classes = np.zeros(len(times)), np.zeros(len(times))
    for score, does in zip(scores.T, belongs.T, strict=True):
        if does.any():
            found, there = _of_class(score, does, times)
            total += found
            classes += there
    return total / np.maximum(classes, 1)


def _of_class(
    score: NDArray[np.float32], does: NDArray[np.bool_], times: NDArray[np.float32]
) -> tuple[NDArray[np.floating[Any]], NDArray[np.bool_]]:
    """The average precision in each resample, Σ of precision where recall rises; and whether any input belongs."""
    order = np.argsort(-score, kind="stable")
    drawn = times[:, order]
    right = np.where(does[order], drawn, 0)
    ranked = score[order]
    last = np.searchsorted(-ranked, -ranked, side="right") - 1  # of those with the same score
    said, correct = drawn.cumsum(1)[:, last], right.cumsum(1)
    positives = correct[:, -1]
    area = (right * correct[:, last] / np.maximum(said, 1)).sum(1)
    return area / np.maximum(positives, 1), positives > 0

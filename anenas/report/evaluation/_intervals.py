"""How far figures would vary with other inputs of the same kind: 95 % intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
_RESAMPLES = 1000
_SEED = 0
_AT_ONCE = 50  # resamples
_DEVIATIONS = 1.96

Interval = tuple[float, float]


def wilson(right: int, count: int) -> Interval:
    """Of a share, `right` of `count`: Wilson's interval (1927), which holds for few inputs and near 0 and 1 as well."""
    from scipy.stats import binomtest

    found = binomtest(right, count).proportion_ci(CONFIDENCE, "wilson")
    return float(found.low), float(found.high)


def normal(value: float, error: float, *, is_fraction: bool) -> Interval:
    """Of a figure whose standard error is known, as if it varied by a normal distribution."""
    low, high = value - _DEVIATIONS * error, value + _DEVIATIONS * error
    return (max(low, 0.0), min(high, 1.0)) if is_fraction else (low, high)


def bootstrap(measure: Callable[[NDArray[np.float32]], NDArray[Any]], count: int) -> list[Interval]:
    """Of several figures: bias-corrected percentiles of 1,000 resamples (Efron 1981).

    Args:
        measure: From how often each input is drawn, (resamples, N), to the figures, (resamples, F).
        count: Number of inputs, N.
    """
    drawn = np.concatenate([measure(times) for times in resamples(count, _RESAMPLES)])
    found = measure(np.ones((1, count), np.float32))[0]
    return [_corrected(value, column) for value, column in zip(found.tolist(), drawn.T, strict=True)]


def resamples(count: int, number: int) -> Iterator[NDArray[np.float32]]:
    """How often each input is drawn in each of so many resamples, (some, N) at a time; always the same."""
    random = np.random.default_rng(_SEED)
    for start in range(0, number, _AT_ONCE):
        draws = (random.integers(count, size=count) for _ in range(min(_AT_ONCE, number - start)))
        yield np.stack([np.bincount(draw, minlength=count) for draw in draws]).astype(np.float32)


def bootstrap_averages(confusion: NDArray[np.int64]) -> tuple[Interval, Interval]:
    """Of the balanced accuracy and of the macro F1: bias-corrected percentiles of 1,000 resamples (Efron 1981).

    To draw inputs with replacement is to draw the cells of the confusion matrix from a multinomial distribution.
    Without the correction intervals of an F1 of classes with few inputs lie too low. Where nothing is wrong nothing
    varies, and both ends are 1.

    Args:
        confusion: (K, K) counts, a row for each class, a column for each prediction.
    """
    rows, columns = np.nonzero(confusion)
    counts = confusion[rows, columns]
    number, classes, is_right = int(counts.sum()), len(confusion), rows == columns
    random = np.random.default_rng(_SEED)
    drawn = np.empty((_RESAMPLES, 2))
    for i in range(_RESAMPLES):
        cells = random.multinomial(number, counts / number)
        right, truth, predicted = (
            np.bincount(places, cells[chosen], classes)
            for places, chosen in ((rows[is_right], is_right), (rows, slice(None)), (columns, slice(None)))
        )
        drawn[i] = averages(right, truth, predicted)
    found = averages(np.diag(confusion), confusion.sum(1), confusion.sum(0))
    return _corrected(found[0], drawn[:, 0]), _corrected(found[1], drawn[:, 1])


def _corrected(found: float, drawn: NDArray[np.float64]) -> Interval:
    """The percentiles of resamples that are as far from where the figure itself is among them."""
    from scipy.stats import norm

    below = np.mean(drawn < found) + np.mean(drawn == found) / 2
    middle = norm.ppf(np.clip(below, 1 / len(drawn), 1 - 1 / len(drawn)))
    tails = norm.cdf(2 * middle + norm.ppf([(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]))
    low, high = np.quantile(drawn, tails)
    return float(low), float(high)


def averages(right: NDArray[Any], truth: NDArray[Any], predicted: NDArray[Any]) -> tuple[float, float]:
    """Balanced accuracy and macro F1: the mean recall and the mean F1 of the classes that have inputs.

    Args:
        right: (K,): how many inputs of each class were classified correctly.
        truth: (K,): how many there are.
        predicted: (K,): how many were taken for it.
    """
    there = truth > 0
    right, truth, predicted = right[there], truth[there], predicted[there]
    return float(np.mean(right / truth)), float(np.mean(2 * right / (truth + predicted)))

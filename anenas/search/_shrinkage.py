"""Accuracies with the noise of a small held-out set taken out: what candidates are ranked by while they are trained.

An accuracy that was measured on n inputs has the standard error of `binomial_error`. Where candidates differ by less,
the best of them is the luckiest. So each is drawn to what is known otherwise, the trend of accuracy with the logarithm
of the multiply-accumulates:

    shrunk = trend + w · (accuracy − trend),    w = σ² / (σ² + s²)

s² is the mean squared standard error, and σ², the variance about the trend that is not noise, is estimated by moments:
the mean squared residual of the least-squares line, less s², and no less than 0. This is the estimate of Fay & Herriot
1979 (J. Am. Stat. Assoc. 74:269) with one sampling variance for all, as they were measured on the same inputs. With one
weight for all nothing overtakes another of its size; without noise w is 1 and accuracies stay as they are; where noise
explains all that is seen w is 0 and only the trend is left.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from anenas.search._evaluation import Evaluation

_FEWEST = 4  # a line takes two: of fewer candidates nothing is known about how they lie about it


def shrunk(evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """Evaluations after the same budget, each with its accuracy drawn to their trend.

    Where the standard error of one is not known, or there are too few for a trend, they stay as they are.
    """
    errors = [e.score_error for e in evaluations]
    known = [error for error in errors if error is not None]
    if len(evaluations) < _FEWEST or len(known) < len(errors):
        return list(evaluations)
    accuracies = np.array([e.score for e in evaluations])
    sizes = np.log1p([e.estimate.macs for e in evaluations])
    sizes -= sizes.mean()
    spread = float(sizes @ sizes)
    trend = accuracies.mean() + (sizes * (sizes @ accuracies) / spread if spread > 0 else 0.0)
    residuals = accuracies - trend
    noise = float(np.mean(np.square(known)))
    real = max(0.0, float(residuals @ residuals) / (len(residuals) - 1 - (spread > 0)) - noise)
    if noise == 0:
        return list(evaluations)
    values = trend + real / (real + noise) * residuals
    return [dataclasses.replace(e, score=float(v)) for e, v in zip(evaluations, values, strict=True)]

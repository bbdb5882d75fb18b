"""The calibrated model fitted to a device, from latencies that were measured on it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from anenas._errors import AnenasError
from anenas.latency._base import Latency
from anenas.latency._own_device import OwnDevice

FEWEST = 5
"""Models that a fit needs."""

# Standard deviations of the logarithms: measurement noise, and how far a device may be from its chip's model.
_NOISE, _SPREAD = 0.08, 0.7


@dataclass(frozen=True)
class Fit:
    """What a fit found.

    Attributes:
        device: The adapted model.
        left_out_ms: What it predicts for each measurement when fitted to those of the other models.
    """

    device: OwnDevice
    left_out_ms: tuple[float, ...]


def fit_device(
    name: str, estimates: Sequence[Latency], measured_ms: Sequence[float], models: Sequence[Hashable]
) -> Fit:
    """Fit two numbers, for the fixed cost and for the rest.

    Fewer than nine models give no 90 % quantile of errors; the interval is then no narrower than the published one.

    Args:
        name: Of the device.
        estimates: Of the calibrated model, not adapted to any device, for what was measured; all on one chip.
        measured_ms: What was measured, one an estimate.
        models: What each is of: measurements of one model are left out together.

    Raises:
        AnenasError: If there are fewer than `FEWEST` models.
    """
    count = len(set(models))
    if count < FEWEST:
        raise AnenasError(f"{count} measured models on {name}; at least {FEWEST} are needed")
    truth = np.array(measured_ms)
    fixed_ms = estimates[0].fixed_ms
    work_ms = np.array([one.ms - one.fixed_ms for one in estimates])
    left_out = np.empty(len(truth))
    for model in set(models):
        held = np.array([one == model for one in models])
        fixed, scale = _fit(fixed_ms, work_ms[~held], truth[~held])
        left_out[held] = fixed * fixed_ms + scale * work_ms[held]
    published = float(np.median([one.high_ms / one.ms for one in estimates]))
    interval = _interval(np.abs(np.log(left_out / truth)), published)
    fixed, scale = _fit(fixed_ms, work_ms, truth)
    chip, model_version = estimates[0].chip, estimates[0].origin
    device = OwnDevice(name, chip, model_version, round(scale, 4), round(fixed, 4), round(interval, 4), count)
    return Fit(device, tuple(left_out.tolist()))


def _fit(fixed_ms: float, work_ms: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """The most probable factors of the fixed cost and of the rest, if errors and factors are log-normal."""
    from scipy.optimize import least_squares

    def residuals(x: np.ndarray) -> np.ndarray:
        predicted = np.exp(x[0]) * fixed_ms + np.exp(x[1]) * work_ms
        off = np.log(predicted / truth) / _NOISE
        robust = np.sign(off) * np.sqrt(2 * (np.sqrt(1 + off**2) - 1))  # soft L1: one outlier among five is no disaster
        return np.concatenate([robust, x / _SPREAD])

    # Between two and three orders of magnitude to either side.
    x = least_squares(residuals, np.zeros(2), bounds=(-6, 6)).x
    return float(np.exp(x[0])), float(np.exp(x[1]))


def _interval(errors: np.ndarray, published: float) -> float:
    """The conformal factor; if errors are too few for one, the larger of the largest error and the published factor."""
    rank = int(np.ceil(0.9 * (len(errors) + 1)))
    if rank > len(errors):
        return max(float(np.exp(errors.max())), published)
    return float(np.exp(np.sort(errors)[rank - 1]))

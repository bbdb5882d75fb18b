"""The latency model adapted to a user's own device, from a few models measured on it."""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from anenas._errors import AnenasError
from anenas.ane import Chip, fixed_us, program_cost
from anenas.bench import beyond_belief, read_published, score
from anenas.latency import CalibratedLatency, Latency, OwnDevice, check_device_name

_log = logging.getLogger(__name__)

_FEWEST = 5
# Standard deviations of the logarithms: measurement noise, and how far a device may be from its chip's model.
_NOISE, _SPREAD = 0.08, 0.7


@dataclass(frozen=True)
class Calibrated:
    """What a calibration found.

    Attributes:
        device: The adapted model.
        before: Scores of the model as it was, on the measured models (see `score`).
        after: Scores of the adapted model, by leave-one-out cross-validation.
        skipped: Rows that do not count, by reason.
    """

    device: OwnDevice
    before: dict[str, Any]
    after: dict[str, Any]
    skipped: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self.device), "before": self.before, "after": self.after, "skipped": self.skipped}


def calibrate(table: Path, chip: Chip, name: str) -> Calibrated:
    """Fit two numbers, for the fixed cost and for the rest, and score the model with them.

    Rows of other chips do not count, nor latencies beyond any plausible range, which are asked about. Fewer than nine
    models give no 90 % quantile of errors; the interval is then no narrower than the published one.

    Args:
        table: As `anenas.bench.read_published` takes it.
        chip: The chip of the device.
        name: What to call it.

    Raises:
        AnenasError: If the name is not allowed, or the table cannot be read, holds fewer than five models or latencies
            that cannot be milliseconds.
    """
    check_device_name(name)
    source = CalibratedLatency()
    rows, skipped = read_published(table)
    others = [row for row in rows if row.chip.name != chip.name]
    if others:
        skipped = {**skipped, "another chip": len(others)}
    rows = [row for row in rows if row.chip.name == chip.name]
    odd, question = beyond_belief(rows, [source.latency(row.graph, chip).ms for row in rows])
    if question and 2 * len(odd) >= len(rows):
        raise AnenasError(f"'{table}', {question}")
    if question:
        _log.warning(f"'{table}', {question}; not fitted")
        skipped = {**skipped, "beyond any plausible latency": len(odd)}
        rows = [row for i, row in enumerate(rows) if i not in odd]
    models = len({id(row.graph) for row in rows})
    if models < _FEWEST:
        reasons = ", ".join(f"{count} {reason}" for reason, count in skipped.items())
        raise AnenasError(
            f"{table}: {models} measured models of {chip.name}, at least {_FEWEST} are needed"
            + (f"; skipped: {reasons}" if reasons else "")
        )
    fixed_ms = fixed_us(chip) / 1000
    work_ms = np.array([program_cost(row.graph, chip).us / 1000 for row in rows])
    truth = np.array([row.ms for row in rows])
    model_of = np.array([id(row.graph) for row in rows])
    left_out = np.empty(len(rows))
    for one in set(model_of):
        held = model_of == one
        fixed, scale = _fit(fixed_ms, work_ms[~held], truth[~held])
        left_out[held] = fixed * fixed_ms + scale * work_ms[held]
    before = [source.latency(row.graph, chip) for row in rows]
    published = float(np.median([latency.high_ms / latency.ms for latency in before]))
    interval = _interval(np.abs(np.log(left_out / truth)), published)
    fixed, scale = _fit(fixed_ms, work_ms, truth)
    device = OwnDevice(name, chip.full_name, source.model, round(scale, 4), round(fixed, 4), round(interval, 4), models)
    after = [Latency(ms, ms / interval, ms * interval, chip.name, "left out") for ms in left_out.tolist()]
    return Calibrated(device, score(rows, before), score(rows, after), skipped)


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

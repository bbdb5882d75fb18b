"""The latency model adapted to a user's own device, from a few models measured on it."""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anenas._errors import AnenasError
from anenas.ane import Chip
from anenas.bench import beyond_belief, read_published, score
from anenas.latency import FEWEST, CalibratedLatency, Latency, OwnDevice, check_device_name, fit_device

_log = logging.getLogger(__name__)


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

    Rows of other chips do not count, nor latencies beyond any plausible range, which are asked about.

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
    models = [id(row.graph) for row in rows]
    if len(set(models)) < FEWEST:
        reasons = ", ".join(f"{count} {reason}" for reason, count in skipped.items())
        raise AnenasError(
            f"{table}: {len(set(models))} measured models on {chip.name}; at least {FEWEST} are needed"
            + (f"; skipped: {reasons}" if reasons else "")
        )
    before = [source.latency(row.graph, chip) for row in rows]
    fit = fit_device(name, before, [row.ms for row in rows], models)
    interval = fit.device.interval
    after = [Latency(ms, ms / interval, ms * interval, chip.name, "left out") for ms in fit.left_out_ms]
    return Calibrated(fit.device, score(rows, before), score(rows, after), skipped)

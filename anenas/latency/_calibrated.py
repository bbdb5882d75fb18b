"""The calibrated cost model as a latency source."""

from __future__ import annotations

from pathlib import Path

from anenas._errors import AnenasError
from anenas.ane import Chip, ProgramCost, calibration, fixed_us, program_cost
from anenas.graph import Graph
from anenas.latency._base import Latency, origin
from anenas.latency._own_device import OwnDevice

_STRUCTURE = 5  # of the model: incremented when the same constants give another latency
_VERSION = f"{_STRUCTURE}.{calibration().digest}"

VERSION = origin("calibrated", _VERSION)
"""Structure and constants of the model; estimates are comparable only if it is the same."""


class CalibratedLatency:
    """The sum of a fixed cost, the longest of compute, weights, activations and memory traffic for each operation, and
    changes of unit.

    The interval is the estimate divided and multiplied by a factor that covers 90 % of the chip's published latencies
    in cross-validation, leaving out each source in turn; for chips with few published networks or none, each chip. It
    is narrower for a network whose time rests on weights and on the activations of convolutions, as most published
    ones' does.

    Args:
        device: The user's own device, which the model is adapted to.

    Attributes:
        model: Structure and constants of the model, which an own device must have been calibrated for.
        version: Of the model; with a device, of its calibration too.
        scale: Factor on the model's operations and changes of unit.

    Raises:
        AnenasError: If the device was calibrated for another version of the model.
    """

    name, model = "calibrated", VERSION

    def __init__(self, device: OwnDevice | None = None) -> None:
        if device and device.model != VERSION:
            raise AnenasError(
                f"'{device.name}' was calibrated for {device.model}, but this is {VERSION}; calibrate it again"
            )
        self._device = device
        self.version = f"{_VERSION} for {device.name} ({device.scale} {device.fixed})" if device else _VERSION
        self.scale = device.scale if device else 1.0

    def latency(self, graph: Graph, chip: Chip, package: Path | None = None) -> Latency:
        """The estimate with its interval; `package` is ignored."""
        return self.from_cost(program_cost(graph, chip), chip)

    def from_cost(self, cost: ProgramCost, chip: Chip) -> Latency:
        """The estimate for a program with that cost on that chip."""
        device = self._device
        fixed_ms = fixed_us(chip) * (device.fixed if device else 1.0) / 1000
        ms = fixed_ms + cost.us * self.scale / 1000
        factor = device.interval if device else calibration().interval_factor(chip, cost.unsure_us / 1000 / ms)
        own = device.name if device else None
        apart = calibration().apart
        return Latency(ms, ms / factor, ms * factor, chip.full_name, self.name, self.version, own, apart, fixed_ms)

"""The calibrated cost model as a latency source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from anenas._errors import AnenasError
from anenas.ane import Chip, ProgramCost, calibration, fixed_us, program_cost
from anenas.graph import Graph
from anenas.latency._base import Latency
from anenas.latency._own_device import OwnDevice, chip_or_own_device

_STRUCTURE = 3  # of the model: raised where the same constants come to another latency

VERSION = f"calibrated-{_STRUCTURE}.{calibration().digest}"
"""What must be the same for two estimates to be compared: the model's structure and its constants."""


class CalibratedLatency:
    """A fixed cost, for each operation the largest of compute, weights, activations and what spills to memory, and
    changes of unit.

    The interval is the estimate divided and multiplied by a factor within which nine in ten of the chip's published
    latencies lay that were left out of the fit, each source in turn; for chips with few published networks, or none,
    each chip in turn.

    Args:
        device: The user's own, which the model is adapted to.

    Raises:
        AnenasError: If it was calibrated for another version of the model.
    """

    def __init__(self, device: OwnDevice | None = None) -> None:
        if device and device.model != VERSION:
            raise AnenasError(
                f"'{device.name}' was calibrated for {device.model}, this is {VERSION}; run `anenas calibrate` again"
            )
        self._device = device
        self.name = f"{VERSION} for {device.name}" if device else VERSION

    @property
    def version(self) -> str:
        """The name, and for a device what its calibration says: what two latencies must share to be compared."""
        return f"{self.name} ({self._device.scale} {self._device.fixed})" if self._device else self.name

    @property
    def scale(self) -> float:
        """What the model's operations and changes of unit are multiplied by."""
        return self._device.scale if self._device else 1.0

    def latency(self, graph: Graph, chip: Chip, package: Path | None = None) -> Latency:
        """The estimate with its interval; `package` is not looked at."""
        return self.of(program_cost(graph, chip), chip)

    def of(self, cost: ProgramCost, chip: Chip) -> Latency:
        """The latency of what costs that much on that chip."""
        device = self._device
        ms = (fixed_us(chip) * (device.fixed if device else 1.0) + cost.us * self.scale) / 1000
        factor = device.interval if device else calibration().interval_factor(chip)
        return Latency(ms, ms / factor, ms * factor, self.name, chip.name)


@dataclass(frozen=True)
class Target:
    """A chip, or a device of the user's own, with what says how long a program takes there.

    Attributes:
        name: As a user calls it.
        chip: What it computes on.
        source: The latency model, adapted to the device where it is one.
    """

    name: str
    chip: Chip
    source: CalibratedLatency

    @classmethod
    def named(cls, name: str) -> Self:
        """The chip or own device of that name.

        Raises:
            AnenasError: If there is neither.
        """
        chip, device = chip_or_own_device(name)
        return cls(device.name if device else chip.name, chip, CalibratedLatency(device))

    def latency(self, graph: Graph, package: Path | None = None) -> Latency:
        """The latency of one prediction of a program."""
        return self.source.latency(graph, self.chip, package)

"""The chip or device that a program is to run on, with its latency source."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from anenas.ane import Chip, ProgramCost
from anenas.graph import Graph
from anenas.latency._base import CostLatencySource, Latency, LatencySource, origin
from anenas.latency._calibrated import CalibratedLatency
from anenas.latency._own_device import chip_or_own_device


@dataclass(frozen=True)
class Target:
    """A chip, or a user's own device, with its latency source.

    Attributes:
        name: Of the chip or the device.
        chip: The chip, or the device's.
        source: Where its latencies come from.
    """

    name: str
    chip: Chip
    source: LatencySource

    @classmethod
    def named(cls, name: str, source: LatencySource | None = None) -> Self:
        """The chip or own device of that name.

        Args:
            name: Of either; a chip's with its system behind an @ unless that is the newest.
            source: Where latencies come from. The calibrated model, the default, is adapted to an own device; any other
                source is used with the device's chip.

        Raises:
            AnenasError: If there is neither.
        """
        chip, device = chip_or_own_device(name)
        if source is None or (device and isinstance(source, CalibratedLatency)):
            source = CalibratedLatency(device)
        return cls(device.name if device else chip.full_name, chip, source)

    @property
    def origin(self) -> str:
        """The source's name and version; latencies are comparable only if it is the same."""
        return origin(self.source.name, self.source.version)

    def latency(self, graph: Graph, package: Path | None = None) -> Latency:
        """The latency of one prediction of a program.

        Raises:
            AnenasError: If the source does not know it.
        """
        return self.source.latency(graph, self.chip, package)

    def estimate(self, cost: ProgramCost, graph: Callable[[], Graph]) -> Latency:
        """The latency of a program that is not exported: from its cost if the source needs no more, else its graph.

        Args:
            cost: On the target's chip.
            graph: Returns the program; only called if needed.

        Raises:
            AnenasError: If the source does not know it.
        """
        from_cost = self._from_cost
        return from_cost(cost, self.chip) if from_cost else self.latency(graph())

    @functools.cached_property
    def _from_cost(self) -> Callable[[ProgramCost, Chip], Latency] | None:
        return self.source.from_cost if isinstance(self.source, CostLatencySource) else None

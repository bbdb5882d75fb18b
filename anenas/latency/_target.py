"""What a program is to run on, with what says how long it takes there."""

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
    """A chip, or a device of the user's own, with what says how long a program takes there.

    Attributes:
        name: As a user calls it.
        chip: What it computes on.
        source: Where its latencies come from.
    """

    name: str
    chip: Chip
    source: LatencySource

    @classmethod
    def named(cls, name: str, source: LatencySource | None = None) -> Self:
        """The chip or own device of that name.

        Args:
            name: Of either.
            source: Where latencies come from. The calibrated model, which it is by default, is adapted to an own
                device; any other source is asked for the device's chip.

        Raises:
            AnenasError: If there is neither.
        """
        chip, device = chip_or_own_device(name)
        if source is None or (device and isinstance(source, CalibratedLatency)):
            source = CalibratedLatency(device)
        return cls(device.name if device else chip.name, chip, source)

    @property
    def origin(self) -> str:
        """What latencies must share to be compared: the source's name and version."""
        return origin(self.source.name, self.source.version)

    def latency(self, graph: Graph, package: Path | None = None) -> Latency:
        """The latency of one prediction of a program.

        Raises:
            AnenasError: If the source cannot tell.
        """
        return self.source.latency(graph, self.chip, package)

    def estimate(self, cost: ProgramCost, graph: Callable[[], Graph]) -> Latency:
        """The latency of what is not exported: of its cost where the source needs no more, else of its graph.

        Args:
            cost: On the target's chip.
            graph: Gives the program; only called where it is needed.

        Raises:
            AnenasError: If the source cannot tell.
        """
        from_cost = self._from_cost
        return from_cost(cost, self.chip) if from_cost else self.latency(graph())

    @functools.cached_property
    def _from_cost(self) -> Callable[[ProgramCost, Chip], Latency] | None:
        return self.source.from_cost if isinstance(self.source, CostLatencySource) else None

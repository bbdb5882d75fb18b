"""The calibrated cost model as a latency source."""

from __future__ import annotations

from pathlib import Path

from anenas.ane import Chip, ProgramCost, calibration, fixed_us, program_cost
from anenas.graph import Graph
from anenas.latency._base import Latency


class CalibratedLatency:
    """A fixed cost, for each operation the largest of compute, weight streaming and activation traffic, and changes of
    unit.

    The interval is the estimate divided and multiplied by a factor within which nine in ten published latencies lay
    that were left out of the fit, each source in turn; for chips without a published network on a current system,
    each chip in turn.
    """

    name = "calibrated-1"

    def latency(self, graph: Graph, chip: Chip, package: Path | None = None) -> Latency:
        """The estimate with its interval; `package` is not looked at."""
        return self.of(program_cost(graph, chip), chip)

    def of(self, cost: ProgramCost, chip: Chip) -> Latency:
        """The latency of what costs that much on that chip."""
        ms = (fixed_us(chip) + cost.us) / 1000
        factor = calibration().interval_factor(chip)
        return Latency(ms, ms / factor, ms * factor, self.name, chip.name)

"""The calibrated cost model as a latency source."""

from __future__ import annotations

from anenas.ane import Chip, ProgramCost, calibration, fixed_us, program_cost
from anenas.graph import Graph
from anenas.latency._base import Latency


class CalibratedLatency:
    """A fixed cost, for each operation the largest of compute, weights, activations and what spills to memory, and
    changes of unit.

    The interval is the estimate divided and multiplied by a factor within which nine in ten of the chip's published
    latencies lay that were left out of the fit, each source in turn; for chips with few published networks, or none,
    each chip in turn.
    """

    name = "calibrated-2"

    def latency(self, graph: Graph, chip: Chip) -> Latency:
        return self.of(program_cost(graph, chip), chip)

    def of(self, cost: ProgramCost, chip: Chip) -> Latency:
        """The latency of what costs that much on that chip."""
        ms = (fixed_us(chip) + cost.us) / 1000
        factor = calibration().interval_factor(chip)
        return Latency(ms, ms / factor, ms * factor, self.name, chip.name)

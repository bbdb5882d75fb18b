"""The calibrated cost model as a latency source."""

from __future__ import annotations

from anenas.ane import Chip, calibration, fixed_us, op_costs
from anenas.graph import Graph
from anenas.latency._base import Latency


class CalibratedLatency:
    """A fixed cost, and for each operation the largest of compute, weights, activations and what spills to memory.

    The interval is the estimate divided and multiplied by a factor within which nine in ten of the chip's published
    latencies lay that were left out of the fit, each source in turn; for chips with few published networks, or none,
    each chip in turn.
    """

    name = "calibrated-2"

    def latency(self, graph: Graph, chip: Chip) -> Latency:
        ms = (fixed_us(chip) + sum(cost.us for cost in op_costs(graph, chip))) / 1000
        factor = calibration().interval_factor(chip)
        return Latency(ms, ms / factor, ms * factor, self.name, chip.name)

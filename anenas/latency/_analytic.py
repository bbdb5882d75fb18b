"""The analytic estimate as a latency source."""

from __future__ import annotations

from anenas.ane import Chip, op_costs
from anenas.graph import Graph
from anenas.latency._base import Latency

# Chips of which whole networks' latencies have been published for iOS 16 or later.
_PUBLISHED = frozenset({"A14", "A15", "A16", "A17 Pro"})


class AnalyticLatency:
    """A fixed cost, and for each operation the largest of compute, weight streaming and activation traffic.

    The interval is the estimate divided and multiplied by `factor`, within which nine in ten latencies published for
    these chips lie (`experiments/latency_error.py` prints the share). Other chips get `factor` squared: it is a guess.
    """

    name = "analytic-1"
    factor = 1.75

    def latency(self, graph: Graph, chip: Chip) -> Latency:
        ms = (chip.fixed_us + sum(cost.us for cost in op_costs(graph, chip))) / 1000
        factor = self.factor if chip.name in _PUBLISHED else self.factor**2
        return Latency(ms, ms / factor, ms * factor, self.name, chip.name)

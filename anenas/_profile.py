"""What a model's estimated latency is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from anenas.ane import Chip, OpCost, op_costs
from anenas.graph import Graph
from anenas.latency import CalibratedLatency, Latency


@dataclass(frozen=True)
class Profile:
    """A model's latency on a chip, and where it comes from.

    Attributes:
        model: What the user calls it.
        graph: Its program.
        latency: Of one prediction.
        costs: Of each operation, in the program's order; the fixed cost of a prediction comes on top.
    """

    model: str
    graph: Graph
    latency: Latency
    costs: list[OpCost]

    @property
    def fixed_us(self) -> float:
        """What a prediction takes before any operation, microseconds."""
        return self.latency.ms * 1000 - sum(cost.us for cost in self.costs)

    def to_dict(self) -> dict[str, Any]:
        """For scripts: every operation with its microseconds and what bounds it."""
        return {
            "model": self.model,
            "chip": self.latency.chip,
            "source": self.latency.source,
            "latency_ms": self.latency.ms,
            "low_ms": self.latency.low_ms,
            "high_ms": self.latency.high_ms,
            "fixed_us": self.fixed_us,
            "macs": self.graph.macs,
            "weight_mb": self.graph.weight_bytes / 1e6,
            "ops": [
                {
                    "name": cost.op.name,
                    "kind": cost.op.kind,
                    "output": list(cost.op.outputs[0].shape),
                    "macs": cost.op.macs,
                    "weight_bytes": cost.op.weight_bytes,
                    "us": cost.us,
                    "bound": cost.bound,
                }
                for cost in self.costs
            ],
        }


def profile(model: str, graph: Graph, chip: Chip) -> Profile:
    """Estimate a program on a chip."""
    return Profile(model, graph, CalibratedLatency().latency(graph, chip), op_costs(graph, chip))

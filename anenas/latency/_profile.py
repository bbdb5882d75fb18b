"""What a model's estimated latency is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from anenas.ane import Chip, Placement, ProgramCost, placement, program_cost
from anenas.graph import Graph
from anenas.latency._base import Latency
from anenas.latency._calibrated import CalibratedLatency
from anenas.latency._own_device import OwnDevice


@dataclass(frozen=True)
class Profile:
    """A model's latency on a chip, and where it comes from.

    Attributes:
        model: What the user calls it.
        graph: Its program.
        chip: The chip.
        latency: Of one prediction.
        cost: Of the whole program.
        placed: Each operation in the program's order, where it runs and for how long.
        switching_us: What changes of unit take, microseconds.
    """

    model: str
    graph: Graph
    chip: Chip
    latency: Latency
    cost: ProgramCost
    placed: list[Placement]
    switching_us: float

    @property
    def fixed_us(self) -> float:
        """What a prediction takes beside its operations and changes of unit, microseconds."""
        return self.latency.ms * 1000 - sum(one.us for one in self.placed) - self.switching_us

    def to_dict(self) -> dict[str, Any]:
        """For scripts: every operation with its microseconds and what bounds it."""
        return {
            "model": self.model,
            "chip": self.chip.name,
            "source": self.latency.source,
            "latency_ms": self.latency.ms,
            "low_ms": self.latency.low_ms,
            "high_ms": self.latency.high_ms,
            "fixed_us": self.fixed_us,
            "switching_us": self.switching_us,
            "macs": self.graph.macs,
            "weight_mb": self.graph.weight_bytes / 1e6,
            "residency": self.cost.residency,
            "mac_residency": self.cost.mac_residency,
            "segments": self.cost.segments,
            "ops": [
                {
                    "name": one.op.name,
                    "kind": one.op.kind,
                    "output": list(one.op.outputs[0].shape),
                    "macs": one.op.macs,
                    "weight_bytes": one.op.weight_bytes,
                    "us": one.us,
                    "bound": one.bound,
                    "unit": "engine" if one.on_engine else "cpu",
                    "why": one.why,
                }
                for one in self.placed
            ],
        }


def profile(model: str, graph: Graph, chip: Chip, device: OwnDevice | None = None) -> Profile:
    """Estimate a program on a chip, or on a user's own device that has it."""
    cost, source = program_cost(graph, chip), CalibratedLatency(device)
    placed = [replace(one, us=one.us * source.scale) for one in placement(graph, chip)]
    switching_us = cost.switching_us * source.scale
    return Profile(model, graph, chip, source.of(cost, chip), cost, placed, switching_us)

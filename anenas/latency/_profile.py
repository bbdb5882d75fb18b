"""Where a model's estimated latency goes, operation by operation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from anenas.ane import Chip, Placement, ProgramCost, placement, program_cost
from anenas.graph import Graph
from anenas.latency._base import Latency
from anenas.latency._calibrated import CalibratedLatency
from anenas.latency._table import operation_key
from anenas.latency._target import Target


@dataclass(frozen=True)
class Profile:
    """A model's latency on a chip, and its parts.

    Attributes:
        model: The user's name for it.
        graph: Its program.
        chip: The chip.
        latency: Of one prediction, by the target's source.
        calibrated: Of one prediction, by the calibrated model: the sum of the parts below. Equal to `latency` if that
            is the target's source.
        cost: Of the whole program.
        placed: Each operation in program order, where it runs and for how long.
        switching_us: Microseconds for changes of unit.
    """

    model: str
    graph: Graph
    chip: Chip
    latency: Latency
    calibrated: Latency
    cost: ProgramCost
    placed: list[Placement]
    switching_us: float

    @property
    def fixed_us(self) -> float:
        """Microseconds of a prediction apart from its operations and changes of unit."""
        return self.calibrated.ms * 1000 - sum(one.us for one in self.placed) - self.switching_us

    def to_dict(self) -> dict[str, Any]:
        """As JSON data: every operation with its microseconds and what bounds it."""
        return {
            "model": self.model,
            "chip": self.chip.full_name,
            "source": self.latency.origin,
            "latency_ms": self.latency.ms,
            "low_ms": self.latency.low_ms,
            "high_ms": self.latency.high_ms,
            "fixed_us": self.fixed_us,
            "switching_us": self.switching_us,
            "macs": self.graph.macs,
            "weight_mb": self.graph.weight_bytes / 1e6,
            "residency": self.cost.residency,
            "mac_residency": self.cost.mac_residency,
            "segments": self.cost.engine_segments,
            "ops_source": self.calibrated.origin,
            "ops": [
                {
                    "key": operation_key(one.op),
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


def profile(model: str, graph: Graph, target: Target) -> Profile:
    """Estimate a program on a chip or an own device, and where its time goes.

    Only the calibrated model gives times per operation; other sources give the total.

    Raises:
        AnenasError: If the target's source does not know the latency.
    """
    chip, cost = target.chip, program_cost(graph, target.chip)
    source = target.source if isinstance(target.source, CalibratedLatency) else CalibratedLatency()
    placed = [replace(one, us=one.us * source.scale) for one in placement(graph, chip)]
    return Profile(
        model=model,
        graph=graph,
        chip=chip,
        latency=target.estimate(cost, lambda: graph),
        calibrated=source.from_cost(cost, chip),
        cost=cost,
        placed=placed,
        switching_us=cost.switching_us * source.scale,
    )

"""Where each operation of a program runs, and if not on the engine, why."""

from __future__ import annotations

from dataclasses import dataclass

from anenas.ane._chips import Chip
from anenas.ane._cost import OpCost, op_costs
from anenas.ane._cpu import cpu_us
from anenas.ane._program_cost import ProgramCost, Segment, merged, on_engine
from anenas.ane._registry import RULES, Finding
from anenas.ane._support import host_reason
from anenas.graph import Graph, Op


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one operation runs, and for how long.

    Attributes:
        op: The operation.
        on_engine: Whether it runs on the engine, as far as is known.
        why: Why not, or empty.
        us: Microseconds that it takes there.
        bound: What it is bound by: "compute", "weights", "activations", "memory"; "cpu" off the engine, or "fused" if
            it costs nothing.
    """

    op: Op
    on_engine: bool
    why: str
    us: float
    bound: str


def placement(graph: Graph, chip: Chip) -> list[Placement]:
    """The placement of each operation of a graph, in order.

    An operation leaves the engine if a rule finds an error in it, if it runs after the engine by design, or if it lies
    between such operations and the engine would save less than another launch costs. Unknown operations count as
    running on the engine.
    """
    placed = []
    groups = _groups(graph, chip, _reasons(_errors(graph, chip)))
    for group, chosen in zip(groups, on_engine([group.segment() for group in groups]), strict=True):
        for cost, why in group.members:
            if chosen and not why:
                placed.append(Placement(cost.op, True, "", cost.us, cost.bound))
            else:
                why = why or "too little work between CPU operations to launch the engine for"
                placed.append(Placement(cost.op, False, why, cpu_us(cost.op), "cpu"))
    return placed


def program_cost(graph: Graph, chip: Chip) -> ProgramCost:
    """The cost of a graph, or of a part of a larger one, on a chip."""
    errors = _errors(graph, chip)
    return ProgramCost(
        segments=merged(group.segment() for group in _groups(graph, chip, _reasons(errors))),
        weight_bytes=graph.weight_bytes,
        params=graph.parameters,
        operations=len(graph.ops),
        convolutions=sum(op.kind == "conv" for op in graph.ops),
        operation_problems=tuple(f"{error.rule}: {error.message}" for error in errors if error.op),
    )


@dataclass
class _Group:
    """Consecutive operations that the engine can, or cannot, run, each with the reason why not."""

    able: bool
    members: list[tuple[OpCost, str]]

    def segment(self) -> Segment:
        ops = [cost.op for cost, _ in self.members]
        engine_us = sum(cost.us for cost, _ in self.members)
        sure_us = sum(cost.us for cost, _ in self.members if cost.is_sure)
        return Segment(self.able, engine_us, sum(map(cpu_us, ops)), sum(op.macs for op in ops), sure_us)


def _errors(graph: Graph, chip: Chip) -> list[Finding]:
    return [finding for rule in RULES.values() if rule.severity == "error" for finding in rule.find(graph, chip)]


def _reasons(errors: list[Finding]) -> dict[str, str]:
    """Why operations leave the engine, by name."""
    return {error.op: error.message for error in reversed(errors) if error.op}


def _groups(graph: Graph, chip: Chip, reasons: dict[str, str]) -> list[_Group]:
    groups: list[_Group] = []
    for cost in op_costs(graph, chip):
        why, able = reasons.get(cost.op.name, ""), cost.op.name not in reasons
        if after := host_reason(cost.op.kind):  # runs after the engine: no change of unit
            why, able = why or after, groups[-1].able if groups else True
        if not groups or groups[-1].able != able:
            groups.append(_Group(able, []))
        groups[-1].members.append((cost, why))
    return groups

"""Where each operation can run, and why not on the engine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from anenas.ane._chips import Chip
from anenas.ane._registry import RULES
from anenas.ane._support import op_support
from anenas.graph import Graph, Op


@dataclass(frozen=True)
class Placement:
    """Where one operation can run.

    Attributes:
        op: The operation.
        on_engine: Whether the engine can run it, as far as is known.
        why: Why not, empty where it can.
    """

    op: Op
    on_engine: bool
    why: str


def placement(graph: Graph, chip: Chip) -> list[Placement]:
    """Whether a chip's engine can run each operation of a graph, in its order.

    An operation leaves the engine where a rule finds an error at it, or where it runs after the engine by design.
    What nothing is known of counts as running there.
    """
    reasons: dict[str, str] = {}
    for rule in RULES.values():
        if rule.severity == "error":
            for name, message, _ in rule.problems(graph, chip):
                reasons.setdefault(name, message)
    known = op_support()
    placed = []
    for op in graph.ops:
        why = reasons.get(op.name, "")
        if not why and (support := known.get(op.kind)) and support.on_engine == "host":
            why = f"{op.kind} {support.condition}"
        placed.append(Placement(op, not why, why))
    return placed


def segments(placed: Iterable[Placement]) -> int:
    """How many stretches of operations run on the engine, each launched on its own."""
    count, inside = 0, False
    for one in placed:
        count += one.on_engine and not inside
        inside = one.on_engine
    return count

"""Predicted placement compared with a recorded compute plan."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from anenas._errors import AnenasError
from anenas.ane import Chip, placement
from anenas.graph import Graph, Op
from anenas.measure._recording import CoreAIOp, PlannedOp, Recording


@dataclass(frozen=True)
class Difference:
    """An operation that Core ML does not place as predicted.

    Attributes:
        op: The operation.
        on_engine: Whether it is predicted to run on the engine.
        why: Why not; empty if it is.
        preferred: Where Core ML plans to run it.
    """

    op: Op
    on_engine: bool
    why: str
    preferred: str


@dataclass(frozen=True)
class Agreement:
    """How far placement and plan agree.

    Attributes:
        ops: Fraction of the operations in the plan.
        macs: Fraction of their multiply-accumulates; 1 where there are none.
        compared: How many operations.
        differences: The operations on which they disagree.
    """

    ops: float
    macs: float
    compared: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class CoreAIUnits:
    """Where Core AI would run a recorded network, by numbers: its operations are not those of the Core ML program.

    Attributes:
        units: How many of Core AI's operations run on each unit, the most first.
        refused: Its operations that the engine gives a reason to refuse, and how many of them are alike.
        predicted: How many operations of the Core ML program are predicted to run on the engine, and how many there
            are; None where the program or the chip is unknown.
    """

    units: dict[str, int]
    refused: dict[CoreAIOp, int]
    predicted: tuple[int, int] | None


def core_ai_units(recording: Recording, graph: Graph | None, chip: Chip | None) -> CoreAIUnits | None:
    """What Core AI planned, beside `placement`; None if the recording holds no plan of Core AI."""
    plan = recording.core_ai_plan
    if not plan:
        return None
    predicted = None
    if graph and chip:
        placed = placement(graph, chip)
        predicted = sum(one.on_engine for one in placed), len(placed)
    refused = Counter(one for one in plan if one.reason and one.unit != "NeuralEngine")
    return CoreAIUnits(dict(Counter(one.unit for one in plan).most_common()), dict(refused.most_common()), predicted)


def agreement(graph: Graph, chip: Chip, recording: Recording) -> Agreement:
    """Compare `placement` with what Core ML planned.

    Operations are matched by the name of their output or, where the graph was not read from the package, by their
    order if it is the same.

    Raises:
        AnenasError: If there is no plan, the engine was not allowed, or the plan is of another program.
    """
    if not recording.plan:
        raise AnenasError(f"the recording of {recording.model} has no compute plan")
    if not recording.with_engine:
        raise AnenasError(f"{recording.model} was recorded with {recording.compute_units}, without the engine")
    planned = _match(graph, recording)
    placed = [(one, planned[one.op.name]) for one in placement(graph, chip) if one.op.name in planned]
    differences = tuple(
        Difference(one.op, one.on_engine, one.why, plan.preferred)
        for one, plan in placed
        if one.on_engine != plan.on_engine
    )
    macs = sum(one.op.macs for one, _ in placed)
    wrong = sum(difference.op.macs for difference in differences)
    return Agreement(
        ops=1 - len(differences) / len(placed),
        macs=1 - wrong / macs if macs else 1.0,
        compared=len(placed),
        differences=differences,
    )


def _match(graph: Graph, recording: Recording) -> dict[str, PlannedOp]:
    """The plan's entry of each operation by the operation's name in the graph."""
    by_name = {planned.name: planned for planned in recording.plan}
    named = {op.name: by_name[op.name] for op in graph.ops if op.name in by_name and by_name[op.name].kind == op.kind}
    if len(named) > len(graph.ops) / 2:
        return named
    for without in (("classify",), ("classify", "cast")):  # what a graph that was not read from a package may lack
        ops = [op for op in graph.ops if op.kind not in without]
        plan = [planned for planned in recording.plan if planned.kind not in without]
        if [op.kind for op in ops] == [planned.kind for planned in plan]:
            return {op.name: planned for op, planned in zip(ops, plan, strict=True)}
    raise AnenasError(f"the compute plan of {recording.model} belongs to another program")

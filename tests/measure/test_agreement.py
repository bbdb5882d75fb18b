from __future__ import annotations

import dataclasses

import pytest

from anenas._errors import AnenasError
from anenas.ane import get_chip
from anenas.graph import Graph
from anenas.measure import PlannedOp, Recording, agreement

A15 = get_chip("A15")


def moved(recording: Recording, kind: str) -> Recording:
    """The recording with operations of a kind planned on the processor."""
    plan = [dataclasses.replace(op, preferred="CPU") if op.kind == kind else op for op in recording.plan]
    return dataclasses.replace(recording, plan=tuple(plan))


def renamed(recording: Recording, graph: Graph) -> Recording:
    """The recording with the graph's own names in its plan."""
    kept = [op for op in graph.ops if op.kind != "classify"]
    plan = [dataclasses.replace(one, name=op.name) for one, op in zip(recording.plan, kept, strict=True)]
    return dataclasses.replace(recording, plan=tuple(plan))


def test_operations_are_matched_by_order_where_names_differ_and_by_name_where_not(
    recording: Recording, tiny: Graph
) -> None:
    by_order = agreement(tiny, A15, recording)
    shuffled = renamed(recording, tiny)
    by_name = agreement(tiny, A15, dataclasses.replace(shuffled, plan=shuffled.plan[::-1]))
    assert by_order == by_name
    assert by_order.compared == len(tiny.ops)
    assert by_order.macs == 1.0
    assert {difference.op.kind for difference in by_order.differences} <= {"cast", "softmax"}


def test_shares_count_operations_and_their_work(recording: Recording, tiny: Graph) -> None:
    before, after = (agreement(tiny, A15, one) for one in (recording, moved(recording, "conv")))
    convolutions = sum(op.kind == "conv" for op in tiny.ops)
    assert (before.macs, after.macs) == (1.0, 0.0)
    assert before.ops - after.ops == pytest.approx(convolutions / len(tiny.ops))
    wrong = [difference for difference in after.differences if difference.op.kind == "conv"]
    assert [(one.on_engine, one.why, one.preferred) for one in wrong] == [(True, "", "CPU")] * convolutions


def test_where_we_are_the_pessimists_our_reason_is_told(recording: Recording, tiny: Graph) -> None:
    odd = tuple(dataclasses.replace(op, kind="gru") if op.kind == "softmax" else op for op in tiny.ops)
    plan = tuple(dataclasses.replace(op, kind="gru") if op.kind == "softmax" else op for op in recording.plan)
    found = agreement(dataclasses.replace(tiny, ops=odd), A15, dataclasses.replace(recording, plan=plan))
    (difference,) = [one for one in found.differences if one.op.kind == "gru"]
    assert not difference.on_engine
    assert "gru" in difference.why
    assert difference.preferred == "NeuralEngine"


def test_a_plan_of_another_program_or_without_the_engine_is_an_error(recording: Recording, tiny: Graph) -> None:
    other = dataclasses.replace(recording, plan=(PlannedOp("x", "relu", "CPU", ("CPU",), None),))
    with pytest.raises(AnenasError, match="belongs to another program"):
        agreement(tiny, A15, other)
    with pytest.raises(AnenasError, match="has no compute plan"):
        agreement(tiny, A15, dataclasses.replace(recording, plan=()))
    with pytest.raises(AnenasError, match="CPU_ONLY, without the engine"):
        agreement(tiny, A15, dataclasses.replace(recording, compute_units="CPU_ONLY"))

from __future__ import annotations

import dataclasses
from pathlib import Path

from pretend import estimate, latency
from tiny import write_tiny

from anenas.ane import get_chip
from anenas.api._prospects import exacting_limits, latency_prospects
from anenas.data import load_data
from anenas.latency import FunctionLatency, Target
from anenas.search import Estimate
from anenas.space import Limits

BOTH = ("accuracy", "latency_ms")


def drawn(*ms: float, apart: float = 1.177) -> list[Estimate]:
    latencies = [dataclasses.replace(latency(one, apart), fixed_ms=0.325) for one in ms]
    return [dataclasses.replace(estimate(1), latency_by_chip={"A15": one}) for one in latencies]


def test_where_latencies_differ_little_it_says_what_to_do() -> None:
    told = latency_prospects(drawn(0.33, 0.41, 0.36), Target.named("A15"), BOTH)
    assert told.startswith("3 networks drawn: 0.33 to 0.41 ms on A15, of which 0.325 is what any prediction costs; ")
    assert "told apart from a ratio of 1.18 on" in told
    assert told.endswith("differ little: consider --objectives accuracy,size_mb or a larger --input")
    told = latency_prospects(drawn(0.33, 0.41, 0.36), Target.named("A15"), ("latency_ms", "mae"))
    assert told.endswith("consider --objectives mae,size_mb or a larger --input")
    told = latency_prospects(drawn(0.33, 0.41, 0.36), Target.named("A15"), (*BOTH, "size_mb"))
    assert told.endswith("there is more to win in size; latencies differ more with a larger --input")


def test_where_a_front_of_four_is_possible_nothing_is_to_do() -> None:
    assert "consider" not in latency_prospects(drawn(0.33, 0.57), Target.named("A15"), BOTH)


def test_a_source_that_tells_everything_apart_needs_no_advice() -> None:
    target = Target("A15", get_chip("A15"), FunctionLatency(lambda graph, chip: 1.0, name="mine", version="1"))
    told = latency_prospects(drawn(0.33, 0.34, apart=1.0), target, BOTH)
    assert told == "2 networks drawn: 0.33 to 0.34 ms on A15, of which 0.325 is what any prediction costs"


def test_where_no_latency_is_known_there_is_nothing_to_tell() -> None:
    assert latency_prospects(drawn(float("inf")), Target.named("A15"), BOTH) == ""


def test_limits_that_leave_no_mistake_are_told_with_the_inputs_that_they_are_about(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    dataset = load_data(tmp_path / "data.npz")
    held = len(dataset.validation)
    told = exacting_limits(Limits(accuracy=1.0), dataset)
    assert told == f"accuracy ≥ 1 asks that all of {held} validation inputs are right; few networks, if any, will do"
    assert "accuracy" in exacting_limits(Limits(accuracy=1 - 0.5 / held), dataset)
    assert exacting_limits(Limits(accuracy=1 - 1.5 / held, latency_ms=0.01), dataset) == ""
    label = dataset.classes[0]
    of_class = int((dataset.validation.labels == 0).sum())
    told = exacting_limits(Limits(metrics={f"recall@{label}": 1 - 0.5 / of_class}), dataset)
    assert f"all of {of_class} validation inputs" in told
    assert exacting_limits(Limits(metrics={"log_loss": 0.001}), dataset) == ""
    assert exacting_limits(Limits(accuracy=1.0), None) == ""

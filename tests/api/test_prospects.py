from __future__ import annotations

import dataclasses

from pretend import estimate, latency

from anenas.ane import get_chip
from anenas.api._prospects import latency_prospects
from anenas.latency import FunctionLatency, Target
from anenas.search import Estimate

BOTH = ("accuracy", "latency_ms")


def drawn(*ms: float, apart: float = 1.177) -> list[Estimate]:
    latencies = [dataclasses.replace(latency(one, apart), fixed_ms=0.325) for one in ms]
    return [dataclasses.replace(estimate(1), latency_by_chip={"A15": one}) for one in latencies]


def test_where_latencies_differ_little_it_says_what_to_do() -> None:
    told = latency_prospects(drawn(0.33, 0.41, 0.36), Target.named("A15"), BOTH)
    assert told.startswith("3 networks drawn: 0.33 to 0.41 ms on A15, of which 0.325 is what any prediction costs; ")
    assert "told apart from a ratio of 1.18 on" in told
    assert told.endswith("differ little: consider --objectives accuracy,size_mb or a larger --input")
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

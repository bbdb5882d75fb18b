from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from anenas.ane import Placement, chips, get_chip, program_cost
from anenas.cli.screen import print_chips, print_profile
from anenas.graph import Graph, Op, Tensor
from anenas.latency import Latency, Profile, Target, profile

x, y, w = Tensor("x", (1, 16, 8, 8)), Tensor("y", (1, 32, 8, 8)), Tensor("w", (32, 16, 1, 1))
CONV, RELU = Op("c", "conv", (x,), (y,), (w,), {"groups": 1}), Op("r", "relu", (y,), (y,))
GRAPH = Graph((x,), (CONV, RELU, RELU), (y,))


@pytest.fixture
def made_up() -> Profile:
    """Of 1 ms on an A15: 700 µs fixed, 200 for the convolution, 60 and 40 for what follows."""
    latency, chip = Latency(1.0, 0.8, 1.25, "A15", "calibrated", "1"), get_chip("A15")
    placed = [Placement(op, True, "", us, "compute") for op, us in zip(GRAPH.ops, (200.0, 60.0, 40.0), strict=True)]
    return Profile("mine", GRAPH, chip, latency, latency, program_cost(GRAPH, chip), placed, 0.0)


def test_the_costliest_are_named_and_the_others_summed_up(shown: Callable[..., list[str]], made_up: Profile) -> None:
    assert shown(print_profile, made_up, 1) == [
        "mine on A15, iOS 17 or later",
        "1.000 ms (0.80–1.25), estimated by calibrated-1; 700 µs of it fixed",
        "100% of the operations' time and 100% of the multiply-accumulates on the Neural Engine",
        "32,768 multiply-accumulates, 0.00 MB of weights, 3 operations",
        "µs share bound by kind output operation",
        "200.0 20.0% compute conv 1×32×8×8 c",
        "100.0 10.0% 2 others",
    ]


def test_where_all_are_named_there_are_no_others(shown: Callable[..., list[str]], made_up: Profile) -> None:
    lines = shown(print_profile, dataclasses.replace(made_up, placed=made_up.placed[::-1]), 3)
    assert [line.split()[0] for line in lines[-3:]] == ["200.0", "60.0", "40.0"]


def test_changes_of_unit_are_told(shown: Callable[..., list[str]]) -> None:
    big = Tensor("b", (1, 512, 64, 64))
    heavy = Op("c", "conv", (big,), (big,), (Tensor("w", (512, 512, 3, 3)),), {"groups": 1})
    graph = Graph((big,), (heavy, Op("s", "cumsum", (big,), (big,)), heavy), (big,))
    lines = " ".join(shown(print_profile, profile("m", graph, Target.named("A15")), 1))
    assert "on the Neural Engine, in 2 segments; changes of unit take 375 µs" in lines


def test_a_model_on_several_chips_is_a_row_each(shown: Callable[..., list[str]]) -> None:
    lines = shown(print_chips, [profile("mine", GRAPH, Target.named(name)) for name in chips()])
    assert lines[:2] == ["mine", "chip ms low high on engine segments"]
    assert [line.rsplit(maxsplit=5)[0] for line in lines[2:]] == list(chips())

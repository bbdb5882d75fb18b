from __future__ import annotations

import json

import pytest

from anenas.ane import chips, get_chip
from anenas.graph import Graph, Op, Tensor
from anenas.latency import CalibratedLatency, FunctionLatency, OwnDevice, Target, operation_key, profile

x, y, z = (Tensor(name, (1, 512, 64, 64)) for name in "xyz")
CONV = Op("heavy", "conv", (x,), (y,), (Tensor("w", (512, 512, 3, 3)),), {"groups": 1})
AWAY = Op("away", "cumsum", (y,), (z,))
GRAPH = Graph((x,), (CONV, AWAY), (z,))


@pytest.mark.parametrize("chip", chips())
def test_the_parts_add_up_to_the_whole(chip: str) -> None:
    found = profile("mine", GRAPH, Target.named(chip))
    parts = sum(one.us for one in found.placed) + found.switching_us + found.fixed_us
    assert parts == pytest.approx(1000 * found.latency.ms)
    assert found.latency == found.calibrated == CalibratedLatency().latency(GRAPH, get_chip(chip))
    assert found.fixed_us > 0 and found.switching_us > 0


def test_operations_are_in_the_program_s_order_with_what_runs_them() -> None:
    told = profile("mine", GRAPH, Target.named("A15")).to_dict()
    assert [(op["name"], op["unit"]) for op in told["ops"]] == [("heavy", "engine"), ("away", "cpu")]
    assert [op["key"] for op in told["ops"]] == [operation_key(op) for op in GRAPH.ops]
    assert "cumsum never runs on the engine" in told["ops"][1]["why"]
    assert told["macs"] == told["ops"][0]["macs"] == 512 * 512 * 9 * 64 * 64
    assert told["mac_residency"] == 1.0 and 0 < told["residency"] < 1
    assert told["weight_mb"] == 2 * 512 * 512 * 9 / 1e6 and told["segments"] == 1
    latency = CalibratedLatency().latency(GRAPH, get_chip("A15"))
    assert [told[f"{end}_ms"] for end in ("low", "latency", "high")] == [latency.low_ms, latency.ms, latency.high_ms]
    assert json.loads(json.dumps(told)) == told


def test_an_own_device_scales_operations_and_the_fixed_cost_apart() -> None:
    chip = get_chip("A15")
    device = OwnDevice("mine", "A15", CalibratedLatency.model, scale=3.0, fixed=2.0, interval=1.25, models=7)
    plain = profile("m", GRAPH, Target("A15", chip, CalibratedLatency()))
    own = profile("m", GRAPH, Target("mine", chip, CalibratedLatency(device)))
    assert [one.us for one in own.placed] == pytest.approx([3 * one.us for one in plain.placed])
    assert own.switching_us == pytest.approx(3 * plain.switching_us)
    assert own.fixed_us == pytest.approx(2 * plain.fixed_us)


def test_of_another_source_there_is_the_total_beside_the_model_s_parts() -> None:
    source = FunctionLatency(lambda graph, chip: 9.0, name="mine", version="1")
    found = profile("m", GRAPH, Target("A15", get_chip("A15"), source))
    assert (found.latency.ms, found.latency.source) == (9.0, "mine")
    assert found.calibrated == CalibratedLatency().latency(GRAPH, get_chip("A15"))
    told = found.to_dict()
    assert (told["source"], told["ops_source"]) == ("mine-1", found.calibrated.origin)
    assert sum(op["us"] for op in told["ops"]) + told["switching_us"] + told["fixed_us"] == pytest.approx(
        1000 * found.calibrated.ms
    )

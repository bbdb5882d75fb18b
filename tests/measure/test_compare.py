from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from anenas.ane import get_chip, placement
from anenas.graph import Graph
from anenas.latency import CalibratedLatency, FunctionLatency
from anenas.measure import CoreAIOp, Recording, compare

A15 = get_chip("A15")
OTHER = "1x1x16x16-conv_r1_s2_c16_k3_relu-head_n4"


def test_a_recording_is_beside_its_estimate_and_its_placement(recording: Recording, tiny: Graph) -> None:
    found = compare(recording, Path(), tiny)
    assert (found.recording, found.notes) == (recording, ())
    assert found.predicted == CalibratedLatency().latency(tiny, A15)
    assert found.agreement and found.agreement.macs == 1.0
    assert compare(recording, Path()) == found  # the program is found by its name


def test_the_estimate_is_any_source_s(recording: Recording, tiny: Graph) -> None:
    found = compare(recording, Path(), tiny, FunctionLatency(lambda graph, chip: 7.0, name="mine", version="1"))
    assert found.predicted and (found.predicted.ms, found.predicted.source) == (7.0, "mine")


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"chip": "M99 Ultra"}, "unknown chip or device 'M99 Ultra'"),
        ({"model": "gone.mlpackage"}, "gone.mlpackage is not an .mlpackage"),
        ({"model": OTHER}, "the measured program differs from the one that its name gives here"),
        ({"compute_units": "CPU_ONLY"}, "was recorded with CPU_ONLY, without the engine"),
        ({"plan": ()}, "has no compute plan"),
    ],
)
def test_what_cannot_be_compared_says_why(recording: Recording, changes: dict[str, object], note: str) -> None:
    found = compare(dataclasses.replace(recording, **changes), Path())  # type: ignore[arg-type]
    assert note in " ".join(found.notes)
    assert found.agreement is None


CORE_AI = (
    CoreAIOp("coreai.conv2d", "NeuralEngine", ""),
    CoreAIOp("coreai.conv2d", "NeuralEngine", "a word of warning"),
    CoreAIOp("coreai.cast", "GPU", "wrong type"),
    CoreAIOp("coreai.topk", "CPU", "no such layer"),
    CoreAIOp("coreai.topk", "CPU", "no such layer"),
    CoreAIOp("coreai.relu", "CPU", ""),
)


def test_core_ai_s_units_are_beside_the_prediction_and_refusals_are_counted(recording: Recording, tiny: Graph) -> None:
    planned = dataclasses.replace(recording, core_ai_plan=CORE_AI)
    found = compare(planned, Path(), tiny).core_ai
    assert found
    assert found.units == {"CPU": 3, "NeuralEngine": 2, "GPU": 1}
    assert list(found.refused.items()) == [(CORE_AI[3], 2), (CORE_AI[2], 1)]
    placed = placement(tiny, A15)
    assert found.predicted == (sum(one.on_engine for one in placed), len(placed))
    assert compare(recording, Path(), tiny).core_ai is None


def test_core_ai_s_units_are_told_where_nothing_is_predicted(recording: Recording) -> None:
    told = compare(dataclasses.replace(recording, core_ai_plan=CORE_AI, chip="M99 Ultra"), Path()).to_dict()["core_ai"]
    assert told["units"]["CPU"] == 3
    assert told["refused"][0] == {"operation": "coreai.topk", "unit": "CPU", "reason": "no such layer", "operations": 2}
    assert told["predicted_on_engine"] is told["predicted_operations"] is None


def test_without_the_engine_nothing_is_predicted_and_without_a_plan_it_is(recording: Recording) -> None:
    assert compare(dataclasses.replace(recording, compute_units="CPU_ONLY"), Path()).predicted is None
    assert compare(dataclasses.replace(recording, plan=()), Path()).predicted is not None


def test_for_scripts_it_is_json_without_what_is_not_known(recording: Recording) -> None:
    told = compare(dataclasses.replace(recording, chip="M99 Ultra"), Path()).to_dict()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["predicted_ms"] is told["placement"] is None
    assert told["latency_ms"] == recording.median_ms
    assert (told["low_ms"], told["high_ms"]) == recording.interval_ms
    assert told["predictions"] == sum(map(len, recording.predict_ms))

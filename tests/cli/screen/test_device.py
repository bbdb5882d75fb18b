from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anenas.cli.screen import print_calibration, print_measured, print_scores
from anenas.graph import Op, Tensor
from anenas.latency import Latency, OwnDevice
from anenas.measure import Agreement, CoreAIOp, CoreAIUnits, Measured, Recording, read_recordings
from anenas.measure._agreement import Difference
from anenas.measure._calibrate import Calibrated

RECORDINGS = Path(__file__).parents[2] / "measure" / "recordings"
SCORES = {
    "spearman": 0.987,
    "spearman_macs": None,
    "median_error": 0.123,
    "within_10": 0.4,
    "within_25": 0.6,
    "coverage": 0.9,
}
HEADINGS = ["Spear- of median", "man MACs error ±10 % ±25 % covered"]


@pytest.fixture
def recording() -> Recording:
    return dataclasses.replace(
        read_recordings(RECORDINGS / "tiny-A15.json")[0],
        model="mine",
        predict_ms=((1.0, 1.1), (1.2, 1.3)),
        output_errors={"probs": 0.001},
        tool="stand-in",
        date="2026-01-01",
    )


def test_a_measurement_stands_above_its_estimate_and_where_they_disagree(
    shown: Callable[..., list[str]], recording: Recording
) -> None:
    x = Tensor("x", (1, 4))
    off = Difference(Op("s", "softmax", (x,), (x,)), False, "too little work", "NeuralEngine")
    on = Difference(Op("c", "conv", (x,), (x,)), True, "", "CPU")
    agreed = Agreement(0.5, 0.75, 10, (off, on, on, on, on))
    predicted = Latency(1.38, 1.1, 1.7, "A15", "calibrated", "1")
    lines = shown(print_measured, [Measured(recording, predicted, agreed, ("it was warm",))])
    assert lines[0] == f"mine on {recording.device} (A15), {recording.os}"
    assert lines[1].endswith(f"the median of 4 predictions in 2 rounds, {recording.compute_units}")
    assert lines[2:] == [
        f"predicted 1.380 ms (1.10–1.70) by calibrated-1, {1.38 / recording.median_ms - 1:+.0%}",
        "outputs error 0.001 of their spread",
        "placement agrees on 50% of 10 operations, 75% of the multiply-accumulates",
        "s (softmax): planned on NeuralEngine, predicted off it: too little work",
        "c (conv): planned on CPU, predicted on the engine",
        "c (conv): planned on CPU, predicted on the engine",
        "and 2 more (--json has them)",
        "note it was warm",
        "with stand-in, 2026-01-01",
    ]


def test_core_ai_s_units_stand_below_with_what_the_engine_refuses(
    shown: Callable[..., list[str]], recording: Recording
) -> None:
    refused = {CoreAIOp(f"coreai.{kind}", "CPU", "no such layer"): 2 for kind in ("topk", "sin", "cast", "mod")}
    units = CoreAIUnits({"NeuralEngine": 40, "CPU": 8}, refused, (41, 45))
    told = " ".join(shown(print_measured, [Measured(recording, None, None, (), units)]))
    head = "Core AI 48 operations: 40 on NeuralEngine, 8 on CPU"
    assert (
        f"{head}; predicted 41 of Core ML's 45 on the engine 2 coreai.topk on CPU: no such layer 2 coreai.sin" in told
    )
    assert "2 coreai.cast on CPU: no such layer and 1 more (--json has them)" in told
    without = dataclasses.replace(units, predicted=None, refused={})
    assert head in shown(print_measured, [Measured(recording, None, None, (), without)])


def test_what_is_not_known_of_a_measurement_is_left_out(shown: Callable[..., list[str]], recording: Recording) -> None:
    bare = dataclasses.replace(recording, output_errors={})
    lines = shown(print_measured, [Measured(bare, None, None, ())])
    assert [line.split()[0] for line in lines] == ["mine", "measured", "with"]


def test_a_calibration_tells_before_and_after_and_how_to_use_it(shown: Callable[..., list[str]]) -> None:
    device = OwnDevice("my-phone", "A15", "calibrated-1", 1.5, 2.0, 1.25, 7)
    after = SCORES | {"median_error": 0.05, "spearman_macs": 0.5}
    assert shown(print_calibration, Calibrated(device, SCORES, after, {"another chip": 2})) == [
        "my-phone, A15: calibrated on 7 models",
        "operations take 1.50 times as long as estimated for A15, the fixed cost of a prediction 2.00 times",
        *HEADINGS,
        "before 0.99 12% 40% 60% 90%",
        "after, each one left out 0.99 0.50 5% 40% 60% 90%",
        "skipped 2: another chip",
        "use it as --chip my-phone; a new latency is within a factor of 1.25",
    ]


def test_scores_are_a_row_for_each_set_and_chip(shown: Callable[..., list[str]]) -> None:
    row: dict[str, Any] = {"set": "published", "soc": "A15", "n": 12, **SCORES}
    faster = {
        "model": "m",
        "soc": "A15",
        "set": "s",
        "form": "int8",
        "published_speedup": 1.5,
        "predicted_speedup": 1.25,
    }
    result = {"sets": [row], "skipped": {"no timm name": 3}, "compression": [faster]}
    assert shown(print_scores, result) == [
        HEADINGS[0],
        f"set chip rows {HEADINGS[1]}",
        "published A15 12 0.99 12% 40% 60% 90%",
        "skipped 3: no timm name",
        "compressed programs, faster by",
        "model chip set form published predicted",
        "m A15 s int8 1.50× 1.25×",
    ]
    assert len(shown(print_scores, result | {"compression": []})) == 4

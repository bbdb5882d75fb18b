from __future__ import annotations

import dataclasses
import json
import math
import statistics
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anenas._errors import AnenasError
from anenas.measure import CoreAIOp, Recording, read_recordings, write_recordings
from anenas.measure import _recording as module

milliseconds = st.floats(1e-6, 1e6, allow_nan=False)
rounds = st.lists(st.lists(milliseconds, min_size=1, max_size=4).map(tuple), min_size=1, max_size=12).map(tuple)


def message_of(path: Path) -> str:
    with pytest.raises(AnenasError) as raised:
        read_recordings(path)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.fixture
def content(recording: Recording) -> dict[str, Any]:
    """What is in a file of one recording."""
    return {"format": "anenas-recordings", "version": 1, "recordings": [json.loads(json.dumps(as_dict(recording)))]}


def as_dict(recording: Recording) -> dict[str, Any]:
    return dataclasses.asdict(recording)


def test_what_is_written_is_what_is_read(recording: Recording, tmp_path: Path) -> None:
    assert recording.core_ai_plan == ()  # of a file from before there was any
    core_ai = (CoreAIOp("coreai.conv2d", "NeuralEngine", ""), CoreAIOp("coreai.topk", "CPU", "no such layer"))
    other = dataclasses.replace(recording, chip="M2", plan=(), output_errors={"logits": 0.01}, core_ai_plan=core_ai)
    write_recordings(tmp_path / "r.json", [recording, other])
    assert read_recordings(tmp_path / "r.json") == [recording, other]
    assert [file.name for file in tmp_path.iterdir()] == ["r.json"]


@given(rounds)
def test_every_sample_survives_the_file(tmp_path_factory: pytest.TempPathFactory, predict_ms: Any) -> None:
    path = tmp_path_factory.mktemp("r") / "r.json"
    (template,) = read_recordings(Path(__file__).parent / "recordings" / "tiny-A15.json")
    write_recordings(path, [dataclasses.replace(template, predict_ms=predict_ms)])
    assert read_recordings(path)[0].predict_ms == predict_ms


@given(rounds)
def test_the_median_lies_in_its_interval_and_that_in_the_samples(predict_ms: Any) -> None:
    (template,) = read_recordings(Path(__file__).parent / "recordings" / "tiny-A15.json")
    one = dataclasses.replace(template, predict_ms=predict_ms)
    samples = [sample for round_ in predict_ms for sample in round_]
    low, high = one.interval_ms
    assert min(samples) <= low <= one.median_ms <= high <= max(samples)


@pytest.mark.parametrize(("n", "rank"), [(5, 1), (7, 1), (8, 2), (10, 2), (20, 6)])
def test_the_interval_is_the_narrowest_with_nine_tenths_of_confidence(recording: Recording, n: int, rank: int) -> None:
    one = dataclasses.replace(recording, predict_ms=tuple((float(i),) for i in range(1, n + 1)))
    assert one.interval_ms == (rank, n + 1 - rank)

    def outside(rank: int) -> float:
        return 2 * sum(math.comb(n, k) for k in range(rank)) / 2**n

    assert outside(rank) <= 0.1 < outside(rank + 1)


def test_with_few_rounds_the_interval_is_that_of_all_samples(recording: Recording) -> None:
    one = dataclasses.replace(recording, predict_ms=((1.0, 2.0, 3.0), (5.0, 6.0, 7.0)))
    assert (one.median_ms, one.interval_ms) == (statistics.median([2.0, 6.0]), (1.0, 7.0))


def test_a_latency_says_where_it_was_taken(recording: Recording) -> None:
    latency = recording.latency("recordings", "ALL")
    assert (latency.ms, latency.low_ms, latency.high_ms) == (0.222, 0.202, 0.242)
    assert (latency.source, latency.version, latency.chip) == ("recordings", "ALL", "A15")
    assert latency.device == "stand-in, stand-in 1.0 (synthetic)"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("chip", None, "recordings.0.chip: input should be a valid string"),
        ("compute_units", "NPU", "recordings.0.compute_units: input should be 'ALL'"),
        ("fingerprint", "abc", "recordings.0.fingerprint: string should match"),
        ("predict_ms", [], "recordings.0.predict_ms: tuple should have at least 1 item"),
        ("predict_ms", [[]], "recordings.0.predict_ms.0: tuple should have at least 1 item"),
        ("predict_ms", [[1.0, -0.5]], "recordings.0.predict_ms.0.1: input should be greater than 0"),
        ("predict_ms", [[1.0, math.nan]], "recordings.0.predict_ms.0.1: input should be"),
        ("load_ms", [math.inf], "recordings.0.load_ms.0: input should be a finite number"),
        ("output_errors", {"y": -1}, "recordings.0.output_errors.y: input should be greater than or equal to 0"),
        ("plan", [{"name": "x"}], "recordings.0.plan.0.kind: field required"),
        ("core_ai_plan", [{"operation": "x", "unit": "CPU"}], "recordings.0.core_ai_plan.0.reason: field required"),
        (
            "core_ai_plan",
            [{"operation": "x", "unit": "CPU", "reason": "x" * 10_001}],
            "recordings.0.core_ai_plan.0.reason: string should have at most 10000 characters",
        ),
        (
            "core_ai_plan",
            [{"operation": "x", "unit": "CPU", "reason": ""}] * 100_001,
            "recordings.0.core_ai_plan: tuple should have at most 100000 items",
        ),
        ("mood", "good", "recordings.0.mood: unexpected keyword argument"),
    ],
)
def test_a_field_out_of_range_is_named(
    content: dict[str, Any], tmp_path: Path, field: str, value: Any, message: str
) -> None:
    content["recordings"][0][field] = value
    (tmp_path / "r.json").write_text(json.dumps(content))
    assert message in message_of(tmp_path / "r.json")


@pytest.mark.parametrize("field", ["model", "fingerprint", "chip", "device", "os", "date", "tool", "predict_ms"])
def test_a_missing_field_is_named(content: dict[str, Any], tmp_path: Path, field: str) -> None:
    del content["recordings"][0][field]
    (tmp_path / "r.json").write_text(json.dumps(content))
    assert f"recordings.0.{field}: field required" in message_of(tmp_path / "r.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1]", 'has no recordings: expected a JSON object with "format": "anenas-recordings"'),
        ('{"format": "anenas-recordings", "version": 2}', "has version 2 of the format; this anenas reads 1"),
        ('{"format": "anenas-recordings", "version": 1}', "recordings: field required"),
        ('{"format": "anenas-recordings", "version": 1, "recordings": 3}', "recordings: input should be a valid tuple"),
    ],
)
def test_what_is_no_file_of_recordings_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "r.json").write_text(text)
    assert message in message_of(tmp_path / "r.json")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    assert message_of(tmp_path / "missing.json").startswith("cannot read the recording")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    assert message_of(tmp_path / "binary.json").startswith("cannot read the recording")


def test_a_huge_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_BYTES", 2_000_000)
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(2_000_001)
    assert message_of(tmp_path / "huge.json").endswith("is over 2 MB; recordings are far smaller")


def test_a_folder_that_is_not_there_is_one_clear_line(recording: Recording, tmp_path: Path) -> None:
    with pytest.raises(AnenasError, match="cannot write the recording"):
        write_recordings(tmp_path / "nowhere" / "r.json", [recording])

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from anenas._errors import AnenasError
from anenas.ane import get_chip
from anenas.graph import Graph, Tensor
from anenas.latency import LatencySource
from anenas.measure import RecordedLatency, Recording


def test_a_program_is_found_again_by_its_graph(recordings: Path, tiny: Graph) -> None:
    source: LatencySource = RecordedLatency.read(recordings)
    latency = source.latency(tiny.prefixed("renamed."), get_chip("A15"))
    assert (latency.ms, latency.chip) == (0.222, "A15")
    assert latency.low_ms < latency.ms < latency.high_ms
    assert source.latency(tiny, get_chip("M2")).chip == "M2"


def test_the_latest_recording_counts(recording: Recording, tiny: Graph) -> None:
    later = dataclasses.replace(recording, date="2026-02-01T00:00:00Z", predict_ms=((9.0,),))
    for given in ([recording, later], [later, recording]):
        assert RecordedLatency(given).latency(tiny, get_chip("A15")).ms == 9.0


def test_any_units_with_the_engine_count_and_those_without_the_gpu_before_all(
    recording: Recording, tiny: Graph
) -> None:
    a15 = get_chip("A15")
    assert recording.compute_units == "ALL"
    assert RecordedLatency([recording]).latency(tiny, a15).version == "ALL"
    older = dataclasses.replace(
        recording, compute_units="CPU_AND_NE", date="2020-01-01T00:00:00Z", predict_ms=((9.0,),)
    )
    for given in ([recording, older], [older, recording]):
        found = RecordedLatency(given).latency(tiny, a15)
        assert (found.ms, found.version) == (9.0, "CPU_AND_NE")
        assert RecordedLatency(given, "ALL").latency(tiny, a15).ms == 0.222


def test_only_the_compute_units_that_were_asked_for_count(recording: Recording, tiny: Graph) -> None:
    on_cpu = dataclasses.replace(recording, compute_units="CPU_ONLY")
    with pytest.raises(AnenasError, match="on A15 with CPU_AND_NE or ALL; it was recorded with CPU_ONLY"):
        RecordedLatency([on_cpu]).latency(tiny, get_chip("A15"))
    assert RecordedLatency([on_cpu], "CPU_ONLY").latency(tiny, get_chip("A15")).ms == 0.222


def test_a_program_or_chip_without_recording_is_an_error(recording: Recording, tiny: Graph) -> None:
    source = RecordedLatency([recording])
    with pytest.raises(AnenasError, match="on M1 with CPU_AND_NE or ALL; it was recorded on A15"):
        source.latency(tiny, get_chip("M1"))
    image = Tensor("x", (1, 3, 8, 8))
    with pytest.raises(AnenasError, match="no recording of the program"):
        source.latency(Graph((image,), (), (image,)), get_chip("A15"))


def test_a_broken_file_among_them_is_named(recordings: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{}")
    with pytest.raises(AnenasError, match=r"broken\.json"):
        RecordedLatency.read(recordings / "tiny-A15.json", tmp_path)

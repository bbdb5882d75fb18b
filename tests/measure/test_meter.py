"""What measures for a search, on the stand-in for what only macOS has."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import standin_macos

from anenas.coreml import convert
from anenas.measure import EngineMeter, read_recordings
from anenas.network import Deployed, Normalisation, build, fuse
from anenas.search import RECORDING, Meter
from anenas.space import Architecture


def test_a_package_is_measured_with_its_samples_system_and_placement_and_the_recording_left_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter: Meter = pickle.loads(pickle.dumps(EngineMeter(rounds=5)))
    assert not meter.is_here
    standin_macos.install(monkeypatch, tmp_path)
    assert meter.is_here
    architecture = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-head_n4")
    network = Deployed(fuse(build(architecture)), Normalisation((0.5,), (0.25,)))
    package = convert(network, tmp_path / "model.mlpackage", shape=architecture.input, classes=["a", "b", "c", "d"])
    reading = meter.measure(package.path, "A15")
    assert (reading.latency.chip, reading.latency.device) == ("M2", "StandIn1,1, macOS 15.1 (24B83)")
    assert len(reading.latency.samples_ms) == 5 and reading.latency.ms == pytest.approx(1.03)
    (recording,) = read_recordings(tmp_path / RECORDING)
    assert recording.median_ms == reading.latency.ms
    assert reading.placement == sum(op.on_engine for op in recording.plan) / len(recording.plan)

"""The device path on a stand-in for what only macOS has; see `standin_macos`."""

from __future__ import annotations

from pathlib import Path

import pytest
import standin_macos

from anenas._errors import AnenasError
from anenas.ane import get_chip
from anenas.coreml import Package, convert
from anenas.graph import fingerprint
from anenas.latency import LatencySource
from anenas.measure import DeviceLatency, RecordedLatency
from anenas.measure._recording import ComputeUnits
from anenas.network import Deployed, Normalisation, build, fuse
from anenas.space import Architecture

M2 = get_chip("M2")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """A classifier of images, as a search exports them."""
    architecture = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-head_n4")
    path = tmp_path_factory.mktemp("package") / "model.mlpackage"
    network = Deployed(fuse(build(architecture)), Normalisation((0.5,), (0.25,)))
    return convert(network, path, shape=architecture.input, classes=["a", "b", "c", "d"])


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    standin_macos.install(monkeypatch, tmp_path)


@pytest.mark.usefixtures("mac")
def test_a_recording_holds_every_sample_and_where_it_was_taken(package: Package) -> None:
    one = DeviceLatency(rounds=2).record(package.graph, package, "mine")
    assert (one.model, one.chip, one.device, one.os) == ("mine", "M2", "StandIn1,1", "macOS 15.1 (24B83)")
    assert one.tool.endswith("MLModelBenchmarker")
    assert one.compute_units == "CPU_AND_NE"
    assert one.fingerprint == fingerprint(package.graph)
    assert one.package_sha256 == package.digest
    assert one.load_ms == (standin_macos.LOAD_MS,) * 2
    warm = [standin_macos.PREDICT_MS[(1 + i) % len(standin_macos.PREDICT_MS)] for i in range(20)]
    assert [list(samples) for samples in one.predict_ms] == [pytest.approx(warm)] * 2


@pytest.mark.usefixtures("mac")
def test_the_compute_plan_is_told_for_each_operation(package: Package) -> None:
    one = DeviceLatency(rounds=1).record(package.graph, package, "mine")
    without_labels = [op for op in package.graph.ops if op.kind != "classify"]
    assert [(op.name, op.kind) for op in one.plan] == [(op.name, op.kind) for op in without_labels]
    assert {op.kind for op in one.plan if not op.on_engine} == {"cast"}
    assert {op.supported for op in one.plan if op.on_engine} == {("CPU", "NeuralEngine")}
    assert {op.cost for op in one.plan} == {0.125}


@pytest.mark.usefixtures("mac")
def test_what_a_device_answers_is_what_its_recording_replays(package: Package) -> None:
    graph = package.graph
    source: LatencySource = DeviceLatency(rounds=2)
    measured = source.latency(graph, M2, package.path)
    replayed = RecordedLatency([DeviceLatency(rounds=2).record(graph, package, "mine")]).latency(graph, M2)
    assert (measured.source, measured.device) == ("device", "StandIn1,1, macOS 15.1 (24B83)")
    assert (replayed.source, replayed.version, replayed.device) == ("recordings", "CPU_AND_NE", measured.device)
    assert (measured.ms, measured.low_ms, measured.high_ms) == (replayed.ms, replayed.low_ms, replayed.high_ms)


@pytest.mark.usefixtures("mac")
def test_a_device_with_another_chip_does_not_answer(package: Package) -> None:
    with pytest.raises(AnenasError, match="the device has an M2, not an A15"):
        DeviceLatency(rounds=1).latency(package.graph, get_chip("A15"), package.path)


@pytest.mark.usefixtures("mac")
def test_a_device_needs_the_package(package: Package) -> None:
    with pytest.raises(AnenasError, match="export the network first"):
        DeviceLatency().latency(package.graph, M2)


@pytest.mark.usefixtures("mac")
def test_a_package_that_core_ml_refuses_is_one_clear_line(
    package: Package, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("STANDIN_REFUSES", "probabilities")
    with pytest.raises(AnenasError, match=r"Core ML could not measure .*model\.mlpackage: ValueError: Failed to load"):
        DeviceLatency(rounds=1).latency(package.graph, M2, package.path)
    assert "Underlying exception message was: the stand-in refuses this model" in caplog.text


@pytest.mark.usefixtures("mac")
@pytest.mark.parametrize(
    ("units", "advice"),
    [
        ("ALL", "try --compute-units cpu-and-ne"),
        ("CPU_AND_NE", "--compute-units cpu-only tells whether the engine is to blame"),
    ],
)
def test_a_package_that_ends_its_process_leaves_this_one_alone(
    package: Package, monkeypatch: pytest.MonkeyPatch, units: ComputeUnits, advice: str
) -> None:
    monkeypatch.setenv("STANDIN_ABORTS", "probabilities")
    with pytest.raises(AnenasError) as raised:
        DeviceLatency(rounds=1, compute_units=units).latency(package.graph, M2, package.path)
    assert str(raised.value) == (
        f"{package.path} was not measured: Core ML ended the process with signal 6 (SIGABRT) on {units}; {advice}"
    )


@pytest.mark.usefixtures("mac")
def test_an_iphone_measures_too(package: Package) -> None:
    one = DeviceLatency("iphone", chip="A15", team="TEAM", rounds=2).record(package.graph, package, "mine")
    assert (one.chip, one.device, len(one.predict_ms)) == ("A15", "iPhone", 2)


@pytest.mark.usefixtures("mac")
def test_an_iphone_needs_its_chip_and_a_team(package: Package) -> None:
    with pytest.raises(AnenasError, match="for an iPhone, give its chip, such as A15, and the developer team"):
        DeviceLatency("iphone", chip="A15").latency(package.graph, M2, package.path)


def test_elsewhere_than_on_macos_it_names_the_kit(package: Package) -> None:
    with pytest.raises(AnenasError, match=r"needs macOS with coremltools; a kit measures on any Mac \(`anenas kit`"):
        DeviceLatency().latency(package.graph, M2, package.path)

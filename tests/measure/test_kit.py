"""Kits, and their script in a process of its own on a stand-in for the macOS library."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import standin_core_ai
import standin_macos
import torch

from anenas._errors import AnenasError
from anenas.ane import get_chip
from anenas.bench._latency import read_published
from anenas.coreml import Package, convert
from anenas.graph import fingerprint
from anenas.measure import CoreAIOp, RecordedLatency, read_recordings
from anenas.measure._kit import CALIBRATION_MODELS, to_package, write_kit
from anenas.mil import load_program
from anenas.models import load_graph
from anenas.network import Deployed, Normalisation, build, fuse
from anenas.space import Architecture

TINY = "1x1x16x16-conv_r1_s2_c16_k3_relu-dsconv_r1_s2_c16_k3_relu-head_n4"
TIMM = "timm:test_efficientnet@32"


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    architecture = Architecture.parse(TINY)
    path = tmp_path_factory.mktemp("package") / "mine.mlpackage"
    network = Deployed(fuse(build(architecture)), Normalisation((0.5,), (0.25,)))
    convert(network, path, shape=architecture.input, classes=["a", "b", "c", "d"])
    return path


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, classifier: Path) -> tuple[Path, list[dict[str, Any]]]:
    kit = tmp_path_factory.mktemp("kits") / "kit"
    return kit, write_kit([TINY, TIMM, str(classifier)], kit)


@pytest.fixture
def kit(written: tuple[Path, list[dict[str, Any]]], tmp_path: Path) -> Path:
    """A copy, as if carried to another machine."""
    copy: Path = shutil.copytree(written[0], tmp_path / "kit")
    return copy


@pytest.fixture(scope="module")
def measured(written: tuple[Path, list[dict[str, Any]]], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A kit that was run on the stand-in for a Mac, and what its script printed."""
    kit: Path = shutil.copytree(written[0], tmp_path_factory.mktemp("mac") / "kit")
    (expected,) = kit.glob("01-*/expected.npz")
    ran = standin_macos.run(kit / "validate.py", "--rounds", "5", "--predictions", "3", STANDIN_OUTPUTS=str(expected))
    assert ran.returncode == 0, ran.stderr
    return kit, ran.stdout


def test_a_kit_holds_all_that_its_manifest_names(written: tuple[Path, list[dict[str, Any]]]) -> None:
    kit, entries = written
    assert json.loads((kit / "kit.json").read_text())["models"] == entries
    assert {"validate.py", "README.txt", "kit.json"} < {file.name for file in kit.iterdir()}
    assert [entry["model"] for entry in entries] == [TINY, TIMM, "03-mine/model.mlpackage"]
    for entry in entries:
        assert fingerprint(Package.open(kit / entry["package"]).graph) == entry["fingerprint"]
        with np.load(kit / entry["inputs"], allow_pickle=False) as inputs:
            assert len(inputs.files) == 1


def test_programs_of_a_kit_are_those_that_are_estimated(
    written: tuple[Path, list[dict[str, Any]]], classifier: Path
) -> None:
    _, entries = written
    for model, entry in zip((TINY, TIMM, str(classifier)), entries, strict=True):
        assert entry["fingerprint"] == fingerprint(load_graph(model)), model


def test_what_was_converted_here_says_what_it_should_compute(written: tuple[Path, list[dict[str, Any]]]) -> None:
    kit, (tiny, timm, _) = written
    with np.load(kit / tiny["expected"], allow_pickle=False) as expected:
        np.testing.assert_allclose(expected["probabilities"].sum(), 1, rtol=1e-5)
    with np.load(kit / timm["expected"], allow_pickle=False) as expected:
        assert expected["logits"].shape == (1, 1000)


def test_of_a_bare_package_the_program_says_what_it_should_compute(
    written: tuple[Path, list[dict[str, Any]]], classifier: Path
) -> None:
    kit, (_, _, bare) = written
    with np.load(kit / bare["inputs"]) as inputs, np.load(kit / bare["expected"]) as expected:
        program = load_program(classifier)(dict(inputs))
        [probabilities] = expected.values()
        np.testing.assert_array_equal(probabilities, program["classLabel_probs"])


def test_the_script_measures_every_package_on_a_mac(measured: tuple[Path, str]) -> None:
    kit, printed = measured
    assert printed.startswith("StandIn1,1 (M2), macOS 15.1 (24B83), compute units CPU_AND_NE")
    assert "no plan of Core AI: the kit was written without --core-ai" in printed
    tiny, timm, bare = read_recordings(kit / "results.json")
    assert [one.model for one in (tiny, timm, bare)] == [TINY, TIMM, "03-mine/model.mlpackage"]
    assert tiny.output_errors == {"probabilities": 0.0}
    assert timm.output_errors["logits"] == pytest.approx(1, abs=0.1)  # the stand-in answers zeros
    assert list(bare.output_errors) == ["probabilities"]  # what the program computes on torch is expected
    assert len(tiny.predict_ms) == 5
    assert RecordedLatency([timm]).latency(load_graph(TIMM), get_chip("M2")).ms == timm.median_ms


def test_the_script_measures_on_an_attached_iphone_what_it_bears(kit: Path, tmp_path: Path) -> None:
    out = tmp_path / "results" / "phone"
    options = ["--device", "iphone", "--chip", "A15", "--team", "TEAM", "--rounds", "2", "--predictions", "3"]
    options += ["--out", str(out), "--compute-units", "cpu-and-ne"]
    ran = standin_macos.run(kit / "validate.py", *options, STANDIN_REFUSES="logits")
    assert ran.returncode == 1
    assert f"FAILED {TIMM}: RuntimeError: the stand-in refuses this model" in ran.stderr
    tiny, bare = read_recordings(out / "results.json")
    assert (tiny.chip, tiny.device, tiny.os) == ("A15", "iPhone", "iOS 18.1 (22B83)")
    assert tiny.compute_units == "CPU_AND_NE"
    assert tiny.load_ms == (standin_macos.LOAD_MS,) * 2
    assert {op.kind for op in tiny.plan if not op.on_engine} == {"cast"}
    assert (out / bare.model).is_dir()  # packages are named as seen from the results


def test_the_table_names_the_graph_of_each_row(measured: tuple[Path, str]) -> None:
    kit, _ = measured
    with (kit / "measurements.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["model_spec"] for row in rows] == [TINY, TIMM, "03-mine/model.mlpackage"]
    assert all((kit / row["package"]).is_dir() for row in rows)
    assert {(row["soc"], row["compute_unit"], row["off_ane_suspected"]) for row in rows} == {
        ("M2", "CPU_AND_NE", "False")
    }
    assert [(row["timm_name"], row["input_res"]) for row in rows] == [
        ("", "16"), ("test_efficientnet", "32"), ("", "16"),
    ]  # fmt: skip
    published, skipped = read_published(kit / "measurements.csv")
    assert [len(one.graph.ops) > 0 for one in published] == [True] * 3
    assert published[1].ms == pytest.approx(1.02)
    assert skipped == {}


def test_a_package_that_ends_the_process_does_not_cost_the_others(kit: Path) -> None:
    options = ["--rounds", "1", "--predictions", "1", "--compute-units", "all"]
    ran = standin_macos.run(kit / "validate.py", *options, STANDIN_ABORTS="logits")
    assert ran.returncode == 1
    ended = "Core ML ended the process with signal 6 (SIGABRT) on ALL; try --compute-units cpu-and-ne"
    assert f"FAILED {TIMM}: {ended}" in ran.stderr
    assert [one.model for one in read_recordings(kit / "results.json")] == [TINY, "03-mine/model.mlpackage"]


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory, classifier: Path) -> Path:
    """A kit with what Core AI plans."""
    kit = tmp_path_factory.mktemp("kits") / "kit"
    tiny, bare = write_kit([TINY, str(classifier)], kit, core_ai=True)
    assert (tiny["program"], bare["program"]) == (tiny["package"].replace("model.mlpackage", "program.pt2"), None)
    return kit


SHORT = ("--rounds", "1", "--predictions", "1")


def test_where_core_ai_plans_a_recording_holds_units_and_reasons(planned: Path, tmp_path: Path) -> None:
    variables = {"STANDIN_MACOS": "27.0.1", "STANDIN_CORE_AI": "0.4.3"}
    ran = standin_macos.run(planned / "validate.py", *SHORT, "--out", str(tmp_path), **variables)
    assert ran.returncode == 0, ran.stderr
    tiny, bare = read_recordings(tmp_path / "results.json")
    *inside, last = tiny.core_ai_plan
    assert {(one.unit, one.reason) for one in inside} == {("NeuralEngine", "")}
    assert last == CoreAIOp("coreai.softmax.int", "CPU", standin_core_ai.REASON)
    assert "coreai.conv2d.default" in {one.operation for one in inside}
    assert not {one.operation for one in tiny.core_ai_plan} & {"coreai.graph", "coreai.constant"}
    assert bare.core_ai_plan == ()
    assert tiny.plan  # Core ML's
    assert f"Core AI: {len(inside)} of {len(inside) + 1} operations on the Neural Engine" in ran.stdout
    assert (
        ran.stdout.count("no plan of Core AI") == ran.stdout.count("no plan of Core AI, which reads no packages") == 1
    )


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("raises", "ValueError: No debug info record found; cannot build compute plan."),
        ("aborts", "Core AI ended the process with signal 6 (SIGABRT)"),
    ],
)
def test_core_ai_costs_no_measurement(planned: Path, tmp_path: Path, how: str, told: str) -> None:
    variables = {"STANDIN_MACOS": "27.0.1", "STANDIN_CORE_AI": "0.5", "STANDIN_CORE_AI_FAILS": how}
    ran = standin_macos.run(planned / "validate.py", *SHORT, "--out", str(tmp_path), **variables)
    assert ran.returncode == 0
    assert ran.stderr.endswith(f"\nno plan of Core AI for {TINY}: {told}\n")  # after a warning of torch
    assert [one.core_ai_plan for one in read_recordings(tmp_path / "results.json")] == [(), ()]


@pytest.mark.parametrize(
    ("variables", "options", "told"),
    [
        ({"STANDIN_CORE_AI": "0.4.3"}, (), "needs macOS 27 or later"),
        ({"STANDIN_MACOS": "27.0", "STANDIN_CORE_AI": "0.4.2"}, (), "needs coreai-torch 0.4.3 or later: pip install"),
        ({"STANDIN_MACOS": "27.0"}, (), "needs coreai-torch 0.4.3 or later: pip install"),
        ({}, ("--device", "iphone", "--chip", "A15", "--team", "T"), "it plans for this Mac, not for the iPhone"),
    ],
)
def test_where_core_ai_does_not_plan_a_line_says_why(
    planned: Path, tmp_path: Path, variables: dict[str, str], options: tuple[str, ...], told: str
) -> None:
    ran = standin_macos.run(planned / "validate.py", *SHORT, *options, "--out", str(tmp_path), **variables)
    assert ran.returncode == 0
    assert f"no plan of Core AI: {told}" in ran.stdout
    assert [one.core_ai_plan for one in read_recordings(tmp_path / "results.json")] == [(), ()]


def test_a_kit_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(AnenasError, match="did you mean"):
        write_kit([TINY, "timm:resnet51"], tmp_path / "kit")
    with pytest.raises(AnenasError, match="cannot be converted"):
        write_kit(["timm:vit_tiny_patch16_224@100"], tmp_path / "kit")
    assert list(tmp_path.iterdir()) == []


def test_a_kit_overwrites_nothing_and_holds_a_model_once(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("kept")
    with pytest.raises(AnenasError, match="is not empty"):
        write_kit([TINY], tmp_path)
    with pytest.raises(AnenasError, match="is not empty"):
        write_kit([TINY], tmp_path / "mine")
    with pytest.raises(AnenasError, match="listed twice"):
        write_kit([TINY, TINY], tmp_path / "kit")
    assert (tmp_path / "mine").read_text() == "kept"


def test_a_package_is_its_own_package(classifier: Path, tmp_path: Path) -> None:
    assert to_package(str(classifier), tmp_path).path == classifier
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("model", CALIBRATION_MODELS)
def test_the_calibration_set_can_be_estimated(model: str) -> None:
    assert load_graph(model).macs > 1e6


def test_an_input_may_be_called_what_numpy_calls_its_own_arguments(tmp_path: Path) -> None:
    import coremltools as ct

    network = torch.jit.trace(torch.nn.Conv2d(1, 16, 3).eval(), torch.zeros(1, 1, 8, 8))
    inputs = [ct.TensorType(name="file", shape=(1, 1, 8, 8))]
    package = tmp_path / "mine.mlpackage"
    ct.convert(network, inputs=inputs, convert_to="mlprogram", minimum_deployment_target=ct.target.iOS16).save(package)
    [entry] = write_kit([str(package)], tmp_path / "kit")
    with np.load(tmp_path / "kit" / entry["inputs"]) as arrays:
        assert arrays.files == ["file"]

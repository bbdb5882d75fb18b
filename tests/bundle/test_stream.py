"""A bundle whose network can also be asked chunk by chunk."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import standin_macos
from studies import trained_study

import anenas
from anenas._errors import AnenasError
from anenas.bundle import Bundle
from anenas.coreml import Package
from anenas.data import InputFormat, load_data
from anenas.inputs import SERIES
from anenas.models._pack import pack, unpack
from anenas.space import read_space

SPACE = """\
name: series
input: {channels: 3, steps: 18}
stem: {width: 16, stride: 2, blocks: {tcn: {kernel: 3, activation: relu}}}
stages:
  - width: 64
    stride: 2
    blocks: {min_gru: {bidirectional: [false, true]}, lstm:, sru: {bidirectional: [false, true]}}
head: {pool: [mean, max]}
"""
TRIALS = (
    "1x3x1x18-tcn_r1_s2_c16_k3_d1_relu-sru_r1_s2_c64-head_n3",
    "1x3x1x18-tcn_r1_s2_c16_k3_d1_relu-lstm_r1_s2_c64-head_max_n3",
    "1x3x1x18-tcn_r1_s2_c16_k3_d1_relu-min_gru_r1_s2_c64_bi-head_n3",
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("series")
    rng = np.random.default_rng(0)

    def series(count: int) -> tuple[np.ndarray, np.ndarray]:
        labels = np.arange(count) % 3
        return (rng.standard_normal((count, 18, 3)) + labels[:, None, None]).astype(np.float32), labels

    (train_x, train_y), (test_x, test_y) = series(150), series(40)
    np.savez(folder / "data.npz", train_x=train_x, train_y=train_y, test_x=test_x, test_y=test_y)
    (folder / "series.yaml").write_text(SPACE)
    space, dataset = read_space(folder / "series.yaml"), load_data(folder / "data.npz", InputFormat(SERIES))
    trained_study(folder / "store", space, dataset, str(folder / "data.npz"), TRIALS, epochs=2)
    return folder / "store"


@pytest.fixture(scope="module")
def bundle(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return anenas.export("series", tmp_path_factory.mktemp("bundles") / "b", pick=0, streaming=True, store=store)


def test_the_program_of_a_bundle_answers_chunk_by_chunk_as_its_vectors_say(bundle: Bundle) -> None:
    program = anenas.load_program(bundle.path / "stream.mlpackage", "fp16")
    vectors = bundle.path / "test_vectors"
    with np.load(vectors / "inputs.npz") as inputs, np.load(vectors / "stream.npz") as expected:
        found = [outputs["probabilities"] for outputs in anenas.stream(program, inputs["series"])]
        np.testing.assert_array_equal(found, expected["probabilities"])
    with np.load(vectors / "network.npz") as network:
        np.testing.assert_allclose(found[-1], network["probabilities"], atol=0.01)
    assert len(found) == 5  # of 18 steps, four at a time


def test_its_figures_are_those_of_its_files(bundle: Bundle) -> None:
    stream = bundle.stream
    assert stream and stream.steps == 4
    states = "stem_0_inputs stem_0_inputs_2 stage1_0_inputs stage1_0_h head_count head_mean"
    assert list(stream.states) == states.split()
    assert stream.macs == Package.open(bundle.path / "stream.mlpackage").graph.macs < bundle.macs
    assert stream.verified.passed and stream.verified_whole.passed
    assert stream.verified.samples == 40
    figures = json.loads((bundle.path / "bundle.json").read_text())["stream"]
    assert figures == json.loads(json.dumps(stream.to_dict()))
    kit = json.loads((bundle.path / "kit" / "kit.json").read_text())
    assert [entry["model"] for entry in kit["models"]] == ["01-model/model.mlpackage", "02-stream/model.mlpackage"]
    assert all((bundle.path / "kit" / entry["expected"]).is_file() for entry in kit["models"])


def test_the_card_says_how_to_use_it(bundle: Bundle) -> None:
    assert bundle.stream
    card = (bundle.path / "README.md").read_text()
    for said in (
        "| `series` | float32 1×3×1×4 (series, channels, 1, steps): the next 4 steps, as they are |",
        "| `stage1_0_h` | float16 1×64×1×1 |",
        "after 5 calls those that `model.mlpackage`",
        "18 steps are not a multiple of 4: pad the last chunk with any values",
        "counts up to 2,048 calls",
        f"{bundle.stream.latency_ms:.3f} ms on A15",
        "**This is an estimate: it was not measured on a\ndevice.**",
        "| fp16 | the network | 18 of 18 steps |",
        "| fp32 | `model.mlpackage` | all steps |",
        "var classifier = try StreamingClassifier(",
    ):
        assert said in card
    assert "{" not in card
    assert '"stage1_0_h": [1, 64, 1, 1],' in (bundle.path / "StreamingClassifier.swift").read_text()


def test_the_kit_begins_a_series(bundle: Bundle) -> None:
    with np.load(bundle.path / "kit" / "02-stream" / "inputs.npz") as inputs:
        assert inputs["series"].any()
        assert not any(inputs[name].any() for name in bundle.stream.states)  # type: ignore[union-attr]


def test_on_macos_core_ml_compiles_both(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "commands").mkdir()
    standin_macos.install(monkeypatch, tmp_path / "commands")
    bundle = anenas.export("series", tmp_path / "b", pick=0, streaming=True, store=store)
    assert bundle.stream and bundle.stream.compiled
    assert (tmp_path / "b" / "stream.mlmodelc").is_symlink()  # the stand-in's
    assert "| `stream.mlmodelc` | the same, compiled by Core ML |" in (tmp_path / "b" / "README.md").read_text()


def test_it_is_packed_and_unpacked(bundle: Bundle, tmp_path: Path) -> None:
    pack(bundle.path, tmp_path / "b.anenas")
    unpack(tmp_path / "b.anenas", tmp_path / "again")
    again = anenas.load_program(tmp_path / "again" / "stream.mlpackage")
    assert [one.name for one in again.inputs][1:] == list(bundle.stream.states)  # type: ignore[union-attr]


def test_torchs_lstm_streams_in_operations_of_the_engine(store: Path, tmp_path: Path) -> None:
    bundle = anenas.export("series", tmp_path / "b", pick=1, streaming=True, store=store)
    assert bundle.residency < 1
    assert bundle.stream and bundle.stream.residency == 1
    kinds = {op.kind for op in Package.open(tmp_path / "b" / "stream.mlpackage").graph.ops}
    assert "lstm" not in kinds and "while_loop" not in kinds
    assert "stage1_0_c" in bundle.stream.states
    card = (tmp_path / "b" / "README.md").read_text()
    assert "counts up to 2,048 calls" not in card and "whose lstm keeps its weights in float32" in card


def test_compressed_weights_stream_too(store: Path, tmp_path: Path) -> None:
    bundle = anenas.export("series", tmp_path / "b", pick=0, form="palette4", streaming=True, store=store)
    assert bundle.stream
    assert Package.open(tmp_path / "b" / "stream.mlpackage").stored_forms == ["palette4"]
    # The same palettes: as close to the compressed program as if nothing were compressed.
    assert bundle.stream.verified_whole.fp32[0].relative < 1e-5 < bundle.stream.verified.fp32[-1].relative


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"pick": 2},
            r"stage1 \(min_gru_r1_s2_c64_bi\) is bidirectional: it looks ahead, .*; pick trial \d, which can",
        ),
        ({"form": "w8a8"}, "w8a8 is for blocks of images, and stem has tcn"),
        ({"data": "nowhere.npz"}, "the study's series cannot be read"),
    ],
)
def test_what_cannot_stream_writes_nothing(
    store: Path, tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    options = {"study": "series", "out": tmp_path / "b", "pick": 0, "streaming": True, "store": store} | changes
    with pytest.raises(AnenasError, match=message):
        anenas.export(**options)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []

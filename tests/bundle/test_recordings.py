"""From recordings to a bundle that says what a recording has to be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from studies import trained_study

import anenas
from anenas._errors import AnenasError
from anenas.bundle import Bundle
from anenas.coreml import Package
from anenas.data import Dataset, InputFormat, load_data
from anenas.inputs import RECORDINGS
from anenas.models import verify_against
from anenas.search import PACKAGE, WEIGHTS, Study
from anenas.space import SearchSpace

SPACE = {
    "name": "tones",
    "input": {"samples": 2000},
    "stem": {"width": 32, "blocks": {"log_mel": {"rate": 8000, "hop": 80, "window": 2}}},
    "stages": [{"width": 16, "stride": 2, "blocks": {"tcn": {}}}],
}
TRIAL = "1x1x1x2000-log_mel_r1_s1_c32_hz8000_h80_w2-tcn_r1_s2_c16_k3_d1_relu-head_n2"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Dataset]:
    """Tones in noise that rise or fall."""
    rng, t = np.random.default_rng(0), np.arange(2000) / 8000
    path = tmp_path_factory.mktemp("tones") / "tones.npz"
    labels = np.arange(200) % 2
    ends = np.where(labels[:, None], [[400, 1600]], [[1600, 400]])
    hz = ends[:, :1] + (ends[:, 1:] - ends[:, :1]) * t / t[-1]
    sound = 0.1 * np.sin(2 * np.pi * np.cumsum(hz, 1) / 8000) + 0.01 * rng.standard_normal((200, 2000))
    parts = {"train_x": sound[:160], "test_x": sound[160:], "train_y": labels[:160], "test_y": labels[160:]}
    np.savez(path, rate=8000, class_names=np.array(["falls", "rises"]), **parts)
    return str(path), load_data(path, InputFormat(RECORDINGS, rate=8000, steps=2000))


@pytest.fixture(scope="module")
def study(data: tuple[str, Dataset], tmp_path_factory: pytest.TempPathFactory) -> Study:
    source, dataset = data
    store = tmp_path_factory.mktemp("study") / "store"
    return trained_study(store, SearchSpace.model_validate(SPACE), dataset, source, [TRIAL])


@pytest.fixture(scope="module")
def bundle(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    store = study.trial_folder(0).parents[3]
    return anenas.export("tones", tmp_path_factory.mktemp("bundles") / "b", pick=0, store=store)


def test_a_network_of_waveforms_learns_and_ships_what_it_computes(study: Study) -> None:
    (trial,) = study.completed
    assert trial.evaluation.score > 0.9 and trial.evaluation.estimate.residency == 1
    folder = study.trial_folder(trial.number)
    found = verify_against(folder / PACKAGE, str(folder / WEIGHTS), samples=4)
    assert found.passed and found.fp32[0].relative < 1e-3
    kinds = [op.kind for op in Package.open(folder / PACKAGE).graph.ops]
    assert kinds[:4] == ["cast", "reshape", "transpose", "conv"]  # the waveform as it is


def test_a_bundle_says_what_a_recording_has_to_be(bundle: Bundle) -> None:
    metadata = Package.open(bundle.path / "model.mlpackage").metadata
    assert metadata["sample_rate"] == "8000"
    card = (bundle.path / "README.md").read_text()
    assert "(recordings, 1, 1, samples), a waveform from -1 to 1 at 8,000 Hz" in card
    assert "A classifier of recordings" in card and "The model computes the spectrogram of the waveform" in card
    assert "A waveform from -1 to 1 at 8,000 Hz" in (bundle.path / "Classifier.swift").read_text()
    assert bundle.test_score > 0.9


def test_the_network_computes_the_same_with_torch_alone(bundle: Bundle) -> None:
    script = (
        "import runpy, sys; sys.modules.update(anenas=None, timm=None); runpy.run_path('network.py', None, '__main__')"
    )
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, cwd=bundle.path, capture_output=True, text=True, env={"OMP_NUM_THREADS": "1"})
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("16 recordings, largest difference")


def test_recordings_are_read_again_at_their_rate(bundle: Bundle, study: Study, tmp_path: Path) -> None:
    store = study.trial_folder(0).parents[3]
    again = anenas.export("tones", tmp_path / "b", pick=0, store=store, data=study.data)
    assert again.test_score == bundle.test_score


def test_a_network_of_waveforms_does_not_stream(study: Study, tmp_path: Path) -> None:
    store = study.trial_folder(0).parents[3]
    with pytest.raises(AnenasError, match="networks of waveforms do not stream; those of spectrograms do"):
        anenas.export("tones", tmp_path / "b", pick=0, store=store, streaming=True)

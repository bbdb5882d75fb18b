from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from anenas.data import Dataset, Split
from anenas.inputs import IMAGES
from anenas.latency import Target
from anenas.search import TrainingEvaluator, TrialFiles
from anenas.space import Architecture

NETWORK = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-dsconv_r1_s2_c16_k3_relu-head_n3")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Noise in three shades."""
    rng = np.random.default_rng(0)

    def split(count: int) -> Split:
        labels = np.arange(count) % 3
        pixels = rng.integers(0, 90, (count, 1, 16, 16)) + 60 * labels[:, None, None, None]
        return Split(pixels.astype(np.uint8), labels)

    dataset = Dataset("shades", ("dark", "grey", "light"), split(120), split(48), split(48), kind=IMAGES)
    dataset.save(tmp_path / "data")
    return tmp_path / "data"


def evaluator(log: Path) -> TrainingEvaluator:
    def train(network: nn.Module, data: Dataset, epochs: float, folder: Path) -> None:
        optimizer = torch.optim.Adam(network.parameters(), 0.02)
        steps = folder / "steps"
        done = int(steps.read_text()) if steps.exists() else 0
        with log.open("a") as file:
            file.write(f"{done} {epochs:g}\n")
        for _ in range(round(30 * epochs)):
            pixels, labels = torch.from_numpy(np.array(data.train.inputs)), torch.from_numpy(data.train.labels)
            optimizer.zero_grad()
            F.cross_entropy(network(pixels.float()), labels).backward()
            optimizer.step()
            done += 1
        steps.write_text(str(done))

    return TrainingEvaluator((Target.named("A15"),), 2, own_train=train)


@pytest.fixture
def files(tmp_path: Path, data: Path) -> Callable[[str], TrialFiles]:
    def make(name: str) -> TrialFiles:
        (tmp_path / name).mkdir(exist_ok=True)
        return TrialFiles(tmp_path / name, data)

    return make


def test_a_function_of_the_caller_s_trains_and_all_else_is_as_it_is(files: Callable, tmp_path: Path) -> None:
    found = evaluator(tmp_path / "log").evaluate(NETWORK, files("trial"))
    assert found.score > 0.9 and found.verified["fp16_difference"] < 0.05
    assert (tmp_path / "log").read_text() == "0 2\n"
    assert {path.name for path in (tmp_path / "trial").iterdir()} == {
        "architecture.txt", "model.mlpackage", "operations.csv", "validation_scores.npy", "weights.safetensors",
    }  # fmt: skip


def test_after_a_pause_it_goes_on_where_it_was(files: Callable, tmp_path: Path) -> None:
    own = evaluator(tmp_path / "log")
    paused = own.evaluate(NETWORK, files("trial"), 0.25)
    again = own.evaluate(NETWORK, files("trial"), 1.0)
    assert (tmp_path / "log").read_text() == "0 0.5\n15 1.5\n"
    assert paused.budget_fraction == 0.25 and again.score > 0.9


def test_final_training_is_its_as_well(files: Callable, tmp_path: Path, data: Path) -> None:
    own = evaluator(tmp_path / "log")
    own.evaluate(NETWORK, files("brief"), 0.25)
    first = own.evaluate(NETWORK, files("brief"))
    donor = tmp_path / "brief" / "weights.safetensors"
    (tmp_path / "final").mkdir()
    finished = own.finish(NETWORK, TrialFiles(tmp_path / "final", data, donor), (3,))
    assert (tmp_path / "log").read_text().splitlines()[-1] == "0 3"
    assert finished is None or finished.score > first.score


def test_the_example_trains(files: Callable, data: Path, tmp_path: Path) -> None:
    train = runpy.run_path(str(Path(__file__).parents[2] / "examples" / "own_training.py"))["train"]
    own = TrainingEvaluator((Target.named("A15"),), 20, own_train=train)
    own.evaluate(NETWORK, files("trial"), 0.5)
    assert (tmp_path / "trial" / "own_training" / "optimizer.pt").exists()
    assert own.evaluate(NETWORK, files("trial")).score > 0.8


def test_the_example_with_lightning_trains(files: Callable, data: Path, tmp_path: Path) -> None:
    pytest.importorskip("lightning")
    train = runpy.run_path(str(Path(__file__).parents[2] / "examples" / "lightning_training.py"))["train"]
    own = TrainingEvaluator((Target.named("A15"),), 20, own_train=train)
    own.evaluate(NETWORK, files("trial"), 0.5)
    assert (tmp_path / "trial" / "own_training" / "last.ckpt").exists()
    assert own.evaluate(NETWORK, files("trial")).score > 0.8

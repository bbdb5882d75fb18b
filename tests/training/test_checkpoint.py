from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from anenas.training import _checkpoint as module
from anenas.training._checkpoint import Progress, load_checkpoint, save_checkpoint

CPU = torch.device("cpu")
PROGRESS = Progress(3, ((1, 2.5), (2, 1.25)), (0.75, 0.5))


class Training:
    """A network, and what trains it."""

    def __init__(self, width: int = 4, steps: int = 0) -> None:
        torch.manual_seed(width)
        self.network = nn.Sequential(nn.Conv2d(1, width, 3), nn.BatchNorm2d(width))
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=0.1)
        self.scaler = torch.amp.GradScaler("cpu", enabled=False)
        for _ in range(steps):
            self.step()

    def step(self) -> None:
        self.optimizer.zero_grad()
        self.network(torch.randn(2, 1, 8, 8)).square().sum().backward()
        self.optimizer.step()

    def save(self, path: Path, progress: Progress = PROGRESS) -> None:
        save_checkpoint(path, progress, self.network, self.optimizer, self.scaler, CPU)

    def load(self, path: Path) -> Progress:
        return load_checkpoint(path, self.network, self.optimizer, self.scaler, CPU)

    def weights(self) -> list[torch.Tensor]:
        return [tensor.clone() for tensor in self.network.state_dict().values()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "checkpoint"


def same(first: list[torch.Tensor], second: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_what_is_loaded_goes_on_as_what_was_saved(path: Path, steps: int) -> None:
    saved, loaded, progress = Training(steps=steps), Training(), dataclasses.replace(PROGRESS, step=steps)
    saved.save(path, progress)
    saved.step()
    torch.manual_seed(99)
    assert loaded.load(path) == progress
    loaded.step()  # with the random numbers that the other one drew
    assert same(saved.weights(), loaded.weights())


def test_a_checkpoint_replaces_the_one_before_and_leaves_nothing_else(path: Path) -> None:
    Training(steps=1).save(path)
    before = path.read_bytes()
    Training(steps=2).save(path)
    assert path.read_bytes() != before
    assert list(path.parent.iterdir()) == [path]


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Training(steps=1).save(path)
    before = path.read_bytes()

    def cut_short(tensors: object, file: Path, metadata: object) -> None:
        file.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(module, "save_file", cut_short)
    with pytest.raises(OSError, match="no space left"):
        Training(steps=2).save(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("length", [0, 7, 8, 100, -1])
def test_a_checkpoint_that_was_cut_short_changes_nothing_and_is_told(
    path: Path, length: int, caplog: pytest.LogCaptureFixture
) -> None:
    Training(steps=1).save(path)
    path.write_bytes(path.read_bytes()[:length])
    training = Training()
    before = training.weights()
    assert training.load(path) == Progress()
    assert same(training.weights(), before)
    assert not training.optimizer.state
    assert "training starts again" in caplog.text


def test_a_checkpoint_of_a_network_of_another_width_changes_nothing(path: Path) -> None:
    Training(width=8, steps=1).save(path)
    training = Training()
    before = training.weights()
    assert training.load(path) == Progress()
    assert same(training.weights(), before)
    assert not training.optimizer.state


def test_where_there_is_no_checkpoint_a_training_begins(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert Training().load(path) == Progress(0, (), ())
    assert not caplog.text


def test_a_checkpoint_with_random_numbers_that_are_none_changes_nothing(path: Path) -> None:
    Training(steps=1).save(path)
    with safe_open(path, "pt") as file:
        tensors, facts = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118
    save_file(tensors | {"random": torch.zeros(3, dtype=torch.uint8)}, path, facts)
    training = Training()
    before = training.weights()
    assert training.load(path) == Progress()
    assert same(training.weights(), before)
    assert not training.optimizer.state


@pytest.mark.parametrize("step", [-(2**31), -1, 0])
def test_a_checkpoint_of_no_step_that_there_is_changes_nothing(path: Path, step: int) -> None:
    Training(steps=1).save(path)
    with safe_open(path, "pt") as file:
        tensors, facts = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118
    save_file(tensors, path, {"progress": json.dumps(json.loads(facts["progress"]) | {"step": step})})
    training = Training()
    before = training.weights()
    assert training.load(path) == Progress()
    assert same(training.weights(), before) and not training.optimizer.state

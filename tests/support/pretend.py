"""An evaluator that trains nothing: its figures follow from the architecture. Worker processes import it from here."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from anenas.latency import Latency, OwnDevice
from anenas.search import CHECKPOINT, PACKAGE, RECORDING, WEIGHTS, Estimate, Evaluation, Reading, TrialFiles
from anenas.space import Architecture

TRAINED = b"\2\0\0\0\0\0\0\0{}"
"""What trials leave as weights: safetensors without tensors."""

SPACE = """\
name: pretend
input: {channels: 1, height: 16, width: 16}
stem: {width: 16, stride: 2, blocks: {conv: }}
stages:
  - {depth: [1, 2, 3, 4], width: [16, 32, 48, 64], stride: 2, blocks: {conv: {kernel: [1, 3]}}}
"""


def latency(ms: float, apart: float = 1.0) -> Latency:
    return Latency(ms, ms / 2, ms * 2, "A15", "pretend", apart=apart)


def estimate(ms: float, size_mb: float = 1.0, apart: float = 1.0) -> Estimate:
    return Estimate({"A15": latency(ms, apart)}, size_mb, macs=1000, params=100)


@dataclass(frozen=True)
class PretendEvaluator:
    """Deeper and wider is more accurate and slower. What goes wrong is named by depth.

    Attributes:
        fail_depth: Architectures of that depth raise.
        fatal_depth: Architectures of that depth kill their worker, each time.
        die_once: A file; the first evaluation makes it and kills its worker.
        seconds: How long an evaluation takes.
        final_gain: What final training adds to the accuracy.
        final_seconds: How long it takes.
        finished_backbone: Accuracy of a pretrained network after final training; zero if that makes it no better.
        unfinished_depth: Final training of that depth raises.
        apart: The ratio from which on its latencies are told apart.
        full_disk: Every evaluation meets a disk that is full.
        log: A file for a line about each evaluation: architecture, budget fraction, whether there was a checkpoint,
            and the donor's folder.
        scale: Factor on latencies, of `adapted`.
    """

    fail_depth: int = 0
    fatal_depth: int = 0
    die_once: Path | None = None
    seconds: float = 0.0
    final_gain: float = 0.005
    final_seconds: float = 0.0
    finished_backbone: float = 0.0
    unfinished_depth: int = 0
    apart: float = 1.0
    full_disk: bool = False
    log: Path | None = None
    scale: float = 1.0

    def estimate(self, architecture: Architecture) -> Estimate:
        stage = architecture.stages[1]
        return estimate(self.scale * (0.1 * stage.depth + 0.001 * stage.width), stage.width / 10, self.apart)

    def adapted(self, device: OwnDevice) -> PretendEvaluator:
        return dataclasses.replace(self, scale=device.scale)

    def evaluate(self, architecture: Architecture, files: TrialFiles, budget_fraction: float = 1.0) -> Evaluation:
        if self.full_disk:
            Path("/dev/full").write_text("what always is full")
        folder, donor = files.folder, files.donor and files.donor.parent.name
        stage = architecture.stages[1]
        accuracy = budget_fraction**0.1 * min(0.99, 0.5 + 0.1 * stage.depth + 0.001 * stage.width)
        if self.log:
            with self.log.open("a") as file:
                file.write(f"{architecture} {budget_fraction} {(folder / CHECKPOINT).exists()} {donor}\n")
        if self.die_once and not self.die_once.exists():
            self.die_once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if stage.depth == self.fatal_depth:
            os.kill(os.getpid(), signal.SIGKILL)
        if stage.depth == self.fail_depth:
            raise ValueError("this depth cannot be had")
        time.sleep(self.seconds)
        if budget_fraction < 1:
            (folder / CHECKPOINT).write_text(str(budget_fraction))
            return Evaluation(accuracy, self.estimate(architecture), budget_fraction, seconds={"train": 0.5})
        (folder / CHECKPOINT).unlink(missing_ok=True)
        self._leave(architecture, folder, TRAINED)
        return Evaluation(
            accuracy,
            self.estimate(architecture),
            seconds={"train": 1.0},
            losses=((1, 2.0), (2, 1.0)),
            trained_steps=10,
            total_steps=10,
        )

    def finish(self, architecture: Architecture, files: TrialFiles, cycles: Sequence[int]) -> Evaluation | None:
        assert files.donor and files.donor.read_bytes() == TRAINED and not list(files.folder.iterdir())
        if self.log:
            with self.log.open("a") as file:
                teacher = f"\ntaught by {'/'.join(files.teacher.parts[-3:-1])}" if files.teacher else ""
                file.write(f"{architecture} finish {cycles}{teacher}\n")
        if architecture.backbone:
            if not self.finished_backbone:
                return None
            self._leave(architecture, files.folder, b"final weights")
            return Evaluation(self.finished_backbone, estimate(9.0), trained_steps=10, total_steps=10)
        stage = architecture.stages[1]
        if stage.depth == self.unfinished_depth:
            raise ValueError("this depth cannot be finished")
        time.sleep(self.final_seconds)
        if not self.final_gain:
            return None
        self._leave(architecture, files.folder, b"final weights")
        accuracy = min(0.99, 0.5 + 0.1 * stage.depth + 0.001 * stage.width) + self.final_gain
        steps = 10 * sum(cycles)
        return Evaluation(accuracy, self.estimate(architecture), trained_steps=steps, total_steps=steps)

    def _leave(self, architecture: Architecture, folder: Path, weights: bytes) -> None:
        (folder / PACKAGE).mkdir()
        (folder / PACKAGE / "Manifest.json").write_text(json.dumps({"architecture": str(architecture)}))
        (folder / WEIGHTS).write_bytes(weights)
        (folder / "architecture.txt").write_text(str(architecture))
        (folder / "operations.csv").write_text("operation,microseconds\n")

    def test(self, architecture: Architecture, files: TrialFiles) -> float:
        return 0.5


@dataclass(frozen=True)
class PretendMeter:
    """A device that takes twice as long as `PretendEvaluator` estimates.

    Attributes:
        chip: Of the device.
        fail_depth: Architectures of that depth cannot be measured.
        fail_once: A file; the first measurement makes it and fails.
        is_here: Whether this machine can measure.
    """

    chip: str = "A15"
    fail_depth: int = 0
    fail_once: Path | None = None
    is_here: bool = True

    def measure(self, package: Path, chip: str) -> Reading:
        architecture = Architecture.parse(json.loads((package / "Manifest.json").read_text())["architecture"])
        fails = architecture.stages[1].depth == self.fail_depth
        if self.fail_once and not self.fail_once.exists():
            self.fail_once.touch()
            fails = True
        if fails:
            raise RuntimeError("the device went away")
        ms = 2 * PretendEvaluator().estimate(architecture).latency.ms
        (package.parent / RECORDING).write_text("{}")
        samples = (0.99 * ms, ms, ms, ms, 1.01 * ms)
        latency = Latency(
            ms, samples[0], samples[-1], self.chip, "device", "pretend", "Pretend1,1, OS 1", 1, 0, samples
        )
        return Reading(latency, 0.9)


def add(a: int, b: int, files: TrialFiles) -> int:
    return a + b


def fail(message: str, files: TrialFiles) -> None:
    raise RuntimeError(message)


def die(files: TrialFiles) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(seconds: float, files: TrialFiles) -> None:
    time.sleep(seconds)


def environment(name: str, files: TrialFiles) -> str | None:
    return os.environ.get(name)


def missing(architecture: object, files: TrialFiles, budget_fraction: float) -> None:
    (files.folder / "nothing").read_text()


def say(text: str, files: TrialFiles) -> None:
    print(text)


def unpicklable(files: TrialFiles) -> object:
    return threading.Lock()


def warn(text: str, files: TrialFiles) -> None:
    logging.getLogger("anenas.pretend").warning(text)
    logging.getLogger("another").warning(text)

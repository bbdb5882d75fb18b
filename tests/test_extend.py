"""What CONTRIBUTING.md says of extending anenas is true: each part is one file, and a search runs with it by name."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from commands import Run

from anenas.ane import Chip, chips, program_cost
from anenas.latency import CalibratedLatency
from anenas.models import load_graph

EXAMPLE = Path(__file__).parents[1] / "examples" / "your_own.py"
TASK = EXAMPLE.with_name("own_task.py").read_text()

SPACE = """\
name: mine
input: {channels: 1, height: 16, width: 16}
stem: {width: 16, stride: 2, blocks: {conv: }}
stages:
  - {depth: [1, 2], width: [16, 32], stride: 2, blocks: {BLOCK: }}
"""
BLOCK = """
import anenas
@anenas.register
class Mine(anenas.Block):
    kind = "mine"
    def build(self, in_channels, out_channels, stride):
        from torch import nn
        return nn.Sequential(nn.Conv2d(in_channels, out_channels, 3, stride, 1), nn.ReLU())
"""
SOURCE = """
import anenas, numpy as np
from anenas.inputs import IMAGES
@anenas.source("mine", IMAGES)
def read(rest, wanted):
    y = np.arange(int(rest)) % 2
    x = np.random.default_rng(0).integers(0, 99, (len(y), 16, 16), np.uint8) + (y * 99).astype(np.uint8)[:, None, None]
    return {"train_x": x, "train_y": y, "test_x": x[:40], "test_y": y[:40]}
"""
SAMPLER = """
import anenas, random
@anenas.sampler("mine")
class Mine:
    def __init__(self, seed): self.seed = seed
    def ask(self, problem, trials):
        rng = random.Random(self.seed + len(trials))
        return problem.decide(lambda name, options: rng.choice(options))
"""
LATENCY = """
import anenas
@anenas.latency_source("mine")
class Mine:
    name, version = "mine", "1"
    def __init__(self, argument=""): pass
    def latency(self, graph, chip, package=None):
        ms = 0.1 + graph.macs / 1e9
        return anenas.Latency(ms, ms, ms, chip.name, self.name, self.version)
"""
METRIC = """
import anenas
@anenas.metric("mine", "minimize", title="cost", is_fraction=False)
def mine(predictions):
    return 3 * float((predictions.predicted != predictions.labels).mean())
"""
EXECUTOR = """
import anenas
@anenas.executor("mine")
class Mine:
    slots = 1
    def __init__(self, *, workers, device, log_folder): self.tasks = []
    def __enter__(self): return self
    def __exit__(self, *_): self.cancel()
    def submit(self, key, task): self.tasks.append((key, task))
    def wait(self, timeout=0.0):
        key, task = self.tasks.pop(0)
        return [(key, anenas.Outcome.of_call(lambda: task.function(task.files)))]
    def cancel(self): self.tasks.clear()
"""


@pytest.mark.slow
@pytest.mark.usefixtures("forget_plugins")
@pytest.mark.parametrize(
    ("plugin", "block", "options"),
    [
        (BLOCK, "mine", []),
        (SAMPLER, "conv", ["--sampler", "mine", "--executor", "serial"]),
        (LATENCY, "conv", ["--latency", "mine"]),
        (EXECUTOR, "conv", ["--executor", "mine"]),
        (METRIC, "conv", ["--objectives", "mine,latency_ms", "--max-metric", "mine=2.5"]),
        (TASK, "conv", ["--task", "ordinal"]),
    ],
    ids=["block", "sampler", "latency source", "executor", "metric", "task"],
)
def test_one_file_brings_it_and_a_search_runs_with_it_by_its_name(
    plugin: str, block: str, options: list[str], tmp_path: Path, run: Run
) -> None:
    (tmp_path / "plugin.py").write_text(plugin)
    (tmp_path / "source.py").write_text(SOURCE)
    (tmp_path / "mine.yaml").write_text(SPACE.replace("BLOCK", block))
    command = ["search", "--plugin", "plugin.py", "--plugin", "source.py", "--space", "mine.yaml", "--data", "mine:200"]
    done = run(*command, "--trials", "1", "--epochs", "1", "--workers", "1", "--json", *options)
    assert done.code == 0, done.err
    result = json.loads(done.out)
    assert result["counts"]["completed"] == 1
    [model] = result["front"]
    assert f"-{block}_" in model["architecture"]
    if "--objectives" in options:
        assert 0 <= model["mine"] <= 2.5 and "mine_error" in model
    if "--task" in options:  # its metric is what is searched by, tested and reported
        assert 0 <= model["steps_off"] <= 1 and 0 <= model["test_steps_off"] <= 1
        report = json.loads((tmp_path / "exports" / result["study"] / "knee" / "report.json").read_text())
        assert report["steps_off"]["value"] == model["test_steps_off"] and report["confusion"]
    if "--latency" in options:
        assert model["latency_by_chip"]["A15"]["source"] == "mine"


@pytest.mark.slow
def test_the_example_with_five_parts_of_its_own_runs(tmp_path: Path) -> None:
    assert sum(bool(line.strip()) for line in EXAMPLE.read_text().splitlines()) < 60
    done = subprocess.run([sys.executable, str(EXAMPLE)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "grouped" in done.stdout


def test_a_chip_is_one_row() -> None:
    row = chips()["A15"]
    fields = {name: getattr(row, name) for name in row.__dataclass_fields__}
    chip = Chip(**{**fields, "name": "A99", "nearest_measured": "A15"})
    latency = CalibratedLatency().from_cost(program_cost(load_graph("timm:mobilenetv3_small_050@64"), chip), chip)
    assert latency.chip == "A99" and 0 < latency.low_ms < latency.ms < latency.high_ms

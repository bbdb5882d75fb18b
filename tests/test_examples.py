"""The examples that are scripts run as a user runs them, on small data."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from commands import environment
from PIL import Image
from tiny import write_tiny

pytestmark = pytest.mark.slow
EXAMPLES = Path(__file__).parents[1] / "examples"


def run(folder: Path, name: str, *arguments: str) -> list[str]:
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_photos_become_models_that_ship(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name, brightness in (("dark", 40), ("light", 160)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(30):
            pixels = rng.integers(0, 60, (48, 48, 3), np.uint8) + np.uint8(brightness)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{i}.png")
    *_, report, exported = run(tmp_path, "photos.py", "photos", "2")
    assert Path(tmp_path, report.partition(": ")[0]).is_file()
    assert Path(tmp_path, exported.partition(": ")[0], "model.mlpackage").is_dir()


def test_a_search_runs_on_a_cluster_of_this_machine(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    found = run(tmp_path, "cluster_here.py", "data.npz")
    assert found and all(line.endswith("model.mlpackage") for line in found)

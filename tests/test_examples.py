"""The examples that are scripts run as a user runs them, on small data."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from commands import environment
from tiny import write_tiny

pytestmark = pytest.mark.slow
EXAMPLES = Path(__file__).parents[1] / "examples"


def run(folder: Path, name: str, *arguments: str) -> list[str]:
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_search_runs_on_a_cluster_of_this_machine(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    found = run(tmp_path, "cluster_here.py", "data.npz")
    assert found and all(line.endswith("model.mlpackage") for line in found)

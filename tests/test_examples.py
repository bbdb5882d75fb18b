"""The examples that are scripts run as a user runs them, on small data."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from commands import environment
from tiny import write_tiny

import anenas

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


def test_a_search_goes_by_a_table_of_latencies(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    [line, *_] = run(tmp_path, "own_latency_table.py", "data.npz")
    assert "ms by the table" in line and 0.1 < float(line.split()[1]) < 0.2  # what the table says, not the estimate


def test_a_bundle_is_used_without_anenas(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    data, space = str(tmp_path / "data.npz"), str(tmp_path / "tiny.yaml")
    where = {"store": tmp_path / "store", "exports": tmp_path / "exports"}
    found = anenas.run_search(space, data=data, trials=1, epochs=1, final="none", study="tiny", **where)
    bundle = anenas.export("tiny", tmp_path / "bundle", pick=found.front[0].trial, store=tmp_path / "store")
    lines = run(tmp_path, "bundle_alone.py", str(bundle.path))
    assert lines and all(line.startswith("input ") and line.endswith("%") for line in lines)


def test_the_notebook_runs_from_the_first_cell_to_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    notebook = nbformat.read(EXAMPLES / "notebook.ipynb", as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert (tmp_path / "exports/stripes/report.html").is_file()
    printed = [output.text for output in notebook.cells[-1].outputs if output.output_type == "stream"]
    assert "model.mlpackage" in "".join(printed)

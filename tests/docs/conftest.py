"""What the pages of the documentation begin with: the user's data, and a study that a search has left."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from commands import run_command
from filelock import FileLock
from readers_data import write_readers_data

SEARCH = "search --space tiny.yaml --data images:photos --study photos --input 3x16x16 --trials 1 --epochs 1"
"""The search that the guides begin with, in small."""


@pytest.fixture(scope="session")
def readers_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a reader of the guides has it after the first search; made once for all test processes."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder = base / "reader"
    with FileLock(base / "reader.lock"):
        if not (made := base / "reader.made").exists():
            _prepare(folder)
            made.touch()
    return folder


def _prepare(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    write_readers_data(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        ran = run_command(patch, [*SEARCH.split(), "--final", "none", "--executor", "serial"])
    assert ran.code == 0, ran.err

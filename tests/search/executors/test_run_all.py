from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from anenas.search import Outcome, ProcessExecutor, SerialExecutor, Task, TrialFiles, run_all
from anenas.search.executors import _run_all


def noted(files: TrialFiles) -> str:
    """Dies the first time where a file says so."""
    if (files.folder / "dies").exists():
        (files.folder / "dies").unlink()
        os._exit(1)
    if (files.folder / "always").exists():
        os._exit(1)
    return files.folder.name


def tasks(folder: Path, count: int) -> list[tuple[int, Task]]:
    for i in range(count):
        (folder / str(i)).mkdir()
    return [(i, Task(noted, TrialFiles(folder / str(i), None))) for i in range(count)]


def test_every_task_is_run_and_asked_for_when_there_is_a_place(executor: ProcessExecutor, tmp_path: Path) -> None:
    asked, ended = [], []

    def lazily() -> Iterator[tuple[int, Task]]:
        for key, task in tasks(tmp_path, 5):
            asked.append(key)
            assert len(asked) - len(ended) <= executor.slots
            yield key, task

    for key, outcome in run_all(executor, lazily()):
        ended.append(key)
        assert outcome.value == str(key)
    assert sorted(ended) == [0, 1, 2, 3, 4]


def test_a_task_whose_worker_dies_is_tried_once_more(executor: ProcessExecutor, tmp_path: Path) -> None:
    given = tasks(tmp_path, 3)
    (tmp_path / "0" / "dies").touch()
    (tmp_path / "1" / "always").touch()
    found = dict(run_all(executor, given))
    assert (found[0].value, found[2].value) == ("0", "2")
    assert found[1].died and found[1].error


def test_past_the_deadline_nothing_begins(tmp_path: Path) -> None:
    with SerialExecutor() as executor:
        assert list(run_all(executor, tasks(tmp_path, 2), time.monotonic())) == []


def test_what_runs_at_the_deadline_is_given_up_and_the_rest_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=100.0)

    class Endless(SerialExecutor):
        """Where nothing ends, and time passes while it is waited for."""

        begun, waited = list[int](), list[float]()

        def submit(self, key: int, task: Task) -> None:
            self.begun.append(key)
            super().submit(key, task)

        def wait(self, timeout: float = math.inf) -> list[tuple[int, Outcome]]:
            self.waited.append(timeout)
            clock.now += timeout
            return []

    monkeypatch.setattr(_run_all, "time", SimpleNamespace(monotonic=lambda: clock.now))
    executor = Endless()
    assert list(run_all(executor, tasks(tmp_path, 2), 107.0)) == []
    assert (executor.begun, executor.waited, executor._submitted) == ([0], [7.0], [])

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from anenas.search import ProcessExecutor, SerialExecutor, Task, TrialFiles, run_all


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

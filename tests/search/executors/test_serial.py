"""What every executor holds is in `test_base.py`."""

from __future__ import annotations

import functools
from pathlib import Path

from pretend import add, fail

from anenas.search import EXECUTORS, Outcome, SerialExecutor, Task, TrialFiles


def note(log: list[int], number: int, files: TrialFiles) -> int:
    log.append(number)
    return number


def test_tasks_run_one_by_one_in_their_order_when_they_are_waited_for(tmp_path: Path) -> None:
    log: list[int] = []
    executor = SerialExecutor()
    for key in (5, 3, 4):
        executor.submit(key, Task(functools.partial(note, log, key), TrialFiles(tmp_path)))
    assert log == []
    assert executor.wait() == [(5, Outcome(5))] and log == [5]
    assert executor.wait(0.0) == [(3, Outcome(3))] and log == [5, 3]


def test_an_error_of_a_task_is_its_outcome_and_the_next_goes_on(tmp_path: Path) -> None:
    executor = SerialExecutor()
    executor.submit(0, Task(functools.partial(fail, "no"), TrialFiles(tmp_path)))
    executor.submit(1, Task(functools.partial(add, 1, 2), TrialFiles(tmp_path)))
    assert [executor.wait(), executor.wait()] == [[(0, Outcome(error="RuntimeError: no"))], [(1, Outcome(3))]]


def test_who_leaves_it_leaves_nothing_behind(tmp_path: Path) -> None:
    log: list[int] = []
    with SerialExecutor() as executor:
        executor.submit(0, Task(functools.partial(note, log, 0), TrialFiles(tmp_path)))
    executor.submit(1, Task(functools.partial(note, log, 1), TrialFiles(tmp_path)))
    assert executor.wait() == [(1, Outcome(1))] and log == [1]


def test_it_is_asked_for_by_name_and_does_one_thing_at_a_time(tmp_path: Path) -> None:
    executor = EXECUTORS["serial"](workers=8, device=None, log_folder=tmp_path)
    assert isinstance(executor, SerialExecutor) and (executor.slots, executor.devices) == (1, 1)

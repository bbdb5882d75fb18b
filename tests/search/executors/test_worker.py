"""A worker process by itself, spoken to as its parent does; several are in `test_processes.py`."""

from __future__ import annotations

import functools
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import cloudpickle
import pretend
import pytest
from pretend import add, fail, unpicklable, warn

from anenas.search import Outcome, TrialFiles

Started = tuple[subprocess.Popen[bytes], Connection]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Started]]:
    """Starts a worker, which ends with the tests; what it prints is in its `stderr`."""
    started: list[Started] = []

    def start() -> Started:
        ours, theirs = socket.socketpair()
        paths = os.pathsep.join([*filter(None, sys.path), str(Path(pretend.__file__).parent)])
        process = subprocess.Popen(
            [sys.executable, "-m", "anenas.search.executors._worker", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env={**os.environ, "PYTHONPATH": paths},
            stderr=subprocess.PIPE,
        )
        theirs.close()
        started.append((process, Connection(ours.detach())))
        return started[-1]

    yield start
    for process, connection in started:
        process.kill()
        process.communicate()
        connection.close()


@pytest.fixture(scope="module")
def worker(start: Callable[[], Started]) -> Started:
    return start()


def answer(connection: Connection, function: Callable[..., object], *arguments: object) -> Outcome:
    connection.send_bytes(cloudpickle.dumps((functools.partial(function, *arguments), TrialFiles(Path()))))
    assert connection.poll(60)
    outcome: Outcome = pickle.loads(connection.recv_bytes())
    return outcome


def test_it_answers_one_task_after_the_other_though_one_fails(worker: Started) -> None:
    process, connection = worker
    assert answer(connection, add, 1, 2) == Outcome(3)
    assert answer(connection, fail, "no\nsuch") == Outcome(error="RuntimeError: no")
    assert "cannot be sent to another process" in str(answer(connection, unpicklable).error)
    assert answer(connection, add, 3, 4) == Outcome(7)
    assert process.poll() is None


def warn_twice(files: TrialFiles) -> None:
    for text in ("first", "again", "first"):
        warn(text, files)


def test_what_a_task_warns_of_is_told_once_and_with_no_other_task(worker: Started) -> None:
    _, connection = worker
    assert answer(connection, warn_twice).said == ("first", "again")
    assert answer(connection, add, 1, 2).said == ()


def test_it_leaves_to_its_parent_what_ctrl_c_means(worker: Started) -> None:
    process, connection = worker
    assert answer(connection, add, 1, 2) == Outcome(3)
    process.send_signal(signal.SIGINT)
    assert answer(connection, add, 1, 2) == Outcome(3)


def hold(file: Path, files: TrialFiles) -> None:
    file.touch()
    time.sleep(300)


def test_it_ends_with_its_parent_in_the_middle_of_a_task(start: Callable[[], Started], tmp_path: Path) -> None:
    process, connection = start()
    connection.send_bytes(cloudpickle.dumps((functools.partial(hold, tmp_path / "begun"), TrialFiles(Path()))))
    ends = time.monotonic() + 60
    while not (tmp_path / "begun").exists():
        assert time.monotonic() < ends
        time.sleep(0.05)
    connection.close()
    assert process.wait(30) == 1


def test_it_prints_where_a_task_failed(start: Callable[[], Started]) -> None:
    process, connection = start()
    assert answer(connection, fail, "no\nsuch").error
    connection.close()
    printed = process.communicate(timeout=30)[1].decode()
    assert "Traceback" in printed and "RuntimeError: no\nsuch" in printed

from __future__ import annotations

import dataclasses
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pretend
import pytest
from pretend import add, die, environment, fail, say, sleep, unpicklable

from anenas.search import ProcessExecutor, Task, TrialFiles
from anenas.search.executors import ENGINE


def task(function: Callable[..., object], *arguments: object) -> Task:
    return Task(functools.partial(function, *arguments), TrialFiles(Path()))


def test_tasks_run_and_answer_by_their_key(executor: ProcessExecutor) -> None:
    executor.submit(1, task(add, 1, 2))
    executor.submit(2, task(add, 3, 4))
    answers = dict(executor.wait())
    while len(answers) < 2:
        answers.update(executor.wait())
    assert {key: outcome.value for key, outcome in answers.items()} == {1: 3, 2: 7}
    assert executor.slots == 2


def test_an_error_is_told_in_a_line_and_the_worker_goes_on(executor: ProcessExecutor) -> None:
    executor.submit(1, task(fail, "first line\nsecond line"))
    [(key, outcome)] = executor.wait()
    assert (key, outcome.error, outcome.died) == (1, "RuntimeError: first line", False)
    executor.submit(2, task(add, 1, 1))
    assert executor.wait()[0][1].value == 2


def test_a_worker_that_is_killed_costs_its_own_task_only(executor: ProcessExecutor) -> None:
    executor.submit(1, task(die))
    executor.submit(2, task(sleep, 1.5))
    [(key, outcome)] = executor.wait()
    assert key == 1
    assert outcome.died
    assert "(signal 9, as the system does" in str(outcome.error)
    executor.submit(3, task(add, 2, 3))
    answers = dict(executor.wait())
    while len(answers) < 2:
        answers.update(executor.wait())
    assert answers[2].error is None
    assert answers[3].value == 5


def test_a_worker_killed_while_idle_is_replaced(executor: ProcessExecutor) -> None:
    executor.submit(0, task(add, 0, 0))
    executor.wait()
    for worker in executor._workers:
        worker.process.kill()
        worker.process.wait()
    for _ in range(2):
        executor.submit(1, task(add, 1, 1))
    assert [outcome.value for _, outcome in [*executor.wait(), *executor.wait()][:2]] == [2, 2]


def test_waiting_can_run_out_of_time(executor: ProcessExecutor) -> None:
    executor.submit(1, task(sleep, 30))
    assert executor.wait(timeout=0.05) == []


def test_cancelling_frees_every_worker(executor: ProcessExecutor) -> None:
    executor.submit(1, task(sleep, 30))
    executor.submit(2, task(sleep, 30))
    executor.cancel()
    executor.submit(3, task(add, 1, 1))
    executor.submit(4, task(add, 2, 2))
    answers = dict(executor.wait())
    while len(answers) < 2:
        answers.update(executor.wait())
    assert {key: outcome.value for key, outcome in answers.items()} == {3: 2, 4: 4}


def test_each_worker_has_its_own_environment(tmp_path: Path) -> None:
    with ProcessExecutor([{"GPU": "0"}, {"GPU": "1"}], tmp_path) as executor:
        for key in (1, 2):
            executor.submit(key, task(environment, "GPU"))
        seen: list[str] = []
        while len(seen) < 2:
            seen += [outcome.value for _, outcome in executor.wait()]
    assert sorted(seen) == ["0", "1"]


def test_what_workers_print_goes_to_their_log(tmp_path: Path) -> None:
    with ProcessExecutor([{}], tmp_path) as executor:
        executor.submit(1, task(say, "said in a worker"))
        executor.wait()
        executor.submit(2, task(fail, "wrong"))
        executor.wait()
    log = (tmp_path / "worker-0.log").read_text()
    assert "said in a worker" in log
    assert "RuntimeError: wrong" in log


def test_a_module_in_the_users_folder_does_not_shadow_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "queue.py").write_text("raise SystemExit(3)\n")
    monkeypatch.chdir(tmp_path)
    with ProcessExecutor([{}], tmp_path / "logs") as executor:
        executor.submit(1, task(add, 1, 1))
        assert executor.wait()[0][1].value == 2


def test_a_worker_that_cannot_start_says_why(tmp_path: Path) -> None:
    with ProcessExecutor([{"PYTHONIOENCODING": "no-such-codec"}], tmp_path) as executor:
        executor.submit(1, task(add, 1, 1))
        [(_, outcome)] = executor.wait()
    assert outcome.died
    assert "exit status 1: " in str(outcome.error)
    assert "no-such-codec" in Path(tmp_path / "worker-0.log").read_text()


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = (
        "import functools, pathlib\n"
        "from pretend import sleep\n"
        "from anenas.search import ProcessExecutor, Task, TrialFiles\n"
        f"executor = ProcessExecutor([{{}}], pathlib.Path({str(tmp_path)!r})).__enter__()\n"
        "executor.submit(1, Task(functools.partial(sleep, 60), TrialFiles(pathlib.Path())))\n"
        "print(executor._workers[0].process.pid, flush=True)\n"
        "executor.wait()\n"
    )
    folders = [*sys.path, str(Path(pretend.__file__).parent)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in folders if path)}
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment)
    assert parent.stdout
    worker = int(parent.stdout.readline())
    time.sleep(0.5)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{worker}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{worker}").exists()


def test_a_value_that_cannot_come_back_is_an_error_and_the_worker_goes_on(executor: ProcessExecutor) -> None:
    executor.submit(1, task(unpicklable))
    [(_, outcome)] = executor.wait()
    assert outcome.error and not outcome.died
    executor.submit(2, task(add, 1, 1))
    assert executor.wait()[0][1].value == 2


def test_a_function_of_the_users_own_script_travels_to_a_worker(executor: ProcessExecutor) -> None:
    offset = 3

    def add_offset(files: TrialFiles) -> int:
        return offset + len(files.folder.parts)

    executor.submit(1, Task(add_offset, TrialFiles(Path("a/b"))))
    assert executor.wait()[0][1].value == 5


def test_what_measures_has_a_process_of_its_own_beside_the_trainings(executor: ProcessExecutor) -> None:
    for key in range(executor.slots):
        executor.submit(key, task(sleep, 0.5))
    executor.submit(7, dataclasses.replace(task(add, 1, 2), needs=ENGINE))
    answers = dict(executor.wait())
    while len(answers) < executor.slots + 1:
        answers.update(executor.wait())
    assert answers[7].value == 3 and executor.devices == 1
    executor.submit(8, dataclasses.replace(task(die), needs=ENGINE))
    [(key, outcome)] = executor.wait()
    assert key == 8 and outcome.died
    executor.submit(9, dataclasses.replace(task(add, 2, 2), needs=ENGINE))
    assert executor.wait()[0][1].value == 4

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pretend
import pytest
from pretend import add, die, environment, fail, sleep

from anenas.search import Pool


def test_tasks_run_and_answer_by_their_key(pool: Pool) -> None:
    pool.submit("a", add, 1, 2)
    pool.submit("b", add, 3, 4)
    assert pool.idle == 0
    answers = dict(pool.wait())
    while len(answers) < 2:
        answers.update(pool.wait())
    assert {key: outcome.value for key, outcome in answers.items()} == {"a": 3, "b": 7}
    assert pool.idle == 2


def test_an_error_is_told_in_a_line_and_the_worker_goes_on(pool: Pool) -> None:
    pool.submit(1, fail, "first line\nsecond line")
    [(key, outcome)] = pool.wait()
    assert (key, outcome.error, outcome.died) == (1, "RuntimeError: first line", False)
    pool.submit(2, add, 1, 1)
    assert pool.wait()[0][1].value == 2


def test_a_worker_that_is_killed_costs_its_own_task_only(pool: Pool) -> None:
    pool.submit("dies", die)
    pool.submit("lives", sleep, 1.5)
    [(key, outcome)] = pool.wait()
    assert key == "dies"
    assert outcome.died
    assert "signal 9" in str(outcome.error)
    pool.submit("next", add, 2, 3)
    answers = dict(pool.wait())
    while len(answers) < 2:
        answers.update(pool.wait())
    assert answers["lives"].error is None
    assert answers["next"].value == 5


def test_a_worker_killed_while_idle_is_replaced(pool: Pool) -> None:
    pool.submit(0, add, 0, 0)
    pool.wait()
    for worker in pool._workers:
        worker.process.kill()
        worker.process.wait()
    for _ in range(2):
        pool.submit(1, add, 1, 1)
    assert [outcome.value for _, outcome in [*pool.wait(), *pool.wait()][:2]] == [2, 2]


def test_waiting_can_run_out_of_time(pool: Pool) -> None:
    pool.submit(1, sleep, 30)
    assert pool.wait(timeout=0.05) == []
    assert pool.tasks == [1]


def test_cancelling_frees_every_worker(pool: Pool) -> None:
    pool.submit(1, sleep, 30)
    pool.submit(2, sleep, 30)
    pool.cancel()
    assert pool.tasks == []
    pool.submit(3, add, 1, 1)
    assert pool.wait()[0][1].value == 2


def test_each_worker_has_its_own_environment(tmp_path: Path) -> None:
    with Pool([{"GPU": "0"}, {"GPU": "1"}], tmp_path) as pool:
        for key in ("a", "b"):
            pool.submit(key, environment, "GPU")
        seen = []
        while pool.tasks:
            seen += [outcome.value for _, outcome in pool.wait()]
    assert sorted(seen) == ["0", "1"]


def test_what_workers_print_goes_to_their_log(tmp_path: Path) -> None:
    with Pool([{}], tmp_path) as pool:
        pool.submit(1, print, "said in a worker")
        pool.wait()
        pool.submit(2, fail, "wrong")
        pool.wait()
    log = (tmp_path / "worker-0.log").read_text()
    assert "said in a worker" in log
    assert "RuntimeError: wrong" in log


def test_a_module_in_the_users_folder_does_not_shadow_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "queue.py").write_text("raise SystemExit(3)\n")
    monkeypatch.chdir(tmp_path)
    with Pool([{}], tmp_path / "logs") as pool:
        pool.submit(1, add, 1, 1)
        assert pool.wait()[0][1].value == 2


def test_a_worker_that_cannot_start_says_why(tmp_path: Path) -> None:
    with Pool([{"PYTHONIOENCODING": "no-such-codec"}], tmp_path) as pool:
        pool.submit(1, add, 1, 1)
        [(_, outcome)] = pool.wait()
    assert outcome.died
    assert "exit status 1: " in str(outcome.error)
    assert "no-such-codec" in Path(tmp_path / "worker-0.log").read_text()


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = (
        "import pathlib, sys\n"
        "from pretend import sleep\n"
        "from anenas.search import Pool\n"
        f"pool = Pool([{{}}], pathlib.Path({str(tmp_path)!r}))\n"
        "pool.submit(1, sleep, 60)\n"
        "print(pool._workers[0].process.pid, flush=True)\n"
        "pool.wait()\n"
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

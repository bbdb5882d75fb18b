"""The executor on real schedulers and workers; what every executor holds is in `../test_base.py`."""

from __future__ import annotations

import functools
import logging
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pretend import add, environment, sleep

from anenas._errors import AnenasError
from anenas.search import Outcome, Task, TrialFiles
from anenas.search.executors import StepsFile, read_steps
from anenas.search.executors.cluster import DaskExecutor, make_certificates

Starts = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "trial").mkdir()
    return tmp_path / "trial"


def task(folder: Path, function: Callable[..., object], *arguments: object, data: Path | None = None) -> Task:
    return Task(functools.partial(function, *arguments), TrialFiles(folder, data))


def note(file: Path, seconds: float, files: TrialFiles) -> str:
    """Write down that this began, and leave a file."""
    with file.open("a") as log:
        log.write("began\n")
    time.sleep(seconds)
    (files.folder / "left").touch()
    return "done"


def test_a_worker_that_is_killed_costs_no_trial(
    scheduler: Starts, worker: Starts, port: int, folder: Path, tmp_path: Path
) -> None:
    scheduler()
    first = worker()
    with DaskExecutor(f"tcp://127.0.0.1:{port}") as executor:
        assert executor.slots == 1
        log = tmp_path / "log"
        executor.submit(1, task(folder, note, log, 3.0))
        while not log.exists():
            time.sleep(0.1)
        first.kill()
        worker()
        assert executor.wait() == [(1, Outcome("done"))]
    assert log.read_text() == "began\n" * 2
    assert [path.name for path in folder.iterdir()] == ["left"]


def tell(steps: int, seconds: float, files: TrialFiles) -> None:
    """Tell of a step, take a while, and leave nothing."""
    told = StepsFile(files.folder)
    told(3, steps)
    time.sleep(seconds)
    told.remove()


def test_how_far_a_trial_is_is_told_here_while_it_runs(
    scheduler: Starts, worker: Starts, port: int, folder: Path
) -> None:
    scheduler()
    worker()
    with DaskExecutor(f"tcp://127.0.0.1:{port}") as executor:
        assert executor.slots == 1
        executor.submit(1, task(folder, tell, 10, 4.0))
        ended = []
        while not (ended or read_steps(folder)):
            ended += executor.wait(0.1)
        assert (ended, read_steps(folder)) == ([], (3, 10))
        assert executor.wait() == [(1, Outcome())]
    assert list(folder.iterdir()) == []


def test_a_scheduler_that_comes_back_is_given_its_trials_again(
    scheduler: Starts, worker: Starts, port: int, folder: Path, tmp_path: Path
) -> None:
    first = scheduler()
    worker()
    log = tmp_path / "log"
    with DaskExecutor(f"tcp://127.0.0.1:{port}", timeout=3) as executor:
        assert executor.slots == 1
        executor.submit(1, task(folder, note, log, 0.5))
        executor.submit(2, task(folder, note, log, 0.5))
        first.kill()
        first.wait()
        scheduler()
        worker()
        ended = executor.wait()
        while len(ended) < 2:
            ended += executor.wait()
    assert sorted(ended) == [(1, Outcome("done")), (2, Outcome("done"))]


def test_cancelled_trials_free_their_worker(scheduler: Starts, worker: Starts, port: int, folder: Path) -> None:
    scheduler()
    worker()
    with DaskExecutor(f"tcp://127.0.0.1:{port}") as executor:
        assert executor.slots == 1
        executor.submit(1, task(folder, sleep, 300))
        assert executor.wait(timeout=2) == []
        executor.cancel()
        executor.submit(2, task(folder, add, 1, 1))
        assert executor.wait(timeout=60) == [(2, Outcome(2))]


def test_a_worker_of_another_version_is_refused_with_both_named(
    scheduler: Starts, worker: Starts, port: int, tmp_path: Path
) -> None:
    other = tmp_path / "other" / "anenas-9.9.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: anenas\nVersion: 9.9\n")
    scheduler()
    worker(PYTHONPATH=str(other.parent))
    executor = DaskExecutor(f"tcp://127.0.0.1:{port}")
    with pytest.raises(AnenasError, match=r"has anenas 9\.9 \(here 0\.1\.0\); install the same on both"), executor:
        assert executor.slots == 1


def test_a_worker_of_another_version_that_comes_later_gets_no_trial(
    scheduler: Starts, worker: Starts, port: int, folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = tmp_path / "other" / "anenas-9.9.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: anenas\nVersion: 9.9\n")
    scheduler()
    worker()
    with DaskExecutor(f"tcp://127.0.0.1:{port}") as executor:
        assert executor.slots == 1
        worker("--name", "stranger", PYTHONPATH=str(other.parent))
        until = time.monotonic() + 60
        while "anenas 9.9" not in caplog.text and time.monotonic() < until:
            assert executor.slots == 1
            time.sleep(0.5)
        for key in range(3):
            executor.submit(key, task(folder, add, key, 1))
            assert executor.wait() == [(key, Outcome(key + 1))]


def test_each_trial_has_a_gpu_of_its_own(
    scheduler: Starts, worker: Starts, port: int, folder: Path, tmp_path: Path
) -> None:
    scheduler()
    worker("--nthreads", "4", "--resources", "GPU=2", CUDA_VISIBLE_DEVICES="3,5")
    worker("--nthreads", "4")  # without a GPU: no trial is for it
    with DaskExecutor(f"tcp://127.0.0.1:{port}") as executor:
        assert executor.slots == 2
        (tmp_path / "other").mkdir()
        executor.submit(1, task(folder, seen_gpu, 1.0))
        executor.submit(2, task(tmp_path / "other", seen_gpu, 1.0))
        ended = executor.wait()
        while len(ended) < 2:
            ended += executor.wait()
    assert sorted(str(outcome.value) for _, outcome in ended) == ["3", "5"]


def seen_gpu(seconds: float, files: TrialFiles) -> str:
    time.sleep(seconds)
    return environment("CUDA_VISIBLE_DEVICES", files)


def read(files: TrialFiles) -> str:
    assert files.data
    return (files.data / "deep" / "set").read_text()


def test_data_travel_once_and_are_kept_by_their_content(
    scheduler: Starts, worker: Starts, port: int, folder: Path, tmp_path: Path
) -> None:
    data, home = tmp_path / "data", tmp_path / "home"
    (data / "deep").mkdir(parents=True)
    (data / "deep" / "set").write_text("the set")
    (data / "empty").touch()
    home.mkdir()
    scheduler()
    worker(HOME=str(home))
    kept = home / ".cache" / "anenas" / "content"
    with DaskExecutor(f"tcp://127.0.0.1:{port}") as executor:
        assert executor.slots == 1
        executor.submit(1, task(folder, read, data=data))
        assert executor.wait() == [(1, Outcome("the set"))]
        (arrived,) = kept.iterdir()
        before = arrived.stat().st_ino
        executor.submit(2, task(folder, read, data=data))
        assert executor.wait() == [(2, Outcome("the set"))]
        assert arrived.stat().st_ino == before
        shutil.rmtree(arrived)  # as when another search needed the room
        executor.submit(3, task(folder, read, data=data))
        assert executor.wait() == [(3, Outcome("the set"))]


def test_data_travel_once_to_a_machine_that_runs_several_trials(
    scheduler: Starts, worker: Starts, port: int, folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    (tmp_path / "data" / "deep").mkdir(parents=True)
    (tmp_path / "data" / "deep" / "set").write_text("the set")
    (tmp_path / "home").mkdir()
    (tmp_path / "other").mkdir()
    scheduler()
    worker("--nthreads", "2", HOME=str(tmp_path / "home"))
    with DaskExecutor(f"tcp://127.0.0.1:{port}") as executor:
        assert executor.slots == 2
        executor.submit(1, task(folder, read, data=tmp_path / "data"))
        executor.submit(2, task(tmp_path / "other", read, data=tmp_path / "data"))
        ended = executor.wait()
        while len(ended) < 2:
            ended += executor.wait()
    assert sorted(ended) == [(1, Outcome("the set")), (2, Outcome("the set"))]
    assert caplog.text.count("sending the data") == 1


def test_a_later_search_has_its_own_data_where_an_earlier_one_had_others(
    scheduler: Starts, worker: Starts, port: int, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "data" / "deep").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    scheduler()
    worker(HOME=str(tmp_path / "home"))
    executor = DaskExecutor(f"tcp://127.0.0.1:{port}")
    for content in ("the set", "another"):
        (tmp_path / "data" / "deep" / "set").write_text(content)
        with executor:
            assert executor.slots == 1
            executor.submit(1, task(folder, read, data=tmp_path / "data"))
            assert executor.wait() == [(1, Outcome(content))]


def test_a_machine_that_cannot_keep_the_data_is_left_out(
    scheduler: Starts, worker: Starts, port: int, folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "data" / "deep").mkdir(parents=True)
    (tmp_path / "data" / "deep" / "set").write_text("the set")
    full, home = tmp_path / "full", tmp_path / "home"
    (full / ".cache").mkdir(parents=True)
    home.mkdir()
    (full / ".cache" / "anenas").write_text("a file where a folder should be")
    scheduler()
    worker(HOME=str(full))
    with DaskExecutor(f"tcp://127.0.0.1:{port}") as executor:
        assert executor.slots == 1
        worker(HOME=str(home))
        until = time.monotonic() + 60
        while executor.slots < 2 and time.monotonic() < until:
            time.sleep(0.5)
        (tmp_path / "other").mkdir()
        executor.submit(1, task(folder, read, data=tmp_path / "data"))
        executor.submit(2, task(tmp_path / "other", read, data=tmp_path / "data"))
        ended = executor.wait()
        while len(ended) < 2:
            ended += executor.wait()
        assert sorted(ended) == [(1, Outcome("the set")), (2, Outcome("the set"))]
        assert executor.slots == 1
    assert "cannot keep the data: " in caplog.text


def test_where_no_machine_can_keep_the_data_the_search_ends(
    scheduler: Starts, worker: Starts, port: int, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "full" / ".cache").mkdir(parents=True)
    (tmp_path / "full" / ".cache" / "anenas").write_text("a file where a folder should be")
    scheduler()
    worker(HOME=str(tmp_path / "full"))
    with DaskExecutor(f"tcp://127.0.0.1:{port}") as executor:
        assert executor.slots == 1
        executor.submit(1, task(folder, read, data=tmp_path / "data"))
        with pytest.raises(AnenasError, match=r"cannot keep the data: "):
            executor.wait()


def test_a_cluster_of_certificates_takes_who_has_them_alone(
    scheduler: Starts, worker: Starts, port: int, folder: Path, tmp_path: Path
) -> None:
    for name in ("ours", "theirs"):
        make_certificates(tmp_path / name)
    ours = [str(tmp_path / "ours" / name) for name in ("ca.pem", "node.pem", "node-key.pem")]
    options = [word for pair in zip(("--tls-ca-file", "--tls-cert", "--tls-key"), ours, strict=True) for word in pair]
    scheduler("--protocol", "tls", *options)
    worker(*options, scheme="tls")
    address = f"tls://127.0.0.1:{port}"
    with DaskExecutor(address, tls=tmp_path / "ours") as executor:
        assert executor.slots == 1
        executor.submit(1, task(folder, add, 1, 2))
        assert executor.wait() == [(1, Outcome(3))]
    with pytest.raises(AnenasError, match=rf"{address} does not take certificates of those of '.*theirs'"):
        DaskExecutor(address, tls=tmp_path / "theirs", timeout=2).__enter__()


def end_worker(files: TrialFiles) -> None:
    os.kill(os.getppid(), signal.SIGKILL)


@pytest.mark.slow
def test_a_trial_that_ends_workers_is_given_up_after_three_more(
    scheduler: Starts, start: Starts, port: int, folder: Path
) -> None:
    scheduler()
    start("distributed.cli.dask_worker", f"tcp://127.0.0.1:{port}", "--nthreads", "1", "--no-dashboard")
    with DaskExecutor(f"tcp://127.0.0.1:{port}") as executor:
        assert executor.slots == 1
        executor.submit(1, task(folder, end_worker))
        assert executor.wait(180) == [(1, Outcome(error="it ended 4 workers, one after the other"))]
        executor.submit(2, task(folder, add, 1, 2))
        assert executor.wait(60) == [(2, Outcome(3))]

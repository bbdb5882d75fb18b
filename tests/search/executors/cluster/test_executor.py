"""The executor on real schedulers and workers; what every executor holds is in `../test_base.py`."""

from __future__ import annotations

import dataclasses
import functools
import logging
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pretend import add, environment, sleep

from anenas._errors import AnenasError
from anenas.search import Outcome, Task, TrialFiles
from anenas.search.executors import StepsFile, read_steps
from anenas.search.executors.cluster import DaskExecutor, _executor, make_certificates

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


class Cluster:
    """A scheduler as a client sees it, of workers that a test names; what it is given stays where it is."""

    def __init__(self, **workers: dict[str, Any]) -> None:
        self.workers = {
            f"tcp://10.0.0.1:{i}": self.worker(name, **one) for i, (name, one) in enumerate(workers.items())
        }
        self.scheduler, self.status = SimpleNamespace(address="tcp://127.0.0.1:1"), "running"
        self.given: list[dict[str, Any]] = []
        self.cancelled: list[object] = []
        self.looks, self.asked = 0, list[str]()
        self.versions: dict[str, object] = {}

    @staticmethod
    def worker(name: object, nthreads: int = 1, **resources: float) -> dict[str, Any]:
        return {"name": name, "host": "10.0.0.1", "nthreads": nthreads, "resources": resources}

    def scheduler_info(self, n_workers: int) -> dict[str, Any]:
        self.looks += 1
        return {"workers": self.workers}

    def run(self, function: Callable[[], object], workers: list[str], on_error: str) -> dict[str, object]:
        self.asked += workers
        return {address: self.versions.get(address, function()) for address in workers}

    def subscribe_topic(self, topic: str, handler: object) -> None: ...

    def submit(self, function: object, sent: bytes, **options: Any) -> SimpleNamespace:
        self.given.append(options)
        return SimpleNamespace(status="pending", add_done_callback=lambda note: None, number=len(self.given))

    def cancel(self, futures: list[SimpleNamespace], force: bool) -> None:
        assert force
        self.cancelled += [future.number for future in futures]

    def close(self) -> None:
        raise AssertionError("it is the caller's")


class Clock:
    """Moves on only where somebody sleeps, or a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(_executor, "time", clock)
    return clock


MEASURE = "ANE"


def test_trials_fill_the_threads_or_where_there_are_some_the_gpus(clock: Clock, folder: Path) -> None:
    with DaskExecutor(Cluster(a={"nthreads": 4}, b={"nthreads": 3})) as executor:
        assert (executor.slots, executor.devices) == (7, 0)
        executor.submit(0, task(folder, add, 1, 2))
        assert executor._client.given[0]["resources"] is None and executor._client.given[0]["workers"] is None
    with DaskExecutor(Cluster(a={"nthreads": 4}, b={"nthreads": 3, "GPU": 1}, c={"GPU": 2})) as executor:
        assert (executor.slots, executor.devices) == (3, 0)
        executor.submit(0, task(folder, add, 1, 2))
        assert executor._client.given[0]["resources"] == {"GPU": 1} and executor._client.given[0]["workers"] is None


def test_once_something_is_measured_trials_leave_the_devices_alone_if_there_are_others(
    clock: Clock, folder: Path
) -> None:
    other = "tcp://10.0.0.1:1"
    measuring = dataclasses.replace(task(folder, add, 1, 2), needs=MEASURE)
    cluster = Cluster(mac={"nthreads": 8, MEASURE: 1}, other={"nthreads": 3})
    with DaskExecutor(cluster) as executor:
        assert (executor.slots, executor.devices) == (11, 1)
        executor.submit(-1, measuring)
        assert (executor.slots, executor.devices) == (3, 1)
        executor.submit(0, task(folder, add, 1, 2))
        assert [(one["resources"], one["workers"]) for one in cluster.given] == [({MEASURE: 1}, None), (None, [other])]
    cluster = Cluster(mac={"nthreads": 8, MEASURE: 1}, laptop={"nthreads": 2, MEASURE: 1})
    with DaskExecutor(cluster) as executor:
        executor.submit(-1, measuring)
        assert (executor.slots, executor.devices) == (10, 2)
        executor.submit(0, task(folder, add, 1, 2))
        executor.submit(-2, dataclasses.replace(measuring, avoid=frozenset({"mac"})))
        executor.submit(-3, dataclasses.replace(measuring, avoid=frozenset({"mac", "laptop"})))
        assert [one["workers"] for one in cluster.given] == [None, None, [other], None]


def test_a_worker_is_called_by_its_name_or_by_its_host(clock: Clock) -> None:
    cluster = Cluster(desk={}, other={})
    cluster.workers |= {"tcp://10.0.0.1:8": Cluster.worker("tcp://10.0.0.1:8"), "tcp://10.0.0.1:9": Cluster.worker(3)}
    with DaskExecutor(cluster) as executor:
        places = [executor._place(address) for address in [*cluster.workers, "tcp://10.0.0.7:1"]]
    assert places == ["desk", "other", "10.0.0.1", "10.0.0.1", "tcp://10.0.0.7:1"]


def test_workers_of_other_versions_are_asked_once_and_left_out(
    clock: Clock, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cluster = Cluster(desk={"nthreads": 4}, other={"nthreads": 2})
    cluster.versions["tcp://10.0.0.1:1"] = ModuleNotFoundError("no anenas\nat all")
    with DaskExecutor(cluster) as executor:
        assert executor.slots == 4
        executor.submit(0, task(folder, add, 1, 2))
        assert cluster.given[0]["workers"] == ["tcp://10.0.0.1:0"]
        clock.sleep(10)
        assert executor.slots == 4
    assert cluster.asked == ["tcp://10.0.0.1:0", "tcp://10.0.0.1:1"]
    told = "the worker tcp://10.0.0.1:1 has no anenas; install the same on both"
    assert [one.getMessage() for one in caplog.records if one.name.startswith("anenas.")] == [told]
    cluster = Cluster(desk={})
    cluster.versions["tcp://10.0.0.1:0"] = ModuleNotFoundError("no anenas")
    with pytest.raises(AnenasError, match=r"^the worker tcp://10\.0\.0\.1:0 has no anenas"), DaskExecutor(cluster):
        pass


def test_workers_are_looked_for_every_two_seconds_at_most(clock: Clock) -> None:
    cluster = Cluster(desk={"nthreads": 4})
    with DaskExecutor(cluster) as executor:
        looks = []
        for seconds in (0, 2, 0.5, 1, 1.5):
            clock.sleep(seconds)
            assert executor.slots == 4 and executor.devices == 0
            looks.append(cluster.looks)
    assert looks == [1, 1, 2, 2, 3]


def test_a_first_worker_is_waited_for_five_minutes(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster()
    with DaskExecutor(cluster) as executor:
        with pytest.raises(AnenasError) as raised:
            assert executor.slots
        assert str(raised.value) == (
            "no worker connected to tcp://127.0.0.1:1 within 300 s: start one with `anenas worker --scheduler ADDRESS`"
        )
        assert 400 < clock.now <= 402
        look = cluster.scheduler_info

        def late(n_workers: int) -> dict[str, Any]:
            if clock.now > 500:
                cluster.workers = {"tcp://10.0.0.1:1": Cluster.worker("late", nthreads=3)}
            return look(n_workers)

        monkeypatch.setattr(cluster, "scheduler_info", late)
        assert executor.slots == 3 and 500 < clock.now < 503


def test_what_needs_a_device_is_given_up_where_none_comes_back_within_five_minutes(clock: Clock, folder: Path) -> None:
    cluster = Cluster(mac={MEASURE: 1}, other={})
    mac = dict(cluster.workers)
    with DaskExecutor(cluster) as executor:
        executor.submit(0, task(folder, add, 1, 2))
        executor.submit(-1, dataclasses.replace(task(folder, add, 1, 2), needs=MEASURE))

        def wait(seconds: float, *, away: bool) -> list[tuple[int, Outcome]]:
            cluster.workers = {k: v for k, v in mac.items() if not (away and v["resources"])}
            clock.sleep(seconds)
            return executor.wait(0)

        assert wait(10, away=True) == [] == wait(299, away=True)
        assert wait(10, away=False) == [], "it has come back"
        assert wait(10, away=True) == [] == wait(299, away=True)
        error = "no worker with the resource ANE came back within 300 s"
        assert wait(1, away=True) == [(-1, Outcome(error=error, died=True))]
        assert cluster.cancelled == [2] and wait(900, away=True) == []
    assert cluster.cancelled == [2, 1], "whatever runs is given up by who leaves"


def test_a_client_that_its_caller_has_closed_ends_the_search_and_one_that_connects_does_not(clock: Clock) -> None:
    cluster = Cluster(desk={})
    with DaskExecutor(cluster) as executor:
        for cluster.status in ("running", "connecting"):
            assert executor.wait(0) == []
        cluster.status = "closed"
        with pytest.raises(AnenasError, match="the Dask client of this search was closed"):
            executor.wait(0)


def test_how_far_a_task_is_is_told_while_it_runs(clock: Clock, folder: Path) -> None:
    with DaskExecutor(Cluster(desk={})) as executor:
        executor.submit(4, task(folder, add, 1, 2))
        for key, step in ((4, 3), (5, 9)):
            executor._note_steps((0.0, (key, step, 10)))
        assert read_steps(folder) == (3, 10)


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

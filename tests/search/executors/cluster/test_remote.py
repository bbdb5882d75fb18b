"""On workers in this process, whose tasks have processes of their own; on others, in `test_executor.py`."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from distributed import Client, Future, LocalCluster
from pretend import environment, fail

from anenas._plugins import dumps, loads
from anenas.search import Outcome, TrialFiles
from anenas.search.executors import write_steps
from anenas.search.executors.cluster import _remote
from anenas.search.executors.cluster._content import _finish, _receive, digest_of
from anenas.search.executors.cluster._folders import pack, unpack
from anenas.search.executors.cluster._remote import Returned, Sent, _environment, runner

Submit = Callable[..., Future]


@pytest.fixture(scope="module", params=[{"GPU": 2}])
def cluster(request: pytest.FixtureRequest) -> Iterator[Client]:
    """Of one worker of three threads and two GPUs."""
    options = {"n_workers": 1, "threads_per_worker": 3, "resources": request.param}
    with LocalCluster(processes=False, dashboard_address=None, **options) as cluster, Client(cluster) as client:
        yield client


without_gpus = pytest.mark.parametrize("cluster", [{}], indirect=True)


@pytest.fixture(scope="module", autouse=True)
def processes() -> Iterator[None]:
    """Those of other tests have ended before these, and theirs end with them."""
    _end_idle()
    yield
    _end_idle()


def _end_idle() -> None:
    while _remote._idle:
        _, entries = _remote._idle.popitem()
        for process, timer in entries:
            timer.cancel()
            process.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """At how far a task is, and whether it is waited for."""
    monkeypatch.setattr(_remote, "_POLL", 0.05)


@pytest.fixture
def submit(cluster: Client, tmp_path: Path) -> Submit:
    """Sends a function to the worker, with what it is given."""
    (tmp_path / "trial").mkdir()

    def submit(
        function: Callable[[TrialFiles], object],
        data: str = "",
        donor: bytes | None = None,
        teacher: bytes | None = None,
        key: int = 0,
    ) -> Future:
        sent = Sent(dumps(function), pack(tmp_path / "trial"), data, donor, teacher, "steps", key)
        return cluster.submit(runner(), dumps(sent), pure=False)

    return submit


def returned(future: Future) -> Returned:
    found: Returned = loads(future.result(timeout=60))
    return found


def value(future: Future) -> object:
    outcome = returned(future).outcome
    assert outcome is not None
    found: Outcome = loads(outcome)
    assert found.error is None
    return found.value


def until(happened: Callable[[], object]) -> None:
    ends = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < ends
        time.sleep(0.02)


def is_alive(process: int) -> bool:
    """Whether it runs; one that has ended and was not asked about does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def read(files: TrialFiles) -> list[str | None]:
    """What each file holds, and leave another."""
    places = [files.folder / "checkpoint", files.data and files.data / "set", files.donor, files.teacher]
    found = [place.read_text() if place else None for place in places]
    (files.folder / "checkpoint").unlink()
    (files.folder / "weights").write_text("trained")
    return found


def test_a_task_finds_its_files_and_what_it_leaves_comes_back(
    cluster: Client, submit: Submit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "trial" / "checkpoint").write_text("half way")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "set").write_text("the set")
    digest = digest_of(tmp_path / "data")
    _receive(digest, "place", "set", b"the set")
    _finish(digest, "place")
    whole = returned(submit(read, digest, b"the donor's", b"the teacher's"))
    assert whole.outcome is not None
    assert loads(whole.outcome) == Outcome(["half way", "the set", "the donor's", "the teacher's"])
    assert [whole.worker] == list(cluster.scheduler_info()["workers"])
    unpack(whole.folder, tmp_path / "trial")
    assert {path.name: path.read_text() for path in (tmp_path / "trial").iterdir()} == {"weights": "trained"}


def test_a_task_without_data_donor_and_teacher_is_given_none(submit: Submit, tmp_path: Path) -> None:
    (tmp_path / "trial" / "checkpoint").write_text("half way")
    assert value(submit(read)) == ["half way", None, None, None]


def test_an_empty_file_to_begin_with_is_given_all_the_same(submit: Submit, tmp_path: Path) -> None:
    (tmp_path / "trial" / "checkpoint").write_text("half way")
    assert value(submit(read, donor=b"", teacher=b"")) == ["half way", None, "", ""]


def test_a_task_whose_data_are_not_on_the_machine_does_not_run(
    cluster: Client, submit: Submit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (address,) = cluster.scheduler_info()["workers"]
    assert returned(submit(fail, "not here")) == Returned(address)


def test_of_a_task_that_fails_nothing_comes_back_but_why(submit: Submit, tmp_path: Path) -> None:
    (tmp_path / "trial" / "checkpoint").write_text("half way")
    found = returned(submit(functools.partial(fail, "the cup is empty\nof all")))
    assert found.outcome is not None and found.folder == b""
    assert loads(found.outcome) == Outcome(error="RuntimeError: the cup is empty")


def step_by_step(go_on: Path, files: TrialFiles) -> None:
    """Tell of some steps, of one of them twice."""
    for step in (1, 1, 4):
        write_steps(files.folder, step, 9)
        time.sleep(0.4)
    until(go_on.exists)


def test_how_far_a_task_is_is_told_once_a_change(cluster: Client, submit: Submit, tmp_path: Path) -> None:
    told: list[tuple[int, int, int]] = []
    cluster.subscribe_topic("steps", lambda event: told.append(tuple(event[1])))
    try:
        future = submit(functools.partial(step_by_step, tmp_path / "go on"), key=7)
        until(lambda: len(told) == 2)
        (tmp_path / "go on").touch()
        value(future)
    finally:
        cluster.unsubscribe_topic("steps")
    assert told == [(7, 1, 9), (7, 4, 9)]


def noted(file: Path, files: TrialFiles) -> int:
    """Note the process of this, and end only when the file is gone."""
    file.write_text(str(os.getpid()))
    until(lambda: not file.exists())
    return os.getpid()


def process_in(file: Path) -> int:
    until(lambda: file.exists() and file.read_text())
    return int(file.read_text())


def own_process(files: TrialFiles) -> int:
    return os.getpid()


def test_a_task_that_nobody_waits_for_ends_with_its_process(cluster: Client, submit: Submit, tmp_path: Path) -> None:
    future = submit(functools.partial(noted, tmp_path / "process"))
    process = process_in(tmp_path / "process")
    assert is_alive(process)
    cluster.cancel([future], force=True)
    until(lambda: not is_alive(process))
    until(lambda: not _remote._gpus_in_use)
    assert value(submit(own_process)) != process


def test_tasks_one_after_the_other_have_one_process(submit: Submit) -> None:
    first = value(submit(own_process))
    assert returned(submit(functools.partial(fail, "no"))).folder == b""
    assert value(submit(own_process)) == first != os.getpid()


def test_tasks_side_by_side_have_processes_and_gpus_of_their_own(submit: Submit, tmp_path: Path) -> None:
    busy = submit(functools.partial(noted, tmp_path / "first"))
    first = process_in(tmp_path / "first")
    visible = functools.partial(environment, "CUDA_VISIBLE_DEVICES")
    other, seen = value(submit(own_process)), value(submit(visible))
    assert other != first and seen == "1"
    (tmp_path / "first").unlink()
    assert value(busy) == first
    assert value(submit(visible)) == "0" and value(submit(own_process)) == first
    assert _remote._gpus_in_use == set()


@without_gpus
def test_a_worker_without_gpus_hides_none(submit: Submit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "8")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    names = ("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS")
    assert [value(submit(functools.partial(environment, name))) for name in names] == ["8", "1"]


def test_a_process_that_is_not_used_again_ends(submit: Submit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_remote, "_IDLE", 0.2)
    process = value(submit(own_process))
    assert isinstance(process, int)
    until(lambda: not is_alive(process))
    assert value(submit(own_process)) not in (process, os.getpid())


def test_a_process_is_not_ended_for_having_been_idle_before(
    submit: Submit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_remote, "_IDLE", 1.5)
    first = value(submit(own_process))
    busy = submit(functools.partial(noted, tmp_path / "process"))
    assert process_in(tmp_path / "process") == first
    time.sleep(2)
    (tmp_path / "process").unlink()
    assert value(busy) == first


@pytest.mark.parametrize(
    ("visible", "gpu", "given"),
    [("", None, None), ("3,5", None, None), ("", 0, "0"), ("", 1, "1"), ("3,5", 0, "3"), ("3,5", 1, "5")],
)
def test_the_gpus_of_tasks_are_among_those_of_their_worker(
    visible: str, gpu: int | None, given: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    expected = {"CUDA_VISIBLE_DEVICES": given} if given else {}
    assert _environment(gpu) == {"OMP_NUM_THREADS": "1", **expected}

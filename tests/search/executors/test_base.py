"""What every executor holds, this machine's and one that shares no disk with the search."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster
from elsewhere import ElsewhereExecutor
from pretend import TRAINED, PretendEvaluator, fail, warn

from anenas.search import (
    PACKAGE,
    WEIGHTS,
    Executor,
    Outcome,
    Problem,
    ProcessExecutor,
    Rungs,
    Search,
    SerialExecutor,
    Study,
    Task,
    TrialFiles,
    make_sampler,
    run_all,
)
from anenas.search.executors.cluster import DaskExecutor
from anenas.space import Limits, SearchSpace

EXECUTORS: dict[str, Callable[[], Executor]] = {
    "serial": SerialExecutor,
    "processes": lambda: ProcessExecutor([{}]),
    "elsewhere": ElsewhereExecutor,
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=":0") as cluster:
        yield cluster


@pytest.fixture(params=[*EXECUTORS, "dask"])
def executor(request: pytest.FixtureRequest) -> Executor:
    if request.param == "dask":
        return DaskExecutor(request.getfixturevalue("cluster"))
    return EXECUTORS[request.param]()


def read_and_write(files: TrialFiles) -> str:
    assert files.data and files.donor and files.teacher
    given = [files.folder / "before", files.data / "set", files.donor, files.teacher]
    read = [file.read_text() for file in given]
    (files.folder / "after").mkdir()
    (files.folder / "after" / "file").write_text("left")
    return " ".join(read)


def test_files_are_there_for_the_task_and_what_it_leaves_comes_back(executor: Executor, tmp_path: Path) -> None:
    donor, teacher = tmp_path / "donor.safetensors", tmp_path / "teacher.safetensors"
    files = TrialFiles(tmp_path / "trial", tmp_path / "data", donor, teacher)
    for folder in (files.folder, tmp_path / "data"):
        folder.mkdir()
    (files.folder / "before").write_text("before")
    (tmp_path / "data" / "set").write_text("set")
    donor.write_text("donor")
    teacher.write_text("teacher")
    with executor:
        executor.submit(3, Task(read_and_write, files))
        assert executor.wait() == [(3, Outcome("before set donor teacher"))]
    assert (files.folder / "after" / "file").read_text() == "left"


def test_an_error_is_its_first_line(executor: Executor, tmp_path: Path) -> None:
    with executor:
        executor.submit(0, Task(functools.partial(fail, "first line\nsecond line"), TrialFiles(tmp_path)))
        assert executor.wait() == [(0, Outcome(error="RuntimeError: first line"))]


def test_what_a_task_warns_of_is_told_by_the_search(
    executor: Executor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    task = Task(functools.partial(warn, "the cup is empty"), TrialFiles(tmp_path))
    with executor:
        [(_, outcome)] = run_all(executor, [(0, task)])
    assert outcome.error is None
    told = [record.getMessage() for record in caplog.records if record.name.startswith("anenas.")]
    assert told == ["the cup is empty"]


def test_what_is_cancelled_never_ends(executor: Executor, tmp_path: Path) -> None:
    with executor:
        executor.submit(0, Task(functools.partial(fail, "cancelled"), TrialFiles(tmp_path)))
        executor.cancel()
        executor.submit(1, Task(functools.partial(fail, "later"), TrialFiles(tmp_path)))
        assert executor.wait() == [(1, Outcome(error="RuntimeError: later"))]


def test_a_search_with_rungs_and_donors_runs_through_it(executor: Executor, study: Study, space: SearchSpace) -> None:
    problem = Problem(space, 10, PretendEvaluator(), study.objectives, Limits())
    with executor:
        Search(study, problem, make_sampler("auto", 0), executor, rungs=Rungs(2), inherit=True).run(6)
    assert len(study.completed) == 6
    assert study.counts["failed"] == 0
    assert any(trial.donor is not None for trial in study.completed)
    for trial in study.completed:
        folder = study.trial_folder(trial.number)
        assert (folder / WEIGHTS).read_bytes() == TRAINED
        assert (folder / PACKAGE / "Manifest.json").is_file()

"""The device pool on a real cluster: two workers that have an engine, by their word, and one that trains."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import Scheduler, SpecCluster, Worker
from pretend import SPACE, PretendEvaluator, PretendMeter, add

from anenas.search import (
    DevicePool,
    DeviceSummary,
    Problem,
    Search,
    SearchSettings,
    Study,
    Task,
    TrialFiles,
    make_sampler,
)
from anenas.search.executors import ENGINE
from anenas.search.executors.cluster import DaskExecutor
from anenas.space import Limits, read_space


@contextlib.contextmanager
def cluster_of(**resources: dict[str, int]) -> Iterator[SpecCluster]:
    """Workers by name, on threads of this process, which start sooner than processes."""
    options = {name: {"nthreads": 1, "resources": has, "dashboard": False} for name, has in resources.items()}
    workers = {name: {"cls": Worker, "options": {"name": name, **one}} for name, one in options.items()}
    scheduler = {"cls": Scheduler, "options": {"dashboard": False, "host": "127.0.0.1", "port": 0}}
    with SpecCluster(workers=workers, scheduler=scheduler) as cluster:
        cluster.wait_for_workers(len(resources))
        yield cluster


@pytest.fixture
def cluster() -> Iterator[SpecCluster]:
    with cluster_of(mini={"ANE": 1}, studio={"ANE": 1}, trainer={}) as cluster:
        yield cluster


def test_devices_of_one_chip_are_pooled_and_what_one_fails_to_measure_another_does(
    cluster: SpecCluster, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    (tmp_path / "space.yaml").write_text(SPACE)
    settings = SearchSettings({"accuracy": 0.0, "latency_ms": 2.0}, space="pretend", chip="A15")
    study = Study.create_or_continue(tmp_path / "store", "s", settings, in_memory=True)
    space = read_space(tmp_path / "space.yaml")
    problem = Problem(space, 10, PretendEvaluator(), study.objectives, Limits(), "estimate")
    executor, meter = DaskExecutor(cluster), PretendMeter(fail_once=tmp_path / "failed")
    assert executor.devices == 2  # before it is entered, so that a search without any is refused at once
    with executor:
        assert executor.slots == 3
        devices = DevicePool(study, executor, meter, problem, "A15")
        Search(study, problem, make_sampler("random", 0), executor, devices=devices).run(4)
        assert executor.slots == 1  # once something was measured, only what has no engine trains
        devices.close()
    known = {trial.number: trial.evaluation.measurement for trial in study.completed}
    assert len(known) == 4 and all(one and one.latency for one in known.values())
    (failed,) = [record for record in caplog.records if "will be tried once more" in record.getMessage()]
    number, place = failed.args[0], failed.args[1]  # type: ignore[index]
    again = known[int(str(number))]
    assert again and {again.place, str(place).removeprefix(" on ")} == {"mini", "studio"}
    summary = DeviceSummary.of(study.finished)
    assert summary.compared >= 1 and summary.apart == 0  # of one model, which the other measured when it was idle
    assert not list((study.folder / "measuring").glob("*"))


@pytest.mark.parametrize("avoided", ["mini", "studio"])
def test_where_every_worker_has_an_engine_they_measure_and_train(avoided: str, tmp_path: Path) -> None:
    with cluster_of(mini={"ANE": 1}, studio={"ANE": 1}) as cluster, DaskExecutor(cluster) as executor:
        for key, needs in enumerate((ENGINE, "")):
            (folder := tmp_path / str(key)).mkdir()
            files, avoid = TrialFiles(folder), frozenset({avoided} if needs else ())
            executor.submit(key, Task(functools.partial(add, key, 1), files, needs, avoid))
            [(answered, outcome)] = executor.wait(60)
            assert (answered, outcome.value, executor.slots) == (key, key + 1, 2)
            assert outcome.place in {"mini", "studio"} - avoid

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pretend import SPACE, PretendEvaluator

from anenas.search import Problem, ProcessExecutor, Search, SearchSettings, Study, make_sampler
from anenas.search._store import open_storage
from anenas.space import Limits, SearchSpace, read_space

SETTINGS = SearchSettings({"accuracy": 0.0, "latency_ms": 0.5}, space="pretend", chip="A15")


@pytest.fixture(scope="session")
def space(tmp_path_factory: pytest.TempPathFactory) -> SearchSpace:
    path = tmp_path_factory.mktemp("space") / "pretend.yaml"
    path.write_text(SPACE)
    return read_space(path)


@pytest.fixture(scope="session")
def studies_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without studies, to be copied to a store: Optuna takes half a second to make one."""
    store = tmp_path_factory.mktemp("studies")
    open_storage(store)
    return store / "studies.db"


@pytest.fixture
def study(tmp_path: Path, studies_database: Path) -> Study:
    (tmp_path / "store").mkdir()
    shutil.copy(studies_database, tmp_path / "store")
    return Study.create_or_continue(tmp_path / "store", "s", SETTINGS)


@pytest.fixture
def problem(study: Study, space: SearchSpace) -> Problem:
    return Problem(space, 10, PretendEvaluator(), study.objectives, Limits(), latency_bound="estimate")


@pytest.fixture(scope="session")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessExecutor]:
    """Two worker processes for all tests: each takes seconds to start."""
    with ProcessExecutor([{}, {}], tmp_path_factory.mktemp("logs")) as workers:
        yield workers


@pytest.fixture
def executor(workers: ProcessExecutor) -> Iterator[ProcessExecutor]:
    yield workers
    workers.cancel()


@pytest.fixture
def searching(study: Study, space: SearchSpace, executor: ProcessExecutor) -> Callable[..., Search]:
    """Makes a search of the pretend space; keywords are those of the evaluator, and `limits`."""

    def make(limits: Limits | None = None, **options: Any) -> Search:
        evaluator = PretendEvaluator(**options)
        problem = Problem(space, 10, evaluator, study.objectives, limits or Limits(), latency_bound="estimate")
        return Search(study, problem, make_sampler("random", 0), executor)

    return make

"""A search outlives a database that is away for a while, between two of its statements."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import postgres
import pytest
from pretend import PretendEvaluator
from sqlalchemy import URL
from studies import search_alone

from anenas._errors import AnenasError
from anenas.search import (
    Evaluation,
    Study,
    TrialFiles,
    _patience,
    use_storage,
)
from anenas.space import Architecture, SearchSpace


@dataclass(frozen=True)
class Meanwhile(PretendEvaluator):
    """Trials, in the first of which something happens."""

    happens: list[Callable[[], None]] = field(default_factory=list)

    def evaluate(self, architecture: Architecture, files: TrialFiles, budget_fraction: float = 1.0) -> Evaluation:
        if self.happens:
            self.happens.pop()()
        return super().evaluate(architecture, files, budget_fraction)


@pytest.fixture
def store(tmp_path: Path, database: URL) -> Path:
    use_storage(tmp_path, database.render_as_string(hide_password=False))
    return tmp_path


@contextlib.contextmanager
def outage(server: postgres.Server, seconds: float) -> Iterator[Callable[[], None]]:
    """What kills the server, and starts it again so long after."""
    restart = threading.Timer(seconds, server.start)

    def begin() -> None:
        server.kill()
        restart.start()

    yield begin
    restart.join()


def search(store: Path, space: SearchSpace, happens: Callable[[], None]) -> Study:
    return search_alone(store, space, 3, evaluator=Meanwhile(happens=[happens]))


def test_a_search_waits_for_a_database_that_comes_back_and_tells_both_once(
    store: Path, space: SearchSpace, postgres_server: postgres.Server, caplog: pytest.LogCaptureFixture
) -> None:
    with outage(postgres_server, 1.0) as begin:
        study = search(store, space, begin)
    assert len(study.completed) == 3
    assert [trial.number for trial in Study.load(store, "s").completed] == [0, 1, 2]
    assert caplog.text.count("is away; the search waits for it, 10 minutes at most") == 1
    assert caplog.text.count("answers again, after ") == 1


def test_one_that_stays_away_is_one_line_and_what_was_answered_is_there(
    store: Path, space: SearchSpace, postgres_server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_patience, "PATIENCE", 0.5)
    with outage(postgres_server, 3.0) as begin, pytest.raises(AnenasError, match="cannot use the database"):
        search(store, space, begin)
    study = Study.load(store, "s")
    assert not study.completed and study.unanswered_numbers == [0]


def test_a_server_that_refuses_is_not_waited_for(
    store: Path, space: SearchSpace, database: URL, postgres_server: postgres.Server, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(AnenasError, match="there is no database"):
        search(store, space, lambda: postgres_server.do(f'DROP DATABASE "{database.database}" WITH (FORCE)'))
    assert "waits for it" not in caplog.text

"""A search outlives a database that is away for a while, between two of its statements."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import postgres
import pytest
from pretend import PretendEvaluator
from sqlalchemy import URL, Engine, NullPool, create_engine, text
from sqlalchemy.exc import OperationalError
from studies import search_alone

from anenas._errors import AnenasError
from anenas.search import (
    Evaluation,
    Study,
    TrialFiles,
    _patience,
    use_storage,
)
from anenas.search._store import open_storage
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
def outage(server: postgres.Server, seconds: float, frozen: float = 0.0) -> Iterator[Callable[[], None]]:
    """What kills the server and starts it again so long after; if `frozen`, first it answers nothing so long."""
    restart = threading.Timer(seconds, server.start)

    def kill() -> None:
        server.kill()
        restart.start()

    death = threading.Timer(frozen, kill)

    def begin() -> None:
        if frozen:
            server.freeze()
            death.start()
        else:
            kill()

    try:
        yield begin
    finally:
        for timer in (death, restart):
            if timer.ident:
                timer.join()


def search(store: Path, space: SearchSpace, happens: Callable[[], None]) -> Study:
    return search_alone(store, space, 3, evaluator=Meanwhile(happens=[happens]))


@pytest.mark.parametrize("frozen", [0.0, 0.5], ids=["killed", "reset"])
def test_a_search_waits_for_a_database_that_comes_back_and_tells_both_once(
    store: Path, space: SearchSpace, postgres_server: postgres.Server, caplog: pytest.LogCaptureFixture, frozen: float
) -> None:
    with outage(postgres_server, 1.0, frozen) as begin:
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


def test_a_connection_that_is_reset_within_a_statement_is_a_cut_one(
    store: Path, postgres_server: postgres.Server
) -> None:
    with outage(postgres_server, 0.1, frozen=0.5) as begin, open_storage(store).engine.connect() as connection:
        begin()
        with pytest.raises(OperationalError, match="reset by peer"):
            connection.execute(text("SELECT 1"))
        assert connection.invalidated


def test_a_server_that_refuses_is_not_waited_for(
    store: Path, space: SearchSpace, database: URL, postgres_server: postgres.Server, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(AnenasError, match="there is no database"):
        search(store, space, lambda: postgres_server.do(f'DROP DATABASE "{database.database}" WITH (FORCE)'))
    assert "waits for it" not in caplog.text


@dataclass
class Away:
    """A database that does not answer until it has been asked so often, and a clock that goes on by pauses alone."""

    monkeypatch: pytest.MonkeyPatch
    times: float
    pauses: list[float] = field(default_factory=list)

    def engine(self) -> Engine:
        engine = create_engine("sqlite://", poolclass=NullPool)
        answers = engine.dialect.connect

        def connect(*args: object, **options: object) -> object:
            assert len(self.pauses) < 1000, "it is asked for ever"
            if len(self.pauses) < self.times:
                raise sqlite3.OperationalError("connection refused")
            return answers(*args, **options)

        self.monkeypatch.setattr(engine.dialect, "connect", connect)
        clock = SimpleNamespace(monotonic=lambda: 9000 + sum(self.pauses), sleep=self.pauses.append)
        self.monkeypatch.setattr(_patience, "time", clock)
        return engine


def test_a_database_that_is_away_is_asked_less_and_less_often_until_patience_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    away = Away(monkeypatch, float("inf"))
    engine = away.engine()
    with _patience.patient(engine, "it"), pytest.raises(Exception, match="connection refused"):
        engine.connect()
    assert away.pauses[:6] == [0.5, 1, 2, 4, 8, 10] and set(away.pauses[6:]) == {10}
    assert _patience.PATIENCE < sum(away.pauses) <= _patience.PATIENCE + 10


def test_how_long_it_was_away_is_told(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    engine = Away(monkeypatch, 4).engine()
    with _patience.patient(engine, "it"):
        engine.connect().close()
        engine.connect().close()  # which is told nothing more
    assert caplog.messages == ["it is away; the search waits for it, 10 minutes at most", "it answers again, after 8 s"]
    with pytest.raises(Exception, match="connection refused"):
        Away(monkeypatch, 1).engine().connect()  # outside of the block nothing waits

"""One driver a study, in a database that several machines share."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

import pytest
from killed import together
from optuna.storages._rdb.models import StudyModel
from pretend import PretendEvaluator
from sqlalchemy import URL

from anenas._errors import AnenasError
from anenas.search import Problem, SearchSettings, Study, is_being_searched, make_sampler, searching, use_storage
from anenas.search import _lease as lease
from anenas.space import Limits, SearchSpace

SETTINGS = SearchSettings({"accuracy": 0.0, "latency_ms": 0.5}, space="pretend", chip="A15")


@pytest.fixture
def store(tmp_path: Path, database: URL) -> Path:
    use_storage(tmp_path / "store", database.render_as_string(hide_password=False))
    return tmp_path / "store"


def other_machine(store: Path, database: URL) -> Path:
    """The folder of another machine that has the same database."""
    other = store.parent / "other"
    use_storage(other, database.render_as_string(hide_password=False))
    return other


def test_a_second_driver_is_told_who_holds_the_study_and_until_when(store: Path, database: URL) -> None:
    other = other_machine(store, database)
    with searching(store, "s"):
        assert is_being_searched(other, "s") and is_being_searched(store, "s")
        who = rf"by process {os.getpid()} on {socket.gethostname()} until \d\d:\d\d:\d\d UTC"
        with pytest.raises(AnenasError, match=rf"{who}.* free in (59|60) seconds"), searching(other, "s"):
            pass
        with searching(other, "t"):
            pass
    with searching(other, "s"):
        assert is_being_searched(store, "s")
    assert not is_being_searched(store, "s")


def held_by_one_that_is_killed(store: Path) -> None:
    """As of a driver with kill -9."""

    def die() -> None:
        with searching(store, "s"):
            os.kill(os.getpid(), signal.SIGKILL)

    together([die], (-signal.SIGKILL,))


def test_the_study_of_a_killed_driver_is_free_at_once_there_and_elsewhere_after_its_lease(
    store: Path, database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = other_machine(store, database)
    monkeypatch.setattr(lease, "LEASE_SECONDS", 1.0)
    held_by_one_that_is_killed(store)
    with searching(store, "s"):  # its files are here, and no process of this machine holds them
        pass
    held_by_one_that_is_killed(store)
    with pytest.raises(AnenasError, match=r"free in [01] seconds, 1 after its last renewal"), searching(other, "s"):
        pass
    time.sleep(1.1)
    with searching(other, "s"):
        pass


def test_a_driver_that_is_alive_keeps_its_study(store: Path, database: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    other = other_machine(store, database)
    monkeypatch.setattr(lease, "LEASE_SECONDS", 0.8)
    with searching(store, "s") as check:
        time.sleep(1.2)
        check()
        with pytest.raises(AnenasError, match="is being searched"), searching(other, "s"):
            pass


def test_one_that_was_suspended_for_too_long_writes_no_more(
    store: Path, database: URL, space: SearchSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease.Lease, "_renew_on", lambda self: None)  # its threads stand still with it
    monkeypatch.setattr(lease, "LEASE_SECONDS", 0.2)
    with searching(store, "s") as guard:
        study = Study.create_or_continue(store, "s", SETTINGS)
        study.guard = guard
        problem = Problem(space, 10, PretendEvaluator(), study.objectives, Limits())
        trial = study.ask(make_sampler("random", 0), problem)
        time.sleep(0.3)
        with searching(other_machine(store, database), "s"), pytest.raises(AnenasError, match="was taken over by proc"):
            study.fail(trial, "late")
    assert [trial.state for trial in Study.load(store, "s").finished] == []


def test_what_a_row_of_the_table_says_fits_into_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Databases but SQLite refuse a text that is longer than its column; a study has a name that Optuna's table has."""
    monkeypatch.setattr(socket, "gethostname", lambda: "h" * 1000)
    columns = lease._table().c
    assert len(lease._myself()) == columns.who.type.length
    assert columns.study.type.length == StudyModel.__table__.c.study_name.type.length
    assert columns.owner.type.length >= 32  # a UUID's

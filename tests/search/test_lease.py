"""One driver a study, in a database that several machines share."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from killed import together
from optuna.storages._rdb.models import StudyModel
from pretend import PretendEvaluator
from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.exc import OperationalError

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


class Clock:
    """That of the database and that of this machine, which stand still."""

    def __init__(self) -> None:
        self.database, self.here = 1_000_000.0, 50.0

    def pass_by(self, seconds: float) -> None:
        self.database += seconds
        self.here += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(lease, "_now", lambda connection: clock.database)
    monkeypatch.setattr(lease, "time", SimpleNamespace(monotonic=lambda: clock.here))
    monkeypatch.setattr(lease.Lease, "_renew_on", lambda self: None)
    return clock


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Of a database that takes no time to start; the statements are the same for all."""
    engine = create_engine(f"sqlite:///{tmp_path / 'leases.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Of a study on two machines."""
    folders = [tmp_path / name for name in ("here", "there")]
    for folder in folders:
        folder.mkdir()
    return folders


def test_nobody_holds_what_was_never_held(engine: Engine, folders: list[Path], clock: Clock) -> None:
    assert lease.holder(engine, "s") is None
    lease.forget(engine, "s")
    with lease.leased(engine, "s", folders[0]):
        assert lease.holder(engine, "t") is None


def test_who_holds_a_study_holds_it_for_a_minute_by_the_database_s_clock(
    engine: Engine, folders: list[Path], clock: Clock
) -> None:
    with lease.leased(engine, "t", folders[1], 5.0), lease.leased(engine, "s", folders[0]):
        clock.pass_by(20)
        found = lease.holder(engine, "s")
        assert found and (found.seconds, found.until.timestamp()) == (40.0, 1_000_060.0)
        assert found.who == f"process {os.getpid()} on {socket.gethostname()}"
        written = json.loads((folders[0] / "lease.json").read_text())
        assert written == {"owner": found.owner, "host": socket.gethostname()}
        other = lease.holder(engine, "t")
        assert other and other.seconds == -15.0 and other.owner != found.owner
    after = lease.holder(engine, "s")
    assert after and after.seconds < 0 and after.until.timestamp() == 0


def test_a_study_is_free_once_its_lease_has_run_out_and_not_before(
    engine: Engine, folders: list[Path], clock: Clock
) -> None:
    first, second = (lease.Lease(engine, "s", folder, 8.0) for folder in folders)
    first.take()
    clock.pass_by(8)
    until = datetime.fromtimestamp(1_000_008, UTC)
    with pytest.raises(AnenasError) as raised:
        second.take()
    assert str(raised.value) == (
        f"study 's' is being searched by process {os.getpid()} on {socket.gethostname()} until {until:%H:%M:%S} UTC "
        "(renewed while it runs); wait for it, or use `new=True` (if it has died, the study is free in 0 seconds, 8 "
        "after its last renewal)"
    )
    clock.pass_by(0.5)
    second.take()
    second.check()
    with pytest.raises(AnenasError, match="is free in 8 seconds, 9 after"):
        lease.Lease(engine, "s", folders[0], 9.0).take()


def test_what_is_given_back_is_free_at_once(engine: Engine, folders: list[Path], clock: Clock) -> None:
    for folder in (*folders, *folders):
        with pytest.raises(ZeroDivisionError), lease.leased(engine, "s", folder):
            raise ZeroDivisionError


@pytest.mark.parametrize(
    ("written", "free"),
    [
        ('{"owner": "OWNER", "host": "HOST"}', True),
        ('{"owner": "OWNER", "host": "another"}', False),
        ('{"owner": "somebody", "host": "HOST"}', False),
        ('{"owner": "OWNER"}', False),
        ("[]", False),
        ("{", False),
        (None, False),
    ],
)
def test_a_process_that_died_here_keeps_no_other_from_its_study(
    engine: Engine, folders: list[Path], clock: Clock, written: str | None, free: bool
) -> None:
    lease.Lease(engine, "s", folders[0], 60.0).take()
    died = lease.holder(engine, "s")
    assert died
    (folders[0] / "lease.json").unlink()
    if written:
        told = written.replace("OWNER", died.owner).replace("HOST", socket.gethostname())
        (folders[0] / "lease.json").write_text(told)
    again = lease.Lease(engine, "s", folders[0], 60.0)
    expected = contextlib.nullcontext() if free else pytest.raises(AnenasError, match="is being searched")
    with expected:
        again.take()
        again.check()
    now = lease.holder(engine, "s")
    assert now and (now.owner != died.owner) == free


def test_what_is_checked_in_time_is_not_renewed_and_later_it_is(
    engine: Engine, folders: list[Path], clock: Clock
) -> None:
    held = lease.Lease(engine, "s", folders[0], 8.0)
    held.take()
    left = []
    for seconds in (0, 8, 0.5, 8):
        clock.pass_by(seconds)
        held.check()
        now = lease.holder(engine, "s")
        assert now
        left.append(now.seconds)
    assert left == [8, 0, 8, 0]


@pytest.mark.parametrize("is_forgotten", [False, True])
def test_one_that_was_away_for_too_long_is_told_by_whom_its_study_was_taken(
    engine: Engine, folders: list[Path], clock: Clock, is_forgotten: bool, caplog: pytest.LogCaptureFixture
) -> None:
    away, other = (lease.Lease(engine, "s", folder, 8.0) for folder in folders)
    away.take()
    clock.pass_by(9)
    if is_forgotten:
        lease.forget(engine, "t")
        assert lease.holder(engine, "s")
        lease.forget(engine, "s")
    else:
        other.take()
    by = "" if is_forgotten else f" by process {os.getpid()} on {socket.gethostname()}"
    for _ in range(2):
        with pytest.raises(AnenasError) as raised:
            away.check()
        assert str(raised.value) == (
            f"study 's' was taken over{by}, because this process could not reach its database for 8 seconds; the "
            "trials that were running here are left to that process"
        )
    assert caplog.messages == ["study s was taken over by another process; this one stops"]
    away.give_back()
    if not is_forgotten:
        other.check()
        now = lease.holder(engine, "s")
        assert now and now.seconds == 8, "only who holds it gives it back"


class Waits:
    """An event that is set after so many waits; meanwhile time passes."""

    def __init__(self, clock: Clock, waits: int) -> None:
        self._clock, self._left, self.waited = clock, waits, list[float]()

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        self._clock.pass_by(seconds)
        self._left -= 1
        return self._left < 0


def test_it_is_renewed_four_times_in_its_time_whatever_the_database_says(
    engine: Engine, folders: list[Path], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = lease.Lease(engine, "s", folders[0], 8.0)
    held.take()
    monkeypatch.undo()  # the thread's work is done here
    monkeypatch.setattr(lease, "_now", lambda connection: clock.database)
    tries, update = [], held._update

    def fail_at_first(seconds: float) -> bool:
        tries.append(clock.database)
        if len(tries) == 1:
            raise OperationalError("UPDATE", {}, Exception("away"))
        return update(seconds)

    monkeypatch.setattr(held, "_update", fail_at_first)
    held._ended = waits = Waits(clock, 3)  # type: ignore[assignment]
    held._renew_on()
    assert waits.waited == [2.0] * 4 and tries == [1_000_002.0, 1_000_004.0, 1_000_006.0]
    now = lease.holder(engine, "s")
    assert now and now.until.timestamp() == 1_000_014


def test_what_was_taken_over_is_renewed_no_more(
    engine: Engine, folders: list[Path], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    away, other = (lease.Lease(engine, "s", folder, 8.0) for folder in folders)
    away.take()
    clock.pass_by(9)
    other.take()
    monkeypatch.undo()
    monkeypatch.setattr(lease, "_now", lambda connection: clock.database)
    away._ended = waits = Waits(clock, 5)  # type: ignore[assignment]
    away._renew_on()
    assert len(waits.waited) <= 2
    now = lease.holder(engine, "s")
    assert now and now.until.timestamp() == 1_000_017


def test_the_time_of_a_database_is_the_same_wherever_this_machine_is(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        for zone in ("Asia/Tokyo", "UTC", "America/Lima"):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            with engine.begin() as connection:
                assert abs(lease._now(connection) - time.time()) < 5
    finally:
        monkeypatch.undo()
        time.tzset()

"""Who may go on with a study in a database that several machines share.

A file lock tells of one machine's processes. Here a row says who holds the study, and until when by the clock of the
database; it is renewed while the process lives, so that a dead one loses it. Locks of a database's own end with its
connection, which a network may cut while the search lives, and which no two kinds of database have alike.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anenas._errors import AnenasError
from anenas._files import write_whole

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Table

LEASE_SECONDS = 60.0
"""How long a study is held after its process has died."""

_RENEWALS = 4  # in that time
OWNER = "lease.json"  # in the study's folder: the owner that held it from there last

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Holder:
    """Who holds a study, or held it last.

    Attributes:
        owner: Its name, which no other has.
        who: In words.
        seconds: For how long it holds it from now on, by the database's clock; not more than 0 where it does not.
        until: The time then.
    """

    owner: str
    who: str
    seconds: float
    until: datetime


def holder(engine: Engine, study: str) -> Holder | None:
    """Who holds a study, or held it last; None where nobody ever did."""
    import sqlalchemy

    table = _table()
    with engine.begin() as connection:
        if not sqlalchemy.inspect(connection).has_table(table.name):
            return None
        row = connection.execute(sqlalchemy.select(table).where(table.c.study == study)).one_or_none()
        if row is None:
            return None
        until = datetime.fromtimestamp(row.until, UTC)
        return Holder(row.owner, row.who, row.until - _now(connection), until)


class Lease:
    """A study that this process holds for as long as it lives, renewed by a thread.

    Args:
        engine: Of the database.
        study: Its name.
        folder: Of its files here. The caller keeps other processes of this machine out of it.
        seconds: After which a process that died has lost it.
    """

    def __init__(self, engine: Engine, study: str, folder: Path, seconds: float) -> None:
        self._engine, self._study, self._folder, self._seconds = engine, study, folder, seconds
        self._owner = uuid.uuid4().hex
        self._ended = threading.Event()
        self._lost = False
        self._renewed = 0.0

    def check(self) -> None:
        """Make sure that the study is still this process's, before something is written to it.

        Raises:
            AnenasError: If another has it: this one was suspended, or cut off from the database, for too long.
        """
        if not self._lost and time.monotonic() - self._renewed > self._seconds:
            self._renew()
        if self._lost:
            now = holder(self._engine, self._study)
            by = f" by {now.who}" if now else ""
            raise AnenasError(
                f"study '{self._study}' was taken over{by}, because this process could not reach its database for "
                f"{self._seconds:g} seconds; the trials that were running here are left to that process"
            )

    def take(self) -> None:
        """Take the study.

        Raises:
            AnenasError: If another process holds it.
        """
        if not self._taken():
            _refuse(self._engine, self._study, self._seconds)
        self._renewed = time.monotonic()
        write_whole(self._folder / OWNER, json.dumps({"owner": self._owner, "host": socket.gethostname()}) + "\n")
        threading.Thread(target=self._renew_on, name="anenas-lease", daemon=True).start()

    def give_back(self) -> None:
        """Let others have it at once."""
        from sqlalchemy.exc import SQLAlchemyError

        self._ended.set()
        with contextlib.suppress(SQLAlchemyError):  # it ends by itself
            self._update(0.0)

    def _taken(self) -> bool:
        import sqlalchemy
        from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

        table = _table()
        with contextlib.suppress(IntegrityError, ProgrammingError, OperationalError):  # another makes it just now
            table.create(self._engine, checkfirst=True)
        values: dict[str, Any] = {"owner": self._owner, "who": _myself()}
        with self._engine.begin() as connection:
            now = _now(connection)
            values["until"] = now + self._seconds
            free = sqlalchemy.or_(table.c.until < now, table.c.owner.in_([self._former()]))
            update = table.update().where(table.c.study == self._study, free).values(**values)
            if connection.execute(update).rowcount:
                return True
        try:
            with self._engine.begin() as connection:
                connection.execute(table.insert().values(study=self._study, **values))
        except IntegrityError:  # it is held
            return False
        return True

    def _former(self) -> str:
        """The owner that held it from this folder on this machine: no process does any more."""
        try:
            found = json.loads((self._folder / OWNER).read_text(encoding="utf-8"))
            return str(found["owner"]) if found["host"] == socket.gethostname() else ""
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return ""

    def _renew_on(self) -> None:
        from sqlalchemy.exc import SQLAlchemyError

        while not self._ended.wait(self._seconds / _RENEWALS) and not self._lost:
            with contextlib.suppress(SQLAlchemyError):  # it may answer next time
                self._renew()

    def _renew(self) -> None:
        before = time.monotonic()
        if self._update(self._seconds):
            self._renewed = before
        else:
            self._lost = True
            _log.warning("study %s was taken over by another process; this one stops", self._study)

    def _update(self, seconds: float) -> bool:
        table = _table()
        with self._engine.begin() as connection:
            mine = table.update().where(table.c.study == self._study, table.c.owner == self._owner)
            until = _now(connection) + seconds if seconds else 0.0
            return bool(connection.execute(mine.values(until=until)).rowcount)


@contextlib.contextmanager
def leased(engine: Engine, study: str, folder: Path, seconds: float | None = None) -> Iterator[Lease]:
    """Hold a study against processes of all machines.

    Raises:
        AnenasError: If another process holds it.
    """
    lease = Lease(engine, study, folder, seconds or LEASE_SECONDS)
    lease.take()
    try:
        yield lease
    finally:
        lease.give_back()


def forget(engine: Engine, study: str) -> None:
    """Nobody ever held a study of that name: it is gone, or has another."""
    import sqlalchemy

    table = _table()
    with engine.begin() as connection:
        if sqlalchemy.inspect(connection).has_table(table.name):
            connection.execute(table.delete().where(table.c.study == study))


def _refuse(engine: Engine, study: str, seconds: float) -> None:
    now = holder(engine, study)
    if now is None:
        raise AnenasError(f"study '{study}' is being searched by another process; wait for it, or use `new=True`")
    raise AnenasError(
        f"study '{study}' is being searched by {now.who} until {now.until:%H:%M:%S} UTC (renewed while it "
        f"runs); wait for it, or use `new=True` (if it has died, the study is free in {max(now.seconds, 0):.0f} "
        f"seconds, {seconds:g} after its last renewal)"
    )


def _myself() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"[:512]


def _table() -> Table:
    from sqlalchemy import Column, Float, MetaData, String, Table

    return Table(
        "anenas_leases",
        MetaData(),
        Column("study", String(512), primary_key=True),
        Column("owner", String(64), nullable=False),
        Column("who", String(512), nullable=False),
        Column("until", Float(53), nullable=False),
    )


def _now(connection: Connection) -> float:
    """The time by the database's clock, in seconds since 1970."""
    from sqlalchemy import func, select

    is_mysql = connection.dialect.name in ("mysql", "mariadb")
    found = connection.execute(select(func.utc_timestamp() if is_mysql else func.current_timestamp())).scalar_one()
    return float((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())

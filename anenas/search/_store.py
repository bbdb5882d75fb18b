"""Where studies are kept: a database, in SQLite unless the store names another, and a folder and a lock for each."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import logging
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from anenas._database import address, is_damaged, make_whole, only_here, rows_of
from anenas._errors import AnenasError, causes, first_line
from anenas.search._address import (
    address_of,
    connectable,
    is_same_place,
    keep_address,
    read_address,
    refusal,
    remember_password,
    shown,
)
from anenas.search._lease import holder, leased
from anenas.search._patience import patient, recognise_cuts
from anenas.search._room import tells_of_full_disk
from anenas.search._settings import SearchSettings

if TYPE_CHECKING:
    import optuna
    from sqlalchemy import URL

_DATABASE = "studies.db"
LOCK = "lock"  # in a study's folder
_TOGETHER, _PAUSE = 9, 0.1  # times, and seconds between, that tables are made again which others make just now
UNFINISHED = ".unfinished-"
"""What names of studies begin with that are not whole yet."""


def database_file(store: Path) -> Path | None:
    """The file that holds the studies of a store; None where a server does."""
    return None if address_of(store) else store / _DATABASE


def database_place(store: Path) -> str:
    """Where the studies of a store are, for people."""
    url = address_of(store)
    return shown(url) if url else str(store / _DATABASE)


def use_storage(store: Path, address: str | None) -> None:
    """Keep the studies of a store in the database at that address, from now on; None leaves it where it is.

    Args:
        store: A folder, for the files that trials leave.
        address: As SQLAlchemy has it. Its password is known to this process alone: the store notes the rest.

    Raises:
        AnenasError: If it is none, does not answer or refuses, or the store has studies elsewhere.
    """
    if address is None:
        return
    url = read_address(address)
    former = address_of(store)
    if former and not is_same_place(former, url):
        raise AnenasError(
            f"the store {store} has its studies in {shown(former)}, not in {shown(url)}; choose another `store`, or "
            f"copy them with `anenas study copy`"
        )
    if not former and (names := study_names(store)):
        studies = f"{len(names)} stud{'y' if len(names) == 1 else 'ies'}"
        raise AnenasError(
            f"the store {store} has {studies} in SQLite; choose another `store` for {shown(url)}, or copy "
            f"them with `anenas study copy NAME --to URL`"
        )
    remember_password(url)
    with _server_errors(url):
        _server_storage(url)
    if not former or shown(former) != shown(url):
        with store_errors(store):
            store.mkdir(parents=True, exist_ok=True)
            keep_address(store, url)


def study_names(store: Path) -> list[str]:
    """The names of every study in a store; none where there is no store."""
    # Optuna tells them only where it can read all else of every study.
    with store_errors(store):
        if url := address_of(store):
            names = _names_at(url)
        else:
            names = [str(name) for name in rows_of(store / _DATABASE, "studies", "study_name")]
        return sorted(name for name in names if not name.startswith(UNFINISHED))


def _names_at(url: URL) -> list[str]:
    from sqlalchemy import text

    with _server_storage(url).engine.connect() as connection:
        return [str(name) for (name,) in connection.execute(text("SELECT study_name FROM studies"))]


def check_study_name(given: str | None) -> None:
    """Raises: AnenasError: If the name that a caller wants cannot be one."""
    if given is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", given):
        raise AnenasError(f"study name '{given}': expected letters, digits, '_', '.' and '-', at most 100 characters")


def check_store(store: Path) -> None:
    """Raises: AnenasError: If no database can be kept in that folder."""
    address(store / _DATABASE)


def study_name(store: Path, given: str | None, new: bool, title: str, settings: SearchSettings) -> str:
    """The study that these settings continue, or the name of a new one.

    Args:
        store: Where studies are.
        given: The name that the caller wants; by default one that follows from the settings.
        new: Whether to start afresh even if there is such a study: it gets the next number behind its name.
        title: What names that follow from settings begin with.
        settings: See above.
    """
    if given is None:
        digest = hashlib.sha256(json.dumps(settings.identity(), sort_keys=True).encode()).hexdigest()[:6]
        name = re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{title}-{digest}")
    else:
        name = given
    if given and not new:
        return name
    # The family of a name: itself, then name-2, name-3, … for each time that it was started afresh.
    member = re.compile(re.escape(name) + r"(?:-(\d+))?")
    past = [int(match[1] or 1) for known in study_names(store) if (match := member.fullmatch(known))]
    number = max(past, default=0) + (1 if new or not past else 0)
    return name if number == 1 else f"{name}-{number}"


def study_folder(store: Path, name: str) -> Path:
    """What belongs to a study on disk, beside its rows in the database."""
    return store / "studies" / name


@contextlib.contextmanager
def searching(store: Path, name: str) -> Iterator[Callable[[], None]]:
    """Hold a study for one process: of this machine, and of all that share its database.

    Yields what raises an AnenasError once another process has it.

    Raises:
        AnenasError: If another process holds it, or the store cannot be written.
    """
    lock = _lock(store, name)
    try:
        Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise AnenasError(
            f"study '{name}' is being searched by another process; wait for it, or use `new=True`"
        ) from None
    except OSError as error:
        raise AnenasError(f"cannot write the store {store}: {error.strerror or error}") from error
    try:
        if url := address_of(store):
            with contextlib.ExitStack() as held:
                engine = _server_storage(url).engine
                with store_errors(store):
                    lease = held.enter_context(leased(engine, name, study_folder(store, name)))
                with patient(engine, f"the database {shown(url)}"):
                    yield lease.check
        else:
            yield lambda: None
    finally:
        lock.release()


def is_being_searched(store: Path, name: str) -> bool:
    """Whether a living process holds the study."""
    if study_folder(store, name).is_dir():
        try:
            with _lock(store, name).acquire(timeout=0):
                pass
        except filelock.Timeout:
            return True
    if url := address_of(store):
        with store_errors(store):
            now = holder(_server_storage(url).engine, name)
            return now is not None and now.seconds > 0
    return False


def _lock(store: Path, name: str) -> filelock.FileLock:
    return filelock.FileLock(study_folder(store, name) / LOCK)


def open_storage(store: Path, *, in_memory: bool = False) -> optuna.storages.BaseStorage:
    """The database of a store, made if it is not there; or one that is lost with the process.

    Raises:
        AnenasError: If the store cannot be read or written.
    """
    import optuna

    if in_memory:
        return optuna.storages.InMemoryStorage()
    path = store / _DATABASE
    if server := address_of(store):
        with store_errors(store):
            return _server_storage(server)
    url = address(path)
    with store_errors(store), quiet_optuna():
        store.mkdir(parents=True, exist_ok=True)
        if not _is_whole(path):
            with only_here(path):
                if not _is_whole(path):  # made by no other process meanwhile
                    make_whole(path, lambda new: _storage(address(new)).engine.dispose())
        return _storage(url)


def _is_whole(path: Path) -> bool:
    # Its version is the last thing that Optuna writes, before any study.
    return any(rows_of(path, table) for table in ("alembic_version", "studies"))


def _storage(url: str) -> optuna.storages.RDBStorage:
    import optuna

    try:
        # Several searches may share a store.
        return optuna.storages.RDBStorage(url, engine_kwargs={"connect_args": {"timeout": 60}})
    except RuntimeError as error:  # made by another version
        raise AnenasError(f"cannot use the store {url.removeprefix('sqlite:///')}: {first_line(error)}") from error


def _server_storage(url: URL) -> optuna.storages.RDBStorage:
    """The database at an address, opened once a process: each has connections of its own."""
    return _connected(url.render_as_string(hide_password=False), os.getpid())


@functools.lru_cache(maxsize=4)
def _connected(address: str, process: int) -> optuna.storages.RDBStorage:
    import optuna
    from sqlalchemy import make_url
    from sqlalchemy.exc import IntegrityError, ProgrammingError

    url, arguments = connectable(make_url(address))
    # A connection that was cut is made anew; that the old one cannot be ended is not to be told.
    options = {"connect_args": arguments, "pool_pre_ping": True, "pool_logging_name": "anenas"}
    logging.getLogger("sqlalchemy.pool.impl.QueuePool.anenas").setLevel(logging.CRITICAL + 1)
    for left in range(_TOGETHER, -1, -1):
        try:
            with quiet_optuna():
                made = optuna.storages.RDBStorage(url.render_as_string(hide_password=False), engine_kwargs=options)
            recognise_cuts(made.engine)
            return made
        except RuntimeError as error:  # made by another version
            raise AnenasError(f"cannot use the database {shown(url)}: {first_line(error)}") from None
        except (IntegrityError, ProgrammingError) as error:
            # Searches that make the tables at once stumble over each other's, one table after the other.
            if not left or not any(words in str(error) for words in ("already exists", "unique", "Duplicate")):
                raise
            time.sleep(_PAUSE)
    raise AssertionError


@contextlib.contextmanager
def store_errors(store: Path) -> Iterator[None]:
    """Within the block, what a store or its database does not do is one line that says what to do.

    Raises:
        AnenasError: If so.
    """
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    path = store / _DATABASE
    try:
        yield
    except (SQLAlchemyError, StorageInternalError, sqlite3.Error) as error:
        if url := address_of(store):
            raise _of_server(error, url) from None  # its statements and values are of no use to anyone
        if is_damaged(error):
            raise AnenasError(
                f"the database {path} is damaged: {database_error(error)}; restore a backup of it, or move it "
                f"away to start again: the files of its trials are kept in {store / 'studies'}"
            ) from error
        what = database_error(error)
        full = f"; {_free(store)}, free some space and run again to continue" if tells_of_full_disk(what) else ""
        raise AnenasError(f"cannot use the store {path}: {what}{full}") from error
    except ConnectionError:  # of what the search is told to, not of a store
        raise
    except OSError as error:
        full = f"; {_free(store)}" if store.is_dir() else ""
        where = f" ({error.filename})" if error.filename else ""
        raise AnenasError(
            f"cannot write the store {store}: {error.strerror or error}{where}{full}; fix this and run again to "
            "continue"
        ) from error


@contextlib.contextmanager
def _server_errors(url: URL) -> Iterator[None]:
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except SQLAlchemyError as error:
        raise _of_server(error, url) from None


def _of_server(error: Exception, url: URL) -> AnenasError:
    return AnenasError(
        f"cannot use the database {shown(url)}: {refusal(error, url)}; fix this and run again to continue"
    )


def _free(folder: Path) -> str:
    return f"{shutil.disk_usage(folder).free / 1e6:.1f} MB are free"


@contextlib.contextmanager
def quiet_optuna() -> Iterator[None]:
    """Optuna does not tell of the studies and tables that it makes; afterwards it is as talkative as it was."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def database_error(error: Exception) -> str:
    """What a database error says, without the statement that it was about."""
    return first_line(next((one for one in causes(error) if isinstance(one, sqlite3.Error)), error))

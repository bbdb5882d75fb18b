"""Where studies are kept: one database in SQLite, and a folder and a lock for each."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from anenas._database import address, is_damaged, make_whole, only_here, rows_of
from anenas._errors import AnenasError, causes, first_line
from anenas.search._room import tells_of_full_disk
from anenas.search._settings import SearchSettings

if TYPE_CHECKING:
    import optuna

_DATABASE = "studies.db"


def database(store: Path) -> Path:
    """The file that holds the studies of a store."""
    return store / _DATABASE


def study_names(store: Path) -> list[str]:
    """The names of every study in a store; none where there is no store."""
    # Optuna tells them only where it can read all else of every study.
    with store_errors(store):
        return sorted(map(str, rows_of(database(store), "studies", "study_name")))


def check_study_name(given: str | None) -> None:
    """Raises: AnenasError: If the name that a caller wants cannot be one."""
    if given is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", given):
        raise AnenasError(f"study name '{given}': expected letters, digits, '_', '.' and '-', at most 100")


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
def searching(store: Path, name: str) -> Iterator[None]:
    """Hold a study for one process.

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
        yield
    finally:
        lock.release()


def is_being_searched(store: Path, name: str) -> bool:
    """Whether a living process holds the study."""
    if not study_folder(store, name).is_dir():
        return False
    try:
        with _lock(store, name).acquire(timeout=0):
            return False
    except filelock.Timeout:
        return True


def _lock(store: Path, name: str) -> filelock.FileLock:
    return filelock.FileLock(study_folder(store, name) / "lock")


def open_storage(store: Path, *, in_memory: bool = False) -> optuna.storages.BaseStorage:
    """The database of a store, made if it is not there, whole or not at all; or one that is lost with the process.

    Raises:
        AnenasError: If the store cannot be read or written.
    """
    import optuna

    if in_memory:
        return optuna.storages.InMemoryStorage()
    path = store / _DATABASE
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
        if is_damaged(error):
            raise AnenasError(
                f"the database {path} is damaged: {database_error(error)}; put a copy of it in its place, or move it "
                f"away to begin anew: what its trials left stays in {store / 'studies'}"
            ) from error
        what = database_error(error)
        full = f"; {_free(store)}, make room and run again, the search goes on" if tells_of_full_disk(what) else ""
        raise AnenasError(f"cannot use the store {path}: {what}{full}") from error
    except ConnectionError:  # of what the search is told to, not of a store
        raise
    except OSError as error:
        full = f"; {_free(store)}" if store.is_dir() else ""
        where = f" ({error.filename})" if error.filename else ""
        raise AnenasError(
            f"cannot write the store {store}: {error.strerror or error}{where}{full}; put that right and run again, "
            f"the search goes on"
        ) from error


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

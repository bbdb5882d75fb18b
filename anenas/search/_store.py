"""Where studies are kept: one database in SQLite, and a folder and a lock for each."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from anenas._errors import AnenasError

if TYPE_CHECKING:
    import optuna

_DATABASE = "studies.db"


def study_names(store: Path) -> list[str]:
    """The names of every study in a store; none where there is no store."""
    import optuna

    if not (store / _DATABASE).is_file():
        return []
    return sorted(optuna.get_all_study_names(open_storage(store)))


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
        raise AnenasError(f"study '{name}' is being searched by another process; wait for it, or use --new") from None
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
    """The database of a store, made if it is not there; or one that is lost with the process.

    Raises:
        AnenasError: If the store cannot be read or written.
    """
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if in_memory:
        return optuna.storages.InMemoryStorage()
    if set("?#%") & set(str(store)):
        raise AnenasError(f"store '{store}': its path must be without ?, # and %, which database addresses cannot hold")
    try:
        store.mkdir(parents=True, exist_ok=True)
        return optuna.storages.RDBStorage(
            f"sqlite:///{store / _DATABASE}",
            engine_kwargs={"connect_args": {"timeout": 60}},  # several searches may share a store
        )
    except OSError as error:
        raise AnenasError(f"cannot write the store {store}: {error.strerror or error}") from error
    except (SQLAlchemyError, RuntimeError) as error:
        raise AnenasError(f"cannot use the store {store / _DATABASE}: {first_line(error)}") from error


def first_line(error: Exception) -> str:
    """What a database error says, without the statement that it was about."""
    cause = getattr(error.__cause__, "orig", None) or getattr(error, "orig", None) or error
    return next(iter(str(cause).splitlines()), type(error).__name__)

"""Where studies are kept: one database in SQLite, and a folder and a lock for each."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from anenas._errors import AnenasError, first_line
from anenas._files import is_file
from anenas.search._settings import SearchSettings

if TYPE_CHECKING:
    import optuna

_DATABASE = "studies.db"


def study_names(store: Path) -> list[str]:
    """The names of every study in a store; none where there is no store."""
    import optuna

    if not is_file(store / _DATABASE):
        return []
    return sorted(optuna.get_all_study_names(open_storage(store)))


def check_study_name(given: str | None) -> None:
    """Raises: AnenasError: If the name that a caller wants cannot be one."""
    if given is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", given):
        raise AnenasError(f"study name '{given}': expected letters, digits, '_', '.' and '-', at most 100")


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
    """The database of a store, made if it is not there; or one that is lost with the process.

    Raises:
        AnenasError: If the store cannot be read or written.
    """
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    if in_memory:
        return optuna.storages.InMemoryStorage()
    if set("?#%") & set(str(store)):
        raise AnenasError(f"store '{store}': its path must be without ?, # and %, which database addresses cannot hold")
    try:
        store.mkdir(parents=True, exist_ok=True)
        with quiet_optuna():
            return optuna.storages.RDBStorage(
                f"sqlite:///{store / _DATABASE}",
                engine_kwargs={"connect_args": {"timeout": 60}},  # several searches may share a store
            )
    except OSError as error:
        raise AnenasError(f"cannot write the store {store}: {error.strerror or error}") from error
    except (SQLAlchemyError, RuntimeError) as error:
        raise AnenasError(f"cannot use the store {store / _DATABASE}: {database_error(error)}") from error


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
    cause = getattr(error.__cause__, "orig", None) or getattr(error, "orig", None) or error
    return first_line(cause)

"""Databases in SQLite files: their addresses, and making them whole or not at all.

Libraries make theirs table by table. A process that is killed meanwhile would leave a file that none of them opens
again, and two processes at once would stumble over each other's tables.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock

from anenas._errors import AnenasError, causes
from anenas._files import is_file

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def address(path: Path) -> str:
    """The address of a database for SQLAlchemy.

    Raises:
        AnenasError: If no address leads there: libraries would write another file.
    """
    from sqlalchemy import make_url

    plain = f"sqlite:///{path}"
    if make_url(plain).database != str(path):
        why = "'?'" if "?" in str(path) else "'%' before two digits of 0 to 9 and A to F"
        raise AnenasError(
            f"store '{path.parent}': its path has {why}, which a database address cannot have; rename that folder, or "
            f"choose another `store`"
        )
    return plain


def rows_of(path: Path, table: str, column: str = "rowid") -> list[object]:
    """The values of a column of a table; nothing where there is no such file or table.

    Raises:
        sqlite3.Error: If the file is no database, or cannot be read.
    """
    if not is_file(path):
        return []
    with contextlib.closing(opened(path)) as found:
        if not found.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
            return []
        return [value for (value,) in found.execute(f'SELECT "{column}" FROM "{table}"')]


def opened(path: Path) -> sqlite3.Connection:
    """A database that is there, whatever its path.

    Raises:
        sqlite3.Error: If it cannot be opened.
    """
    # To be read and written: what a killed process was in the middle of is taken back first.
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=60)


def is_damaged(error: BaseException) -> bool:
    """Whether it is, or follows from, SQLite's word that a file is no database, or not what it was."""
    return any(getattr(cause, "sqlite_errorcode", None) in _DAMAGED for cause in causes(error))


@contextlib.contextmanager
def only_here(path: Path) -> Iterator[None]:
    """Hold a database against other processes that make it or bring it up to date."""
    with filelock.FileLock(path.with_name(f".{path.name}.lock")):
        yield


def make_whole(path: Path, make: Callable[[Path], None]) -> None:
    """Make a database, or a new one in the place of another, whole or not at all; see `only_here`.

    Args:
        path: Where it is to be.
        make: Makes it at the path that it is given, where nothing is, and closes it.
    """
    unfinished = path.with_name(f".unfinished-{path.name}")
    _remove(unfinished)
    make(unfinished)
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    # What a killed process left beside the former database would be taken for a part of the new one.
    _remove_beside(path)
    unfinished.replace(path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    _remove_beside(path)


def _remove_beside(path: Path) -> None:
    for end in ("-journal", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)

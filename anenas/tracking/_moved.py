"""A store that was moved or copied: MLflow's database has where artifacts are as whole paths."""

from __future__ import annotations

import contextlib
import logging
import socket
import sqlite3
from pathlib import Path

from anenas._database import opened, rows_of

_STORE = "anenas.store"
_LOCATIONS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)

_log = logging.getLogger(__name__)


def follow(path: Path) -> None:
    """Let artifacts be where the database is: those of searches that ran in a folder by which it was known before.

    Args:
        path: Of the database, which the caller holds; what was logged to other places stays as it is.

    Raises:
        sqlite3.Error: If it cannot be read or written.
    """
    here = path.absolute().parent
    tag = f"{socket.gethostname()}:{here}"
    former = {str(value) for value in rows_of(path, "experiments", "artifact_location")}
    with contextlib.closing(opened(path)) as found, found:
        known = found.execute("SELECT DISTINCT value FROM tags WHERE key = ?", (_STORE,)).fetchall()
        for (named,) in known:
            place = Path(str(named).partition(":")[2])
            if not place.is_absolute() or named == tag:
                continue
            old, new = ((one / "artifacts").as_uri() for one in (place, here))
            if place != here and old not in former:  # of another store that logs to this database
                continue
            _replace(found, old, new)
            found.execute("UPDATE tags SET value = ? WHERE key = ? AND value = ?", (tag, _STORE, named))
            if place != here:
                _log.info(
                    "the store was moved from %s; MLflow now finds its artifacts in %s", place, here / "artifacts"
                )


def _replace(database: sqlite3.Connection, old: str, new: str) -> None:
    """Let every place that is, or is within, an old one be the same of the new one."""
    for table, column in _LOCATIONS:
        if database.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
            database.execute(
                f'UPDATE "{table}" SET "{column}" = ? || substr("{column}", ?) '
                f'WHERE "{column}" = ? OR substr("{column}", 1, ?) = ?',
                (new, len(old) + 1, old, len(old) + 1, f"{old}/"),
            )

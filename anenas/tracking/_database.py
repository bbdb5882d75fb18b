"""MLflow's own database: made, brought up to date, and made anew where a search was stopped while it made it."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from pathlib import Path

from anenas._database import address, make_whole, rows_of
from anenas._errors import AnenasError, first_line
from anenas._files import is_file

INSTEAD = "move the file away: the next search of a study logs all of it anew"
"""What always helps, as a study holds all that MLflow does."""

_log = logging.getLogger(__name__)


def ready(path: Path) -> None:
    """Make MLflow's database, or bring that of an earlier version up to date, whole or not at all.

    One that is half made and holds no run is made anew. One that is brought up to date is kept beside the new one. The
    caller holds it, see `only_here`.

    Args:
        path: Where it is, or is to be.

    Raises:
        AnenasError: If it cannot be brought up to date.
        sqlite3.Error: If it is no database, or cannot be read.
    """
    from mlflow.store.db.utils import _get_latest_schema_revision

    revision = next(iter(rows_of(path, "alembic_version", "version_num")), None)
    if revision == _get_latest_schema_revision():
        return
    if rows_of(path, "runs", "run_uuid"):
        _bring_up_to_date(path, revision)
        return
    if is_file(path) and path.stat().st_size:
        _log.warning("%s was left incomplete by a search that was stopped; it had no runs and is created again", path)
    make_whole(path, _migrate)


def _bring_up_to_date(path: Path, revision: object) -> None:
    former = path.with_name(f"{path.name}.{revision or 'former'}")

    def make(new: Path) -> None:
        _copy(path, new)
        _migrate(new)
        _copy(path, former)

    try:
        make_whole(path, make)
    except Exception as error:  # of SQLAlchemy or Alembic
        raise AnenasError(
            f"{path} was made by another version of MLflow and cannot be upgraded ({first_line(error)}); "
            f"install that version, or {INSTEAD}"
        ) from error
    _log.warning("%s was made by an earlier version of MLflow and has been upgraded; the old one is %s", path, former)


def _copy(path: Path, to: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as old, contextlib.closing(sqlite3.connect(to)) as new:
        old.backup(new)


def _migrate(path: Path) -> None:
    """Make MLflow's tables in a database, as MLflow does itself for one that is empty or old."""
    import sqlalchemy
    from mlflow.store.db.utils import _initialize_tables

    engine = sqlalchemy.create_engine(address(path))
    # What is not in its place yet need not reach the disk statement by statement, of which there are 1,688.
    sqlalchemy.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    try:
        _initialize_tables(engine)
    finally:
        engine.dispose()

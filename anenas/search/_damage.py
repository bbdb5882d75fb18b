"""Rows of a database that Optuna cannot read: set aside, so that the rest of the study goes on."""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
from collections.abc import Container, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from anenas._database import is_damaged, opened
from anenas._errors import AnenasError, causes, first_line
from anenas._files import write_whole
from anenas.search._rows import UnreadableTrial, read_trials
from anenas.space import Decisions

if TYPE_CHECKING:
    import optuna

_READING = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)

_log = logging.getLogger(__name__)


@contextlib.contextmanager
def damage_of(name: str, database: str) -> Iterator[None]:
    """Within the block, where a study is read, what no version wrote is one line.

    Raises:
        AnenasError: If so.
    """
    try:
        yield
    except Exception as error:
        if not _is_of_a_row(error):
            raise
        raise AnenasError(
            f"study '{name}' is damaged in {database} ({_told(error)}); restore a backup of the database, or "
            "start a new study with another name"
        ) from error


def readable_trials(
    study: optuna.Study, storage: optuna.storages.BaseStorage, database: Path | None, kept: Path
) -> Iterator[optuna.trial.FrozenTrial]:
    """The trials of a study, the finished ones without their parameters. Those that no version wrote are told; their
    rows go to a file once the others are read, and they count as failed.

    Args:
        study: Whose trials they are.
        storage: That has them.
        database: Where they are; None where a server has them, of which all must be readable.
        kept: The file, one row a line as JSON; added to where it is there.

    Raises:
        Exception: As reading does, where no single trial is to blame.
    """
    damaged = []
    for trial in read_trials(storage, study._study_id, _is_of_a_row, decisions=False):
        if not isinstance(trial, UnreadableTrial):
            yield trial
        elif database is None:
            raise trial.error
        else:
            damaged.append(trial)
    if not damaged:
        return
    assert database
    with contextlib.closing(opened(database)) as connection, connection:
        connection.text_factory = lambda text: text.decode("utf-8", "backslashreplace")
        for one in damaged:
            _set_aside(connection, one.row, kept)
            _log.warning(
                "trial %s of %s is damaged in %s and set aside (%s); its rows are in %s",
                one.number, study.study_name, database, _told(one.error), kept,
            )  # fmt: skip


def decisions_of(
    study: optuna.Study, storage: optuna.storages.BaseStorage, numbers: Container[int]
) -> dict[int, Decisions]:
    """What these trials of a study decided, by their numbers. Those of which that is damaged are told and left out."""
    found = {}
    for trial in read_trials(storage, study._study_id, _is_of_a_row, decisions=True):
        if isinstance(trial, UnreadableTrial):
            _log.warning(
                "what trial %s of %s decided is damaged in the database and left out: %s",
                trial.number, study.study_name, _told(trial.error),
            )  # fmt: skip
        elif trial.number in numbers:
            found[trial.number] = dict(trial.params)
    return found


def _set_aside(connection: sqlite3.Connection, trial: int, kept: Path) -> None:
    """Write all that is known of a trial to a file, and leave of it only that it failed: numbers are counted."""
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    lines = [kept.read_text(encoding="utf-8")] if kept.exists() else []
    for table in tables:
        columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
        if "trial_id" not in columns:
            continue
        for row in connection.execute(f'SELECT * FROM "{table}" WHERE trial_id = ?', (trial,)).fetchall():
            lines.append(json.dumps({"table": table, **dict(zip(columns, row, strict=True))}, default=repr) + "\n")
        if table != "trials":
            connection.execute(f'DELETE FROM "{table}" WHERE trial_id = ?', (trial,))
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_whole(kept, "".join(lines))
    connection.execute(
        "UPDATE trials SET state = 'FAIL', datetime_start = NULL, datetime_complete = NULL WHERE trial_id = ?", (trial,)
    )


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {first_line(error)}"


def _is_of_a_row(error: Exception) -> bool:
    """Whether it is about what a row says, and not about the file or who holds it."""
    if isinstance(error, _READING):
        return not is_damaged(error)
    return any("decode to UTF-8" in str(cause) for cause in causes(error))

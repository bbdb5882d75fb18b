"""Rows of a database that Optuna cannot read: set aside, so that the rest of the study goes on."""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from anenas._database import is_damaged, opened
from anenas._errors import AnenasError, causes, first_line
from anenas._files import write_whole

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
            f"study '{name}' is damaged in {database} ({type(error).__name__}: {first_line(error)}); restore a backup "
            "of the database, or start a new study with another name"
        ) from error


def readable_trials(study: optuna.Study, database: Path | None, kept: Path) -> list[optuna.trial.FrozenTrial]:
    """The trials of a study. Those that Optuna cannot read are told; their rows go to a file, and they count as failed.

    Args:
        study: Whose trials they are.
        database: Where they are; None where a server has them, of which all must be readable.
        kept: The file, one row a line as JSON; added to where it is there.

    Raises:
        Exception: As Optuna does, where no single trial is to blame.
    """
    try:
        return study.get_trials(deepcopy=False)
    except Exception as error:
        if database is None or not _is_of_a_row(error) or not (damaged := _damaged(study, database)):
            raise
    with contextlib.closing(opened(database)) as connection, connection:
        connection.text_factory = lambda text: text.decode("utf-8", "backslashreplace")
        for trial, number, why in damaged:
            _set_aside(connection, trial, kept)
            _log.warning(
                "trial %s of %s is damaged in %s and set aside (%s); its rows are in %s",
                number, study.study_name, database, why, kept,
            )  # fmt: skip
    return study.get_trials(deepcopy=False)


def _damaged(study: optuna.Study, database: Path) -> list[tuple[int, object, str]]:
    """The rows' number, the trial's and what is wrong, of each trial that Optuna cannot read."""
    with contextlib.closing(opened(database)) as connection:
        query = "SELECT trial_id, number FROM trials WHERE study_id = ? ORDER BY number"
        trials = connection.execute(query, (study._study_id,)).fetchall()
    found = []
    for trial, number in trials:
        try:
            study._storage.get_trial(trial)
        except Exception as error:
            if not _is_of_a_row(error):
                raise
            found.append((trial, number, f"{type(error).__name__}: {first_line(error)}"))
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


def _is_of_a_row(error: Exception) -> bool:
    """Whether it is about what a row says, and not about the file or who holds it."""
    if isinstance(error, _READING):
        return not is_damaged(error)
    return any("decode to UTF-8" in str(cause) for cause in causes(error))

"""Studies: rows of their database, its bytes, and the files of their trials."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fuzzing import JSON, NUMBERS, TEXTS, changed, damaged, fuzz, lawful
from hypothesis import given
from hypothesis import strategies as st
from studies import pretend_study

from anenas.search import Evaluation, Study


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database of three trials."""
    store = tmp_path_factory.mktemp("whole")
    pretend_study(store, "s", [(1, 16), (2, 32), (3, 16)])
    return (store / "studies.db").read_bytes()


@contextlib.contextmanager
def _store(folders: pytest.TempPathFactory, database: bytes) -> Iterator[Path]:
    folder = folders.mktemp("store")
    try:
        (folder / "outside").mkdir()
        (folder / "store").mkdir()
        (folder / "store" / "studies.db").write_bytes(database)
        with lawful(folder / "outside"):
            yield folder / "store"
        assert {one.name for one in folder.iterdir()} == {"outside", "store"}
    finally:
        shutil.rmtree(folder)


def _read(store: Path, name: str) -> None:
    """All that is made of a study."""
    study = Study.load(store, name)
    _ = study.front, study.picks, study.reasons, study.counts, study.decisions, study.inputs, study.has_ended
    for trial in study.completed:
        _ = trial.shipped.score_error, trial.shipped.shortfall, study.point(trial)
        json.dumps(trial.evaluation.to_dict())


def _altered(draw: Any, path: Path) -> None:
    """Change some values of a database, below whatever its libraries check."""
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        filled = [name for name in sorted(names) if database.execute(f'SELECT 1 FROM "{name}"').fetchone()]
        for _ in range(draw(st.integers(1, 2))):
            table = draw(st.sampled_from(filled + ["trial_user_attributes", "study_user_attributes"] * 3))
            columns = [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]
            column = draw(st.sampled_from(columns + ["value_json"] * 6 * ("value_json" in columns)))
            rows = database.execute(f'SELECT rowid, "{column}" FROM "{table}"').fetchall()
            if not rows:
                continue
            row, value = draw(st.sampled_from(rows))
            if draw(st.integers(0, 9)) == 0:
                database.execute(f'DELETE FROM "{table}" WHERE rowid = ?', (row,))
            elif column.endswith("_json") and isinstance(value, str) and draw(st.integers(0, 5)):
                with contextlib.suppress(ValueError):  # it was altered before
                    value = json.loads(value)
                _set(database, table, column, row, json.dumps(draw(changed(value))))
            else:
                _set(database, table, column, row, draw(NUMBERS | TEXTS | st.none() | st.binary(max_size=8)))


def _set(database: sqlite3.Connection, table: str, column: str, row: int, value: Any) -> None:
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    with contextlib.suppress(sqlite3.IntegrityError, OverflowError):
        database.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', (value, row))


def test_a_whole_study_is_read(whole: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    with _store(tmp_path_factory, whole) as store:
        _read(store, "s")
        assert len(Study.load(store, "s").completed) == 3


@fuzz(0.25)
@given(data=st.data())
def test_a_study_of_which_rows_are_others(
    whole: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    with _store(tmp_path_factory, whole) as store:
        _altered(data.draw, store / "studies.db")
        _read(store, "s")


@fuzz(0.2)
@given(data=st.data())
def test_a_study_of_which_bytes_are_others(
    whole: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    with _store(tmp_path_factory, data.draw(damaged(whole))) as store:
        _read(store, "s")


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    study = pretend_study(tmp_path_factory.mktemp("one"), "s", [(1, 16)])
    (file,) = study.folder.glob("trials/*/evaluation.json")
    found: dict[str, Any] = json.loads(file.read_text())
    return found


@fuzz()
@given(data=st.data())
def test_an_evaluation_of_which_values_are_others(evaluation: dict[str, Any], data: st.DataObject) -> None:
    """Whatever is read as one can be told, compared and written again."""
    content = data.draw(changed(evaluation) | JSON)
    with contextlib.suppress(ValueError, LookupError, TypeError, AttributeError, ArithmeticError):  # as `Study` takes
        found = Evaluation.from_dict(json.loads(json.dumps(content)))
        assert Evaluation.from_dict(json.loads(json.dumps(found.to_dict()))).to_dict() == found.to_dict()

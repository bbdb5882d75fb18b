from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from killed import killed_after, moments, together
from mlflow.store.db.utils import _get_alembic_config, _initialize_tables
from mlflow.store.tracking.dbmodels.initial_models import Base as InitialBase
from sqlalchemy import create_engine

from anenas._errors import AnenasError
from anenas.tracking import connect, default_uri

_STATEMENTS = 1688  # that MLflow needs for its database


def in_place(store: Path) -> None:
    """Make the database as MLflow does by itself, and earlier versions of anenas had it done."""
    store.mkdir(exist_ok=True)
    _initialize_tables(create_engine(f"sqlite:///{store / 'mlflow.db'}"))


def works(store: Path) -> bool:
    """Whether a run can be logged."""
    client = connect(default_uri(store))
    run = client.create_run(client.create_experiment("x", artifact_location=store.as_uri()))
    client.log_metric(run.info.run_id, "m", 1.0)
    return bool(client.get_run(run.info.run_id).data.metrics == {"m": 1.0})


def test_a_database_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    for statements in moments(_STATEMENTS, 2):
        store = tmp_path / str(statements)
        killed_after(statements, lambda store=store: connect(default_uri(store)))
        assert works(store)
        assert not list(store.glob(".unfinished-*"))


def test_one_that_an_earlier_version_left_half_made_is_made_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for statements in moments(_STATEMENTS - 30, 2):
        store = tmp_path / str(statements)
        caplog.clear()
        was_killed = killed_after(statements, lambda store=store: in_place(store))
        is_begun = was_killed and (store / "mlflow.db").exists() and (store / "mlflow.db").stat().st_size > 0
        assert works(store)
        assert ("left incomplete" in caplog.text) == is_begun


def test_searches_that_begin_together_make_one_database(tmp_path: Path) -> None:
    together([lambda: connect(default_uri(tmp_path))] * 3)
    assert works(tmp_path)


@pytest.mark.parametrize("name", ["plan #2", "50% off", "ümläut 名", "a" * 200])
def test_odd_paths_hold_a_database(
    tmp_path: Path, name: str, mlflow_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).mkdir()
    shutil.copy(mlflow_database, tmp_path / name)
    assert works(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_one_of_an_earlier_mlflow_is_brought_up_to_date_and_the_former_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "mlflow.db"
    script = ScriptDirectory.from_config(_get_alembic_config(""))
    before = script.get_revision(script.get_current_head()).down_revision
    engine = create_engine(f"sqlite:///{path}")
    InitialBase.metadata.create_all(engine)
    with engine.begin() as connection:
        config = _get_alembic_config(f"sqlite:///{path}")
        config.attributes["connection"] = connection
        command.upgrade(config, before)
    engine.dispose()
    _add_run(path)
    client = connect(default_uri(tmp_path))
    assert client.get_run("r").info.run_id == "r"
    assert f"the old one is {path}.{before}" in caplog.text
    assert Path(f"{path}.{before}").exists()


def test_one_of_a_newer_mlflow_is_left_as_it_is(tmp_path: Path, mlflow_database: Path) -> None:
    path = Path(shutil.copy(mlflow_database, tmp_path))
    _add_run(path)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    before = path.read_bytes()
    with pytest.raises(AnenasError, match="another version of MLflow") as raised:
        connect(default_uri(tmp_path))
    assert "\n" not in str(raised.value)
    assert path.read_bytes() == before


def test_one_that_is_damaged_says_so_and_what_helps(tmp_path: Path, mlflow_database: Path) -> None:
    path = Path(shutil.copy(mlflow_database, tmp_path))
    content = bytearray(path.read_bytes())
    content[4096:] = b"?" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(AnenasError, match=r"mlflow.db: .*malformed; move the file away: the next search"):
        connect(default_uri(tmp_path))


def _add_run(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("INSERT INTO experiments (experiment_id, name, lifecycle_stage) VALUES (7, 'e', 'active')")
        database.execute(
            "INSERT INTO runs (run_uuid, experiment_id, status, lifecycle_stage, source_type, user_id, start_time) "
            "VALUES ('r', 7, 'RUNNING', 'active', 'LOCAL', 'u', 1)"
        )

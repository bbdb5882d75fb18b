"""Studies in a database that several machines share: PostgreSQL."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
from collections.abc import Callable
from pathlib import Path

import postgres
import pytest
from killed import killed_after, moments, together
from sqlalchemy import URL, Engine, event
from studies import SEARCHED
from studies import search_alone as search

from anenas._errors import AnenasError
from anenas.search import (
    FinishedTrial,
    Study,
    _store,
    delete_study,
    is_being_searched,
    searching,
    study_names,
    use_storage,
)
from anenas.search import _address as address
from anenas.space import SearchSpace


def full(url: URL) -> str:
    return url.render_as_string(hide_password=False)


@pytest.fixture
def store(tmp_path: Path, database: URL) -> Path:
    use_storage(tmp_path / "store", full(database))
    return tmp_path / "store"


def test_a_search_in_postgresql_is_that_in_sqlite(store: Path, tmp_path: Path, space: SearchSpace) -> None:
    found, same = search(store, space, 4), search(tmp_path / "sqlite", space, 4)
    again = search(store, space, 6)
    assert [t.architecture for t in found.trials] == [t.architecture for t in same.trials]
    assert [t.evaluation for t in Study.load(store, "s").completed][:4] == [t.evaluation for t in found.completed]
    assert len(again.completed) == 6
    assert study_names(store) == ["s"]
    assert not (store / "studies.db").exists()


@pytest.mark.parametrize("name", ["a'; DROP TABLE studies; --", 'b"\\%s {x} $1', "ü 名 🦆", "-", "c" * 200])
def test_any_name_is_a_name(store: Path, name: str) -> None:
    with searching(store, name):
        Study.create_or_continue(store, name, SEARCHED)
    assert study_names(store) == [name]
    assert not is_being_searched(store, name)


def test_the_password_is_nowhere(
    store: Path, database: URL, space: SearchSpace, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    search(store, space, 1)
    monkeypatch.setattr(address, "_passwords", {})
    with pytest.raises(AnenasError) as error:
        study_names(store)
    assert "PGPASSWORD" in str(error.value)
    with pytest.raises(AnenasError) as other:
        use_storage(store, full(database).replace(str(database.database), "elsewhere"))
    written = "".join(path.read_text(errors="replace") for path in store.rglob("*") if path.is_file())
    for told in (str(error.value), str(other.value), caplog.text, written):
        assert "s3cret" not in told
    assert json.loads((store / "storage.json").read_text()) == {"url": address.shown(database)}


def test_it_is_taken_from_where_postgresql_has_it(
    store: Path, database: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address, "_passwords", {})
    monkeypatch.setattr(_store, "_connected", _store._connected.__wrapped__)  # connects anew each time
    monkeypatch.setenv("PGPASSWORD", postgres.PASSWORD)
    assert study_names(store) == []
    monkeypatch.delenv("PGPASSWORD")
    file = tmp_path / "pgpass"
    file.write_text(f"# of tests\n127.0.0.1:1:*:*:no\n127.0.0.1:{database.port}:*:anenas:{postgres.PASSWORD}\n")
    monkeypatch.setenv("PGPASSFILE", str(file))
    file.chmod(0o644)  # for all to read: not taken
    with pytest.raises(AnenasError, match="the password or the user is wrong"):
        study_names(store)
    file.chmod(0o600)
    assert study_names(store) == []
    monkeypatch.delenv("PGPASSFILE")
    monkeypatch.setenv("ANENAS_STORAGE", full(database))
    assert study_names(store) == []


def wrong(url: URL, **parts: object) -> str:
    return full(url.set(**parts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda url: wrong(url, password="no"), "the password or the user is wrong"),
        (lambda url: wrong(url, database="nowhere"), "there is no database 'nowhere'"),
        (lambda url: wrong(url, port=1), r"nobody answers \(Connection refused\) at 127.0.0.1:1"),
        (lambda url: wrong(url, host="db.invalid"), "nobody answers .* at db.invalid"),
        (lambda url: full(url).replace("postgresql", "postgres", 1), "did you mean postgresql"),
        (lambda url: full(url).replace("postgresql", "postgresql+asyncpg", 1), "driver of postgresql.asyncpg is not"),
        (lambda url: "mysql://u@127.0.0.1/d", "driver of mysql.pymysql is not installed .*: pip install pymysql"),
        (lambda url: "postgresql://u:a@b/c@127.0.0.1/d", "one '@'"),
        (lambda url: "postgresql://u@127.0.0.1", "has no database name"),
        (lambda url: "sqlite:///s3cret.db", "name the store's folder with `store`"),
        (lambda url: "s3cret", "not the address of a database"),
        (lambda url: full(url) + "?sslmode=s3cret", "unknown sslmode"),
        (lambda url: full(url) + "?sslmode=require", "cannot use the database .*SSL"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path: Path, database: URL, change: Callable[[URL], str], told: str) -> None:
    with pytest.raises(AnenasError, match=told) as error:
        use_storage(tmp_path, change(database))
    assert "\n" not in str(error.value) and "s3cret" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_an_address_for_people_has_its_options_but_those_that_may_be_secret() -> None:
    url = address.read_address("postgresql://u:s3cret@h:1/d?sslmode=require&password=s3cret&sslPassword=s3cret")
    assert address.shown(url) == "postgresql://u@h:1/d?sslmode=require"


@pytest.mark.parametrize(
    ("postgresql", "mysql", "told"),
    [
        ("28P01", 1045, "the password or the user is wrong; give it in ANENAS_STORAGE"),  # ER_ACCESS_DENIED_ERROR
        ("28000", 1045, "the password or the user is wrong; give it in ANENAS_STORAGE"),
        ("3D000", 1049, "there is no database 'd'; create it, or name another"),  # ER_BAD_DB_ERROR
        ("42501", 1044, "the user 'u' may not do that ("),  # ER_DBACCESS_DENIED_ERROR
        ("42501", 1142, "the user 'u' may not do that ("),  # ER_TABLEACCESS_DENIED_ERROR
        ("53300", 1040, "it has too many connections"),  # ER_CON_COUNT_ERROR
        ("57P03", 0, "it is starting or stopping"),
        ("", 1406, "MySQL keeps 64 kB"),  # ER_DATA_TOO_LONG
        ("22001", 2013, "so it says"),  # of another kind; CR_SERVER_LOST
    ],
)
def test_what_a_server_says_no_with_is_told_in_words(postgresql: str, mysql: int, told: str) -> None:
    class OfServerError(Exception):
        sqlstate: str | None = None

    by_state = OfServerError("so it says")
    by_state.sqlstate = postgresql
    errors: list[tuple[str, Exception]] = [
        ("postgresql", OfServerError({"S": "FATAL", "C": postgresql, "M": "so it says"})),  # pg8000's
        ("postgresql", by_state),  # psycopg's
        ("mysql", OfServerError(mysql, "so it says")),  # pymysql's
    ]
    for backend, error in errors:
        if not (postgresql if backend == "postgresql" else mysql):
            continue
        url = URL.create(backend, "u", "s3cret", "h", database="d")
        found = address.refusal(error, url)
        assert told in found
        assert ("PGPASSWORD or ~/.pgpass" in found) == (backend == "postgresql" and "password" in told)
        assert address.is_refusal(error) == (told not in ("so it says", "it is starting or stopping"))


def test_one_that_does_not_answer_is_told_in_the_time_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address, "ANSWER_SECONDS", 0.2)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        with socket.create_connection(deaf.getsockname()):  # all that it takes
            url = f"postgresql://u:p@127.0.0.1:{deaf.getsockname()[1]}/d"
            with pytest.raises(AnenasError, match=r"nobody answered within 0.2 seconds at 127.0.0.1"):
                use_storage(tmp_path, url)


def test_a_user_without_rights_is_told_to_get_them(
    tmp_path: Path, database: URL, postgres_server: postgres.Server
) -> None:
    postgres_server.do("CREATE ROLE poor LOGIN PASSWORD 'poor'")
    postgres_server.do("REVOKE CREATE ON SCHEMA public FROM PUBLIC", str(database.database))
    with pytest.raises(AnenasError, match=r"the user 'poor' may not do that \(permission denied for schema public\)"):
        use_storage(tmp_path, wrong(database, username="poor", password="poor"))


def test_tables_of_another_optuna_are_refused(store: Path, database: URL, postgres_server: postgres.Server) -> None:
    postgres_server.do("UPDATE alembic_version SET version_num = 'v9.9'", str(database.database))
    with pytest.raises(AnenasError, match="no longer compatible with the table schema"):
        use_storage(store.parent / "other", full(database) + "?application_name=other")


def test_a_store_keeps_to_its_database(store: Path, database: URL, tmp_path: Path) -> None:
    use_storage(store, full(database))
    with pytest.raises(AnenasError, match="has its studies in"):
        use_storage(store, wrong(database, database="other"))
    Study.create_or_continue(tmp_path / "sqlite", "s", SEARCHED)
    with pytest.raises(AnenasError, match="has 1 study in SQLite"):
        use_storage(tmp_path / "sqlite", full(database))
    (store / "storage.json").write_text("{")
    with pytest.raises(AnenasError, match="is damaged"):
        study_names(store)


def test_drivers_that_begin_together_make_one_set_of_tables(tmp_path: Path, database: URL) -> None:
    together([lambda i=i: use_storage(tmp_path / str(i), full(database)) for i in range(4)])
    use_storage(tmp_path / "0", full(database))
    assert study_names(tmp_path / "0") == []


def test_a_study_whose_files_are_elsewhere_names_where(
    store: Path, database: URL, tmp_path: Path, space: SearchSpace
) -> None:
    search(store, space, 1)
    other = tmp_path / "other"
    use_storage(other, full(database))
    with pytest.raises(AnenasError, match=rf"1 completed trial whose files are not .* but in .*:{store}/studies/s"):
        search(other, space, 2)
    (store / "studies").rename(other / "studies-moved")
    for folder in (other / "studies").iterdir():
        (folder / "lock").unlink()
        (folder / "lease.json").unlink()
        folder.rmdir()
    (other / "studies").rmdir()
    (other / "studies-moved").rename(other / "studies")
    assert len(search(other, space, 2).completed) == 2


STATEMENTS = 150  # that a search of four trials makes, about


def check_whole(store: Path, space: SearchSpace) -> None:
    """The search goes on to its end, and nothing that was answered is lost or there twice."""
    before: list[FinishedTrial] = []
    with contextlib.suppress(AnenasError):  # it was killed before it had begun
        before = Study.load(store, "s").finished
    search(store, space, 4)
    after = Study.load(store, "s")
    known = {trial.number: trial for trial in after.finished}
    assert all(known[trial.number] == trial for trial in before)
    assert len(after.completed) == 4 == len({trial.architecture for trial in after.completed})
    assert sorted(known) == [trial.number for trial in after.trials] == list(range(len(known)))
    assert all((after.trial_folder(trial.number) / "evaluation.json").is_file() for trial in after.completed)


def test_a_database_that_is_killed_at_any_moment_loses_and_doubles_no_trial(
    store: Path, postgres_server: postgres.Server, space: SearchSpace
) -> None:
    for statements in moments(STATEMENTS, 1):
        left = statements

        def count_down(*_: object) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                postgres_server.kill()

        event.listen(Engine, "before_cursor_execute", count_down)
        try:
            with pytest.raises(AnenasError, match=r"cannot use the database|nobody answers"):
                search(store, space, 100)
        finally:
            event.remove(Engine, "before_cursor_execute", count_down)
            postgres_server.start()
        check_whole(store, space)
        delete_study(store, "s")


def test_a_driver_that_is_killed_at_any_moment_loses_and_doubles_no_trial(store: Path, space: SearchSpace) -> None:
    for statements in moments(STATEMENTS, 1):
        killed_after(statements, lambda: search(store, space, 100))
        check_whole(store, space)
        delete_study(store, "s")

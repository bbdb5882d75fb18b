from __future__ import annotations

import contextlib
import dataclasses
import errno
import re
import shutil
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import optuna
import pytest
from killed import killed_after, moments, together
from optuna.storages import RDBStorage
from postgres import Server
from sqlalchemy import URL, create_engine
from sqlalchemy.exc import OperationalError, ProgrammingError

from anenas._errors import AnenasError
from anenas.search import (
    SearchSettings,
    Study,
    _store,
    check_study_name,
    database_place,
    is_being_searched,
    quiet_optuna,
    searching,
    store_errors,
    study_name,
    study_names,
    use_storage,
)
from anenas.search._store import database_file

SETTINGS = SearchSettings({"accuracy": 0.0, "latency_ms": 0.5}, space="pretend", chip="A15")


def test_studies_are_listed_by_name(study: Study) -> None:
    store = study.folder.parents[1]
    Study.create_or_continue(store, "another", SETTINGS)
    assert study_names(store) == ["another", "s"]
    assert study_names(store / "nowhere") == []


def test_a_store_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AnenasError, match="cannot write the store"):
        Study.create_or_continue(tmp_path / "file", "s", SETTINGS)


def test_a_database_that_is_none_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "studies.db").write_text("this is no database, whatever its name says\n" * 100)
    with pytest.raises(AnenasError, match="not a database"):
        Study.create_or_continue(tmp_path, "s", SETTINGS)


def test_one_process_at_a_time_searches_a_study(tmp_path: Path) -> None:
    assert not is_being_searched(tmp_path, "s")
    with searching(tmp_path, "s"):
        assert is_being_searched(tmp_path, "s")
        with pytest.raises(AnenasError, match="another process"), searching(tmp_path, "s"):
            pass
    assert not is_being_searched(tmp_path, "s")


@pytest.mark.parametrize(("said", "tries"), [("relation already exists", 4), ("permission denied", 1)])
def test_tables_that_others_make_just_now_are_waited_for_and_no_other_error(
    monkeypatch: pytest.MonkeyPatch, said: str, tries: int
) -> None:
    calls: list[str] = []

    tables = SimpleNamespace(engine=create_engine("sqlite://"))

    def made(url: str, **options: object) -> SimpleNamespace:
        calls.append(url)
        if len(calls) < 4:
            raise ProgrammingError("CREATE TABLE studies", {}, Exception(said))
        return tables

    monkeypatch.setattr(optuna.storages, "RDBStorage", made)
    monkeypatch.setattr(_store, "connectable", lambda url: (url, {}))
    monkeypatch.setattr(_store, "_PAUSE", 0.0)
    expected = contextlib.nullcontext() if tries > 1 else pytest.raises(ProgrammingError, match=said)
    with expected:
        assert _store._connected.__wrapped__("postgresql://u@h/d", 0) is tables
    assert len(calls) == tries


def test_what_a_disk_does_not_take_says_how_much_of_it_is_free(tmp_path: Path) -> None:
    for store, told in ((tmp_path, r"; [0-9.]+ MB are free; fix"), (tmp_path / "nowhere", " (x); fix")):
        with pytest.raises(AnenasError) as raised, store_errors(store):
            raise OSError(errno.ENOSPC, "No space left on device", "x")
        found = str(raised.value)
        assert found.startswith(f"cannot write the store {store}: No space left on device (x)")
        assert re.search(told if store.is_dir() else re.escape(told), found)
    with pytest.raises(ConnectionError), store_errors(tmp_path):  # of what a search is told to
        raise ConnectionResetError


@pytest.mark.parametrize("given", [None, "mine"])
def test_a_study_that_is_begun_afresh_is_none_that_there_is_and_otherwise_the_last_of_its_family_goes_on(
    tmp_path: Path, given: str | None
) -> None:
    def name(*, new: bool) -> str:
        return study_name(tmp_path, given, new, "title of it", SETTINGS)

    first = name(new=False)
    assert first == given or re.fullmatch(r"title-of-it-[0-9a-f]{6}", first)
    assert name(new=True) == first
    for other in (f"{first}-x", f"{first}-2b", f"x{first}-7", f"{first}7"):  # of no family
        Study.create_or_continue(tmp_path, other, SETTINGS)
    assert name(new=False) == name(new=True) == first
    for number in (1, 2, 3):
        last = name(new=True)
        assert last == (first if number == 1 else f"{first}-{number}")
        Study.create_or_continue(tmp_path, last, SETTINGS)
        assert name(new=False) == (given or last)
    Study.create_or_continue(tmp_path, f"{first}-12", SETTINGS)
    assert name(new=True) == f"{first}-13"


@pytest.mark.parametrize(("name", "sign"), [("why?", "'?'"), ("100%41 done", "'%'")])
def test_a_path_that_no_database_address_can_hold_is_refused_and_nothing_written(
    tmp_path: Path, name: str, sign: str
) -> None:
    with pytest.raises(AnenasError, match=re.escape(f"its path has {sign}")):
        Study.create_or_continue(tmp_path / name, "s", SETTINGS)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["plan #2", "50% off", "ümläut 名", " led & [b]; 'q'", "a" * 200])
def test_other_odd_paths_hold_a_store(tmp_path: Path, name: str) -> None:
    Study.create_or_continue(tmp_path / name, "s", SETTINGS)
    assert study_names(tmp_path / name) == ["s"]
    assert [folder.name for folder in tmp_path.iterdir()] == [name]


def test_a_database_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    def make(store: Path) -> None:
        assert study_names(store) == []
        Study.create_or_continue(store, "s", SETTINGS)

    for statements in moments(60, 2):
        store = tmp_path / str(statements)
        killed_after(statements, lambda store=store: make(store))
        make(store)
        assert study_names(store) == ["s"]


def test_one_that_an_earlier_version_left_half_made_is_made_anew(tmp_path: Path) -> None:
    for statements in moments(60, 2):
        store = tmp_path / str(statements)
        store.mkdir()
        killed_after(statements, lambda store=store: RDBStorage(f"sqlite:///{store / 'studies.db'}"))
        Study.create_or_continue(store, "s", SETTINGS)
        assert study_names(store) == ["s"]


def test_searches_that_begin_together_make_one_database(tmp_path: Path) -> None:
    def make(name: str) -> None:
        Study.create_or_continue(tmp_path, name, SETTINGS)

    together([lambda name=name: make(name) for name in "abcd"])
    assert study_names(tmp_path) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("name", ["a", "7", "A.b_c-9", "a" * 100, None])
def test_a_name_that_a_folder_and_a_table_can_have_is_a_study_s(name: str | None) -> None:
    check_study_name(name)


@pytest.mark.parametrize("name", ["", "-a", "_a", ".a", "a b", "a/b", "ü", "a" * 101, "a\n"])
def test_any_other_name_is_refused_with_what_it_may_hold(name: str) -> None:
    with pytest.raises(AnenasError, match=r"expected letters, digits, '_', '\.' and '-', at most 100 characters$"):
        check_study_name(name)


def test_the_name_of_a_study_follows_from_its_settings_alone_in_every_version(tmp_path: Path) -> None:
    """It would not go on otherwise."""

    def name(**limits: float) -> str:
        return study_name(tmp_path, None, False, "my space/1", dataclasses.replace(SETTINGS, limits=limits))

    assert name(size_mb=1.0, latency_ms=2.0) == name(latency_ms=2.0, size_mb=1.0) == "my-space-1-b85230"
    assert name(size_mb=2.0, latency_ms=1.0) != name(size_mb=1.0, latency_ms=2.0)


def test_copies_that_are_not_whole_are_no_studies_yet(tmp_path: Path) -> None:
    for name in ("b", ".unfinished-c", "a"):
        Study.create_or_continue(tmp_path, name, SETTINGS)
    assert study_names(tmp_path) == ["a", "b"]


def test_a_store_is_a_file_in_its_folder_unless_it_names_a_server(tmp_path: Path, database: URL) -> None:
    assert database_file(tmp_path) == tmp_path / "studies.db"
    assert database_place(tmp_path) == str(tmp_path / "studies.db")
    use_storage(tmp_path, database.render_as_string(hide_password=False))
    assert database_file(tmp_path) is None
    assert database_place(tmp_path) == f"postgresql://anenas@{database.host}:{database.port}/{database.database}"


def test_a_store_keeps_to_the_database_that_it_was_given(
    tmp_path: Path, database: URL, postgres_server: Server
) -> None:
    store, address = tmp_path / "deep" / "store", database.render_as_string(hide_password=False)
    use_storage(store, None)
    assert not store.exists()
    use_storage(store, address)
    record = (store / "storage.json").stat().st_ino
    for again in (None, address):
        use_storage(store, again)
    assert (store / "storage.json").stat().st_ino == record, "nothing was written anew"
    use_storage(store, f"{address}?application_name=anenas")
    assert "application_name" in (store / "storage.json").read_text()
    Study.create_or_continue(store, "s", SETTINGS)
    assert study_names(store) == ["s"] and not (store / "studies.db").exists()
    other = postgres_server.new_database()
    with pytest.raises(
        AnenasError, match=rf"has its studies in .*{database.database}.*, not in .*{other.database}; choose"
    ):
        use_storage(store, other.render_as_string(hide_password=False))
    with pytest.raises(AnenasError, match=r"there is no database 'nowhere'; create it, or name another"):
        use_storage(tmp_path / "new", database.set(database="nowhere").render_as_string(hide_password=False))
    assert not (tmp_path / "new").exists()


def test_a_store_with_studies_of_its_own_is_given_no_server(tmp_path: Path, database: URL) -> None:
    for name, told in (("a", "1 study"), ("b", "2 studies")):
        Study.create_or_continue(tmp_path, name, SETTINGS)
        with pytest.raises(AnenasError, match=rf"has {told} in SQLite; choose another `store` for postgresql://.*, or"):
            use_storage(tmp_path, database.render_as_string(hide_password=False))
    assert database_file(tmp_path) == tmp_path / "studies.db"


def test_a_connection_that_a_server_has_cut_is_made_anew(
    tmp_path: Path, database: URL, postgres_server: Server
) -> None:
    use_storage(tmp_path, database.render_as_string(hide_password=False))
    study = Study.create_or_continue(tmp_path, "s", SETTINGS)
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database.database}'"
    postgres_server.do(cut)
    study.note_begin("anenas search")
    postgres_server.do(cut)
    assert study_names(tmp_path) == ["s"] and Study.load(tmp_path, "s").command == "anenas search"


def test_a_study_in_a_shared_database_is_searched_while_anybody_holds_it(tmp_path: Path, database: URL) -> None:
    stores = [tmp_path / "one", tmp_path / "other"]
    for store in stores:
        use_storage(store, database.render_as_string(hide_password=False))
    assert not any(is_being_searched(store, "s") for store in stores)
    with searching(stores[0], "s") as check:
        check()
        assert all(is_being_searched(store, "s") for store in stores)
        assert not is_being_searched(stores[1], "t")
    assert not any(is_being_searched(store, "s") for store in stores)


def test_a_study_that_cannot_be_held_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "studies").write_text("")
    with pytest.raises(AnenasError) as raised, searching(tmp_path, "s"):
        pass
    assert str(raised.value) == f"cannot write the store {tmp_path}: Not a directory"


def test_what_is_held_is_given_back_whatever_happens(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), searching(tmp_path / "new" / "store", "s") as check:
        check()
        assert is_being_searched(tmp_path / "new" / "store", "s")
        raise ZeroDivisionError
    assert not is_being_searched(tmp_path / "new" / "store", "s")
    assert not is_being_searched(tmp_path / "nowhere", "s") and not (tmp_path / "nowhere").exists()


def test_a_database_of_another_version_is_one_clear_line(tmp_path: Path) -> None:
    Study.create_or_continue(tmp_path, "s", SETTINGS)
    with contextlib.closing(sqlite3.connect(tmp_path / "studies.db")) as database, database:
        assert database.execute("UPDATE version_info SET schema_version = 99").rowcount
        assert database.execute("UPDATE alembic_version SET version_num = 'v9.9'").rowcount
    with pytest.raises(AnenasError) as raised:
        Study.load(tmp_path, "s")
    assert str(raised.value).startswith(f"cannot use the store {tmp_path / 'studies.db'}: ")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (sqlite3.OperationalError("database is locked"), "cannot use the store {db}: database is locked"),
        (
            OperationalError("INSERT INTO trials", {"value": 1}, sqlite3.OperationalError("database or disk is full")),
            "cannot use the store {db}: database or disk is full; FREE MB are free, free some space and run again to "
            "continue",
        ),
        (
            OSError(errno.EACCES, "Permission denied"),
            "cannot write the store {store}: Permission denied; FREE MB are free; fix this and run again to continue",
        ),
        (
            OSError("what has no number"),
            "cannot write the store {store}: what has no number; FREE MB are free; fix this and run again to continue",
        ),
    ],
)
def test_what_a_store_does_not_do_is_one_line_that_says_what_to_do(
    tmp_path: Path, error: Exception, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=12_345_678))
    with pytest.raises(AnenasError) as raised, store_errors(tmp_path):
        raise error
    expected = told.format(db=tmp_path / "studies.db", store=tmp_path).replace("FREE", "12.3")
    assert str(raised.value) == expected


def test_a_database_that_is_damaged_is_told_with_what_is_left(tmp_path: Path) -> None:
    (tmp_path / "studies.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(AnenasError) as raised:
        study_names(tmp_path)
    assert str(raised.value) == (
        f"the database {tmp_path / 'studies.db'} is damaged: file is not a database; restore a backup of it, or move "
        f"it away to start again: the files of its trials are kept in {tmp_path / 'studies'}"
    )


def test_tables_that_others_never_finish_are_given_up_after_ten_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    paused: list[float] = []

    def made(url: str, **options: object) -> None:
        calls.append(url)
        raise ProgrammingError("CREATE TABLE studies", {}, Exception("relation already exists"))

    monkeypatch.setattr(optuna.storages, "RDBStorage", made)
    monkeypatch.setattr(_store, "connectable", lambda url: (url, {}))
    monkeypatch.setattr(_store, "time", SimpleNamespace(sleep=paused.append))
    with pytest.raises(ProgrammingError):
        _store._connected.__wrapped__("postgresql://u@h/d", 0)
    assert (len(calls), paused) == (10, [0.1] * 9)


def test_optuna_is_as_talkative_afterwards_as_it_was() -> None:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.DEBUG)
    try:
        with contextlib.suppress(ZeroDivisionError), quiet_optuna():
            assert optuna.logging.get_verbosity() == optuna.logging.ERROR
            raise ZeroDivisionError
        assert optuna.logging.get_verbosity() == optuna.logging.DEBUG
    finally:
        optuna.logging.set_verbosity(before)

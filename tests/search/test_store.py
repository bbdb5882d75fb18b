from __future__ import annotations

import contextlib
import errno
import re
from pathlib import Path
from types import SimpleNamespace

import optuna
import pytest
from killed import killed_after, moments, together
from optuna.storages import RDBStorage
from sqlalchemy import create_engine
from sqlalchemy.exc import ProgrammingError

from anenas._errors import AnenasError
from anenas.search import SearchSettings, Study, _store, is_being_searched, searching, study_name, study_names
from anenas.search._store import store_errors

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

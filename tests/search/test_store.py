from __future__ import annotations

from pathlib import Path

import pytest

from anenas._errors import AnenasError
from anenas.search import SearchSettings, Study, is_being_searched, searching, study_names

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


def test_a_path_that_no_database_address_can_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AnenasError, match="must be without"):
        Study.create_or_continue(tmp_path / "a?b", "s", SETTINGS)

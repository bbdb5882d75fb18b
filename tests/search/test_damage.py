from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import optuna
import pytest

from anenas._errors import AnenasError
from anenas.search._damage import damage_of, decisions_of, readable_trials


class Studies:
    """Two studies in one database, each of four trials that were answered and one that runs."""

    def __init__(self, folder: Path) -> None:
        self.database, self.kept = folder / "studies.db", folder / "s" / "damaged.jsonl"
        self.storage = optuna.storages.RDBStorage(f"sqlite:///{self.database}")
        self.study, self.other = (optuna.create_study(study_name=name, storage=self.storage) for name in ("s", "o"))
        for number in range(5):
            for study in (self.study, self.other):
                study.enqueue_trial({"width": 16 + number})
                trial = study.ask()
                trial.suggest_int("width", 16, 64)
                trial.set_user_attr("answer", {"of": f"{study.study_name}{number}"})
                if number < 4:
                    study.tell(trial, float(number))

    def change(self, statement: str, *numbers: int) -> None:
        """In the rows of trials of the first study; :row stands for the trial's."""
        trials = self.study.get_trials()
        with contextlib.closing(sqlite3.connect(self.database)) as database, database:
            for number in numbers:
                assert database.execute(statement, {"row": trials[number]._trial_id}).rowcount

    def tear(self, *numbers: int) -> None:
        self.change("UPDATE trial_user_attributes SET value_json = '{\"of' WHERE trial_id = :row", *numbers)

    def read(self, *, shared: bool = False) -> list[optuna.trial.FrozenTrial]:
        return list(readable_trials(self.study, self.storage, None if shared else self.database, self.kept))

    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.kept.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def studies(tmp_path: Path, studies_database: Path) -> Studies:
    shutil.copy(studies_database, tmp_path)
    return Studies(tmp_path)


def test_where_nothing_is_damaged_nothing_is_told_or_written(
    studies: Studies, caplog: pytest.LogCaptureFixture
) -> None:
    assert [trial.number for trial in studies.read()] == [0, 1, 2, 3, 4]
    assert [bool(trial.params) for trial in studies.read()] == [False] * 4 + [True]
    assert not caplog.messages and not studies.kept.exists()


def test_damaged_trials_are_told_and_set_aside_and_the_others_are_read(
    studies: Studies, caplog: pytest.LogCaptureFixture
) -> None:
    before = studies.study.get_trials()
    studies.tear(1, 3)
    assert [trial.number for trial in studies.read()] == [0, 2, 4]
    assert [message.partition(" (")[0] for message in caplog.messages] == [
        f"trial {number} of s is damaged in {studies.database} and set aside" for number in (1, 3)
    ]
    assert "(JSONDecodeError: Unterminated string" in caplog.messages[0]
    assert caplog.messages[0].endswith(f"; its rows are in {studies.kept}")
    caplog.clear()
    again = studies.read()
    assert not caplog.messages, "it is told once"
    assert [(trial.number, trial.state.name) for trial in again] == [
        (0, "COMPLETE"), (1, "FAIL"), (2, "COMPLETE"), (3, "FAIL"), (4, "RUNNING"),
    ]  # fmt: skip
    left = again[1]
    assert (left.user_attrs, left.values, left.datetime_start, left.datetime_complete) == ({}, None, None, None)
    assert [one.number for one in studies.other.get_trials()] == [0, 1, 2, 3, 4]
    assert all(trial == before[trial.number] for trial in studies.study.get_trials() if trial.number in (0, 2, 4))
    assert [one.user_attrs["answer"]["of"] for one in studies.other.get_trials()] == [f"o{i}" for i in range(5)]


def test_the_rows_of_what_is_set_aside_are_kept_whole_one_a_line(studies: Studies) -> None:
    row = studies.study.get_trials()[1]._trial_id
    studies.tear(1)
    studies.read()
    rows = {one.pop("table"): one for one in studies.rows()}
    assert rows.keys() == {
        "trials", "trial_params", "trial_user_attributes", "trial_system_attributes", "trial_values",
    }  # fmt: skip
    assert {one["trial_id"] for one in rows.values()} == {row}
    assert (rows["trials"]["number"], rows["trials"]["state"]) == (1, "COMPLETE")
    assert rows["trials"]["datetime_start"] and rows["trials"]["datetime_complete"]
    assert (rows["trial_params"]["param_name"], rows["trial_values"]["value"]) == ("width", 1.0)
    assert rows["trial_user_attributes"]["value_json"] == '{"of'


def test_rows_that_were_set_aside_before_stay_in_the_file(studies: Studies) -> None:
    studies.tear(1)
    studies.read()
    first = studies.rows()
    studies.tear(2)
    studies.read()
    both = studies.rows()
    assert both[: len(first)] == first and len({row["trial_id"] for row in both[len(first) :]}) == 1
    assert {row["number"] for row in both if row["table"] == "trials"} == {1, 2}


def test_bytes_that_are_no_text_are_kept_readable(studies: Studies) -> None:
    studies.change("UPDATE trial_user_attributes SET value_json = CAST(x'41ff' AS TEXT) WHERE trial_id = :row", 0)
    studies.change("UPDATE trial_values SET value = x'00ff' WHERE trial_id = :row", 0)
    assert [trial.number for trial in studies.read()] == [1, 2, 3, 4]
    rows = {row["table"]: row for row in studies.rows()}
    assert rows["trial_user_attributes"]["value_json"] == "A\\xff"
    assert rows["trial_values"]["value"] == repr(b"\x00\xff")


def test_in_a_database_of_a_server_nothing_is_set_aside(studies: Studies) -> None:
    studies.tear(2)
    for _ in range(2):
        with pytest.raises(ValueError, match="Unterminated"):
            studies.read(shared=True)
    assert not studies.kept.exists()


def test_what_trials_decided_is_read_of_those_that_are_asked_about_and_can_be(
    studies: Studies, caplog: pytest.LogCaptureFixture
) -> None:
    studies.change("UPDATE trial_params SET distribution_json = '{}' WHERE trial_id = :row", 2)
    found = decisions_of(studies.study, studies.storage, {0, 1, 2, 4})
    assert found == {0: {"width": 16}, 1: {"width": 17}, 4: {"width": 20}}
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("what trial 2 of s decided is damaged in the database and left out: KeyError:")


@pytest.mark.parametrize("error", [ValueError("no\nmore"), KeyError("no"), TypeError("no"), ZeroDivisionError("no")])
def test_what_no_version_wrote_is_one_line_that_says_what_to_do(error: Exception) -> None:
    with pytest.raises(AnenasError) as raised, damage_of("mobile", "/store/studies.db"):
        raise error
    word = "'no'" if isinstance(error, KeyError) else "no"
    assert str(raised.value) == (
        f"study 'mobile' is damaged in /store/studies.db ({type(error).__name__}: {word}); restore a backup of the "
        "database, or start a new study with another name"
    )


def test_what_is_no_fault_of_a_row_is_raised_as_it_is() -> None:
    for error in (PermissionError("no"), sqlite3.OperationalError("database is locked"), AnenasError("no")):
        with pytest.raises(type(error)) as raised, damage_of("mobile", "/store/studies.db"):
            raise error
        assert raised.value is error
    with damage_of("mobile", "/store/studies.db"):
        pass


def test_text_of_a_row_that_is_none_is_its_fault_whatever_reads_it() -> None:
    with pytest.raises(AnenasError, match="study 'mobile' is damaged"), damage_of("mobile", "/store/studies.db"):
        raise sqlite3.OperationalError("Could not decode to UTF-8 column 'value_json'")
    with pytest.raises(AnenasError, match="study 'mobile' is damaged"), damage_of("mobile", "/store/studies.db"):
        raise RuntimeError("reading") from sqlite3.OperationalError("Could not decode to UTF-8 column 'value_json'")


def test_a_file_that_is_no_database_is_the_fault_of_no_row(tmp_path: Path) -> None:
    (tmp_path / "studies.db").write_bytes(b"no database at all" * 100)

    def read() -> None:
        try:
            sqlite3.connect(tmp_path / "studies.db").execute("SELECT 1 FROM trials")
        except sqlite3.DatabaseError as error:
            raise ValueError("cannot be read") from error

    with pytest.raises(ValueError, match="cannot be read"), damage_of("mobile", "/store/studies.db"):
        read()

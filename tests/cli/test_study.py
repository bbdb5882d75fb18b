"""`anenas study`, as it is typed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import postgres
import pytest
from commands import Run
from sqlalchemy import URL

from anenas.search import SearchSettings, Study, searching
from anenas.search._address import shown

SETTINGS = SearchSettings({"accuracy": 0.0, "latency_ms": 0.5}, space="pretend 12", chip="A15")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    for name in ("mine", "other"):
        Study.create_or_continue(tmp_path / "mlruns", name, SETTINGS)
    return tmp_path / "mlruns"


def test_without_studies_the_list_says_how_to_get_one(run: Run) -> None:
    assert run("study", "list") == run("front") == (0, "no studies in mlruns; run `anenas search`\n", "")
    assert json.loads(run("study", "list", "--json").out) == []


@pytest.mark.parametrize("width", [60, 200])
def test_the_list_names_every_study_whatever_the_width(
    run: Run, store: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, _ = run("study", "list")
    assert code == 0 and "mine" in out and "other" in out and "stopped" not in out.split("mine")[1]
    assert all(len(line.rstrip()) <= width for line in out.splitlines())
    assert run("front").out.split() == out.split()


def test_what_is_removed_is_told_first_and_asked(run: Run, store: Path) -> None:
    code, out, err = run("study", "delete", "mine")
    assert code == 2 and "0 trials" in out and "nothing was removed" in err and "--yes" in err
    assert (store / "studies" / "mine").is_dir()
    assert run("study", "delete", "mine", "--yes").code == 0
    assert [one["name"] for one in json.loads(run("study", "list", "--json").out)] == ["other"]
    (store / "studies" / "lost").mkdir()
    code, out, _ = run("study", "gc")
    assert code == 2 and "files of no study" in out and (store / "studies" / "lost").is_dir()
    assert run("study", "gc", "--yes").code == 0 and not (store / "studies" / "lost").exists()
    assert run("study", "gc").out == "nothing to remove in mlruns: everything belongs to a study\n"


def test_a_study_is_shown_and_renamed(run: Run, store: Path) -> None:
    assert run("study", "rename", "mine", "yours").code == 0
    code, out, _ = run("study", "show", "yours")
    assert code == 0 and out.startswith("study     yours\n") and "space          pretend 12" in out


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("study show nothing", "unknown study 'nothing'"),
        ("study rename mine other", "already"),
        ("study delete nothing --yes", "unknown study"),
        ("study copy mine --to mlruns", "the study is already there"),
        ("study copy mine --to elsewhere --files there", "only with the address of a database"),
        ("study list --storage postgresql://u@127.0.0.1:1/d", "choose another --store"),
        ("study list --store new --storage postgresql://u@127.0.0.1:1/d", "nobody answers"),
        ("study list --store new --storage mongo://u@127.0.0.1:1/d", "unknown kind of database 'mongo'"),
    ],
)
def test_a_mistake_is_one_line(refusal: Callable[..., str], store: Path, command: str, told: str) -> None:
    assert told in refusal(*command.split())


def test_a_study_goes_to_postgresql(run: Run, store: Path, database: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", postgres.PASSWORD)
    address = shown(database)
    code, out, err = run("study", "copy", "mine", "--to", address)
    there = f"mlruns-{database.database}"
    assert code == 0, err
    assert f"copied mine to {address}: 0 trials, verified equal\n" in out
    assert f"--store {there} --study mine" in out
    assert [one["name"] for one in json.loads(run("study", "list", "--store", there, "--json").out)] == ["mine"]
    with searching(store.with_name(there).absolute(), "mine"):
        line = run("study", "delete", "mine", "--yes", "--store", there).err
    assert "is being searched" in line


def test_a_password_on_the_command_line_is_warned_of_and_not_told(
    run: Run, database: URL, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    full = database.render_as_string(hide_password=False)
    code, out, err = run("study", "list", "--storage", full)
    assert (code, out.startswith("no studies")) == (0, True)
    assert "list of processes" in err and "s3cret" not in err and err.count("\n") == 1
    wrong = run("study", "list", "--store", "new", "--storage", "postgresql://u:s3cret@127.0.0.1:1/d")
    assert wrong.code == 2 and "nobody answers" in wrong.err and "s3cret" not in wrong.err
    monkeypatch.setenv("ANENAS_STORAGE", full)
    assert run("study", "list").err == ""

"""Whole studies: renamed, copied, removed."""

from __future__ import annotations

import dataclasses
import sqlite3
from pathlib import Path

import optuna
import postgres
import pytest
from pretend import PretendEvaluator, estimate
from sqlalchemy import URL

from anenas._errors import AnenasError
from anenas.search import (
    Problem,
    Search,
    SearchSettings,
    SerialExecutor,
    Study,
    TrialFiles,
    copy_study,
    delete_study,
    make_sampler,
    rename_study,
    searching,
    study_folder,
    study_names,
    use_storage,
)
from anenas.search._store import open_storage
from anenas.space import Limits, SearchSpace

SETTINGS = SearchSettings({"accuracy": 0.0, "latency_ms": 0.5}, space="pretend", chip="A15")


def search(store: Path, space: SearchSpace, trials: int, name: str = "s") -> Study:
    with searching(store, name):
        study = Study.create_or_continue(store, name, SETTINGS)
        limits = Limits(latency_ms=0.4)
        problem = Problem(space, 10, PretendEvaluator(), study.objectives, limits, latency_bound="estimate")
        with SerialExecutor() as executor:
            search = Search(study, problem, make_sampler("random", 0), executor)
            search.run(trials)
            study.ask(make_sampler("random", 1), problem)  # left open, as by a kill
    return study


def content(store: Path, name: str) -> list[object]:
    storage = open_storage(store)
    trials = optuna.load_study(study_name=name, storage=storage).get_trials()
    return [{**vars(trial), "_trial_id": None} for trial in trials]


def files(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_study_goes_from_sqlite_to_postgresql_and_back_alike(
    tmp_path: Path, database: URL, space: SearchSpace
) -> None:
    store, shared, back = (tmp_path / name for name in ("store", "shared", "back"))
    study = search(store, space, 3)
    study.note_data("there.npz")
    use_storage(shared, database.render_as_string(hide_password=False))
    assert copy_study(store, "s", shared) == copy_study(shared, "s", back, "t") == len(content(store, "s"))
    assert content(store, "s") == content(shared, "s") == content(back, "t")
    copied, found = Study.load(shared, "s"), Study.load(store, "s")
    assert copied.finished == found.finished and copied.data == "there.npz" and copied.settings == found.settings
    assert copied.id != found.id  # or both would log to one run
    for trial in copied.completed:
        assert files(copied.trial_folder(trial.number)) == files(found.trial_folder(trial.number)) != {}
    assert len(search(back, space, 5, "t").completed) == 5


def test_a_copy_is_whole_or_not_at_all(tmp_path: Path, space: SearchSpace, monkeypatch: pytest.MonkeyPatch) -> None:
    search(tmp_path / "a", space, 2)
    with monkeypatch.context() as patch:
        patch.setattr("shutil.copytree", lambda *args, **options: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            copy_study(tmp_path / "a", "s", tmp_path / "b")
    assert study_names(tmp_path / "b") == []
    assert optuna.get_all_study_names(open_storage(tmp_path / "b")) == []
    copy_study(tmp_path / "a", "s", tmp_path / "b")
    with pytest.raises(AnenasError, match=r"a study 's' exists already in "):
        copy_study(tmp_path / "a", "s", tmp_path / "b")
    with searching(tmp_path / "a", "s"), pytest.raises(AnenasError, match="being searched"):
        copy_study(tmp_path / "a", "s", tmp_path / "c")


def test_a_study_that_is_renamed_goes_on_by_its_new_name(tmp_path: Path, space: SearchSpace) -> None:
    before = search(tmp_path, space, 2)
    rename_study(tmp_path, "s", "t")
    assert study_names(tmp_path) == ["t"]
    assert not study_folder(tmp_path, "s").exists()
    after = search(tmp_path, space, 4, "t")
    assert after.completed[:2] == before.completed and after.id == before.id
    for wrong, told in {"t": "already", "a/b": "expected letters", "": "expected letters"}.items():
        with pytest.raises(AnenasError, match=told):
            rename_study(tmp_path, "t", wrong)
    with pytest.raises(AnenasError, match="unknown study 's'"):
        rename_study(tmp_path, "s", "u")


def test_renaming_that_was_killed_on_the_way_is_done_when_asked_again(tmp_path: Path, space: SearchSpace) -> None:
    search(tmp_path, space, 1)
    with sqlite3.connect(tmp_path / "studies.db") as half:
        half.execute("UPDATE studies SET study_name = 't'")
    rename_study(tmp_path, "s", "t")
    assert study_folder(tmp_path, "t").is_dir() and not study_folder(tmp_path, "s").exists()


def test_a_study_that_is_deleted_leaves_nothing(
    tmp_path: Path, database: URL, postgres_server: postgres.Server, space: SearchSpace
) -> None:
    use_storage(tmp_path / "shared", database.render_as_string(hide_password=False))
    for store in (tmp_path / "sqlite", tmp_path / "shared"):
        search(store, space, 1)
        search(store, space, 1, "other")
        with searching(store, "s"), pytest.raises(AnenasError, match="being searched"):
            delete_study(store, "s")
        delete_study(store, "s")
        assert study_names(store) == ["other"]
        assert not study_folder(store, "s").exists()
        assert len(search(store, space, 2, "other").completed) == 2
    with postgres.connected(postgres_server.url(str(database.database))) as engine, engine.connect() as connection:
        held = connection.exec_driver_sql("SELECT study FROM anenas_leases").scalars().all()
    assert held == ["other"]


def test_what_trials_need_that_may_ship_is_dropped_of_those_that_others_beat(
    tmp_path: Path, space: SearchSpace
) -> None:
    study = Study.create_or_continue(tmp_path, "s", SETTINGS)
    for number in range(3):
        trial = study.ask(make_sampler("random", 0), Problem(space, 10, PretendEvaluator(), study.objectives, Limits()))
        found = PretendEvaluator().evaluate(trial.architecture, TrialFiles(study.workspace(trial)))
        study.complete(trial, dataclasses.replace(found, score=number / 10, estimate=estimate(0.3)), {})
    for trial in study.completed:
        folder = study.trial_folder(trial.number)
        for path in (folder / "model.mlpackage").iterdir():
            path.unlink()
        (folder / "model.mlpackage" / "weights").write_bytes(bytes(1000))
        (folder / "weights.safetensors").write_bytes(bytes(10))
    kept = {trial.number for trial in study.pareto}
    beaten = {trial.number for trial in study.completed} - kept
    freed = study.drop_dominated()
    assert freed.keys() == beaten and len(beaten) == 2 and min(freed.values()) >= 1000
    for trial in study.completed:
        folder = study.trial_folder(trial.number)
        assert (folder / "model.mlpackage").exists() == (trial.number in kept)
        assert (folder / "weights.safetensors").exists() and (folder / "evaluation.json").exists()
    assert study.drop_dominated() == {}
    assert len(search(tmp_path, space, 8).completed) == 8

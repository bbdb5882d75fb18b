"""Keeping house: studies, their files and their MLflow runs together."""

from __future__ import annotations

import dataclasses
import os
import shutil
import time
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType
from pretend import SPACE, PretendEvaluator, estimate

from anenas._errors import AnenasError
from anenas.api import (
    describe_study,
    find_orphans,
    list_studies,
    name_study,
    remove_orphans,
    remove_study,
)
from anenas.search import (
    Problem,
    SearchSettings,
    Study,
    TrialFiles,
    delete_study,
    make_sampler,
    searching,
    study_folder,
    study_names,
)
from anenas.space import Limits, SearchSpace, read_space
from anenas.tracking import MlflowTracker, connect, default_uri

SETTINGS = SearchSettings({"accuracy": 0.0, "latency_ms": 0.5}, space="pretend 12", data="d 34", chip="A15")
EVALUATOR, RANDOM = PretendEvaluator(), make_sampler("random", 0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two studies of two trials each, logged in its MLflow."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "pretend.yaml").write_text(SPACE)
    for name in ("a", "b"):
        log(folder / "store", read_space(folder / "pretend.yaml"), name)
    return folder


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    """A store of the test's own: moved from where it was made, to a path with odd signs in it."""
    shutil.copytree(made / "store", tmp_path / "it's 1 & 名")
    return tmp_path / "it's 1 & 名"


@pytest.fixture
def space(made: Path) -> SearchSpace:
    return read_space(made / "pretend.yaml")


def log(store: Path, space: SearchSpace, name: str, trials: int = 2) -> tuple[Study, MlflowTracker]:
    with searching(store, name):
        study = Study.create_or_continue(store, name, SETTINGS)
        study.note_begin(f"anenas search --study {name}")
        tracker = MlflowTracker(study, store, connect(default_uri(store)))
        for _ in range(trials):
            trial = study.ask(RANDOM, Problem(space, 10, EVALUATOR, study.objectives, Limits()))
            evaluation = EVALUATOR.evaluate(trial.architecture, TrialFiles(study.workspace(trial)))
            better = dataclasses.replace(evaluation, score=0.5 + trial.number / 10, estimate=estimate(0.3))
            study.complete(trial, better, {})
        tracker.update(study)
        tracker.close("FINISHED")
        study.note_end()
    return study, tracker


def runs(store: Path) -> list[str]:
    """Names of the studies of all runs, deleted ones too."""
    client = MlflowClient(default_uri(store))
    experiments = [one.experiment_id for one in client.search_experiments()]
    found = client.search_runs(experiments, run_view_type=ViewType.ALL)
    return sorted(run.data.tags["anenas.study"] for run in found)


def test_the_list_tells_what_there_is_of_each_study(store: Path) -> None:
    with searching(store, "b"):
        newest, oldest = list_studies(store)
    assert (newest.name, newest.state, oldest.name, oldest.state) == ("b", "running", "a", "finished")
    assert newest.counts["completed"] == 2 and newest.best == 0.6 and newest.metric == "accuracy"
    assert (newest.space, newest.data, newest.chip) == ("pretend 12", "d 34", "A15")
    files = [path for path in study_folder(store, "a").rglob("*") if path.is_file()]
    assert oldest.bytes > sum(path.stat().st_size for path in files) > 0
    assert oldest.begun and oldest.ended and oldest.begun < oldest.ended <= time.time()
    assert list_studies(store / "nowhere") == []


def test_one_that_was_killed_is_stopped_and_one_that_is_damaged_says_so(store: Path) -> None:
    Study.load(store, "a").note_begin("")
    Study.load(store, "b")._optuna.set_user_attr("settings", {"schema_version": 99})
    states = {one.name: one for one in list_studies(store)}
    assert states["a"].state == "stopped"
    assert states["b"].state == "damaged" and "newer anenas" in states["b"].problem


def test_a_study_is_described_by_its_settings_and_what_it_takes(store: Path) -> None:
    found = describe_study("a", store)
    assert found.command == "anenas search --study a"
    assert found.settings == SETTINGS.to_dict()
    assert found.runs == 3
    summed = sum(found.sizes.values())
    assert summed == found.summary.bytes and found.sizes["packages"] > 0 and found.sizes["mlflow"] > 0


def test_a_study_is_removed_with_its_files_and_runs_and_no_other(store: Path) -> None:
    with searching(store, "a"), pytest.raises(AnenasError, match="being searched"):
        remove_study("a", store)
    artifacts = len(list((store / "artifacts").iterdir()))
    remove_study("a", store)
    assert study_names(store) == ["b"] and runs(store) == ["b"] * 3
    assert not study_folder(store, "a").exists()
    assert 0 < len(list((store / "artifacts").iterdir())) < artifacts
    assert len(Study.load(store, "b").completed) == 2
    with pytest.raises(AnenasError, match="unknown study 'a'"):
        remove_study("a", store)
    assert find_orphans(store) == []


def test_a_study_that_is_renamed_logs_on_in_its_runs(store: Path, space: SearchSpace) -> None:
    name_study("a", "c", store)
    assert runs(store) == ["b"] * 3 + ["c"] * 3
    client = connect(default_uri(store))
    experiments = [one.experiment_id for one in client.search_experiments()]
    found = client.search_runs(experiments, "tags.`anenas.study` = 'c'")
    notes = "".join(run.data.tags.get("mlflow.note.content", "") for run in found)
    for said in ("--study c\n", "anenas front c\n", "anenas export c --pick knee", " of `c`**"):
        assert said in notes
    assert "`a`" not in notes and "anenas front a" not in notes  # commands that would find nothing
    log(store, space, "c", trials=1)
    assert runs(store) == ["b"] * 3 + ["c"] * 4


def test_what_belongs_to_no_study_is_found_and_removed_and_nothing_else(store: Path, space: SearchSpace) -> None:
    connect(default_uri(store))  # knows that it was moved
    assert find_orphans(store) == []
    delete_study(store, "a")  # by hand: its runs are left
    (store / "studies" / "gone").mkdir()
    (store / "artifacts" / ("0" * 32)).mkdir()
    (study_folder(store, "b") / "data").mkdir()
    for name in (".unfinished-old", ".unfinished-new"):
        (store / name).mkdir()
    os.utime(store / ".unfinished-old", (0, 0))
    found = find_orphans(store)
    assert sorted(orphan.what for orphan in found) == [
        "3 MLflow runs of 'a', which is no study",
        "artifacts of no MLflow run",
        "files of no study",
        "left by a process that was killed",
        "left by a process that was killed",
    ]
    with searching(store, "gone"):  # begins just now
        assert len(find_orphans(store)) == len(found) - 1
    remove_orphans(store, found)
    assert find_orphans(store) == [] and runs(store) == ["b"] * 3
    assert (store / ".unfinished-new").is_dir()  # is being written, for all that is known
    assert len(Study.load(store, "b").completed) == 2


def test_runs_that_another_store_logs_to_the_same_database_are_no_orphans(store: Path, space: SearchSpace) -> None:
    client = connect(default_uri(store))
    other = store.parent / "other"
    MlflowTracker(Study.create_or_continue(other, "z", SETTINGS), other, client)
    assert "z" in runs(store) and find_orphans(store) == []


def test_a_store_that_cannot_be_read_has_no_orphans(store: Path) -> None:
    (store / "studies.db").write_text("damaged" * 1000)
    with pytest.raises(AnenasError, match="is damaged"):
        find_orphans(store)


def test_a_store_that_was_moved_logs_and_finds_its_artifacts_where_it_is(
    store: Path, made: Path, space: SearchSpace
) -> None:
    before = sorted((made / "store" / "artifacts").rglob("*"))
    study, _ = log(store, space, "a", trials=1)
    front = {str(trial.number) for trial in study.front}
    client = MlflowClient(default_uri(store))
    [experiment] = [one for one in client.search_experiments() if one.name.startswith("pretend")]
    assert experiment.artifact_location == (store / "artifacts").absolute().as_uri()
    found = client.search_runs([experiment.experiment_id])
    assert len(found) == 7
    for run in found:
        assert run.info.artifact_uri == (store / "artifacts" / run.info.run_id / "artifacts").absolute().as_uri()
        if run.data.tags.get("anenas.trial") in front:
            assert client.list_artifacts(run.info.run_id, "model.mlpackage")
    assert sorted((made / "store" / "artifacts").rglob("*")) == before


def test_packages_that_are_dropped_are_dropped_in_mlflow_too(store: Path, space: SearchSpace) -> None:
    study, tracker = log(store, space, "a", trials=1)
    freed = study.drop_dominated()
    tracker.drop_packages(freed)
    assert set(freed) == {trial.number for trial in study.completed} - {trial.number for trial in study.pareto} != set()
    client = MlflowClient(default_uri(store))
    [experiment] = [one.experiment_id for one in client.search_experiments() if one.name.startswith("pretend")]
    for run in client.search_runs([experiment], f"tags.`anenas.study_id` = '{study.id}'"):
        number = run.data.tags.get("anenas.trial")
        if number is not None and int(number) in freed:
            assert not client.list_artifacts(run.info.run_id, "model.mlpackage")

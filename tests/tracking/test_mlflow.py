from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
import time
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from pretend import SPACE, PretendEvaluator, estimate

from anenas._errors import AnenasError
from anenas.api._report import FrontReport
from anenas.search import WEIGHTS, Problem, SearchSettings, Study, Trial, TrialFiles, make_sampler, searching
from anenas.space import Limits, SearchSpace, read_space
from anenas.tracking import MlflowTracker, connect, default_uri

EVALUATOR = PretendEvaluator()
SETTINGS = SearchSettings({"accuracy": 0.0, "latency_ms": 0.5}, space="pretend", chip="A15")
RANDOM = make_sampler("random", 0)


@pytest.fixture
def space(tmp_path: Path) -> SearchSpace:
    (tmp_path / "pretend.yaml").write_text(SPACE)
    return read_space(tmp_path / "pretend.yaml")


@pytest.fixture
def study(tmp_path: Path, mlflow_database: Path) -> Study:
    study = Study.create_or_continue(tmp_path / "store", "s", SETTINGS)
    shutil.copy(mlflow_database, tmp_path / "store")
    return study


@pytest.fixture
def tracker(study: Study, space: SearchSpace, tmp_path: Path) -> MlflowTracker:
    return tracker_of(study, space, tmp_path / "store")


def tracker_of(study: Study, space: SearchSpace, store: Path, server: Path | None = None) -> MlflowTracker:
    return MlflowTracker(study, space, store, connect(default_uri(server or store)))


def complete(study: Study, space: SearchSpace, accuracy: float, latency_ms: float) -> None:
    trial = ask(study, space)
    evaluation = EVALUATOR.evaluate(trial.architecture, TrialFiles(study.workspace(trial)))
    known = dataclasses.replace(evaluation, score=accuracy, estimate=estimate(latency_ms), held_out=100)
    study.complete(trial, known, {})


def ask(study: Study, space: SearchSpace) -> Trial:
    return study.ask(RANDOM, Problem(space, 10, EVALUATOR, study.objectives, Limits()))


def runs(tmp_path: Path) -> list[Run]:
    """The search's run, then those of its trials in their order."""
    client = MlflowClient(default_uri(tmp_path / "store"))
    [experiment] = [e for e in client.search_experiments() if e.name == "pretend"]
    found = list(client.search_runs([experiment.experiment_id]))
    return sorted(found, key=lambda run: int(run.data.tags.get("anenas.trial", -1)))


def test_how_many_inputs_of_each_class_were_used_is_an_artifact_of_the_search(
    tracker: MlflowTracker, tmp_path: Path
) -> None:
    tracker.log_inputs({"train": {"cat": 3, "dog": 4}, "test": {"cat": 1, "dog": 0}})
    [search] = runs(tmp_path)
    file = MlflowClient(default_uri(tmp_path / "store")).download_artifacts(search.info.run_id, "inputs.json")
    assert json.loads(Path(file).read_text()) == {"train": {"cat": 3, "dog": 4}, "test": {"cat": 1, "dog": 0}}


def test_a_trial_is_a_nested_run_with_choices_figures_curve_and_artifacts(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    complete(study, space, 0.8, 0.2)
    tracker.update(study)
    search, trial = runs(tmp_path)
    record = study.finished[0]
    assert trial.data.tags["mlflow.parentRunId"] == search.info.run_id
    assert trial.info.status == "FINISHED"
    assert trial.data.params["architecture"] == str(record.architecture)
    assert trial.data.params["stage1.depth"] == str(record.architecture.stages[1].depth)
    assert trial.data.metrics["accuracy"] == 0.8
    assert trial.data.metrics["accuracy_error"] == pytest.approx(0.0400, abs=1e-4)
    assert trial.data.metrics["latency_ms"] == 0.2
    assert {"latency_low_ms", "latency_high_ms", "size_mb", "macs", "params", "seconds_train"} <= set(
        trial.data.metrics
    )
    client = MlflowClient(default_uri(tmp_path / "store"))
    assert [(m.step, m.value) for m in client.get_metric_history(trial.info.run_id, "train_loss")] == [(1, 2), (2, 1)]
    artifacts = {file.path for file in client.list_artifacts(trial.info.run_id)}
    assert artifacts == {"architecture.txt", "operations.csv", "model.mlpackage"}


def test_the_run_of_a_trial_is_of_when_it_was_trained(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    before = time.time()
    complete(study, space, 0.8, 0.2)
    after = time.time()
    tracker.update(study)
    trial = runs(tmp_path)[1]
    assert before - 1 <= trial.info.start_time / 1000 <= trial.info.end_time / 1000 <= after + 1
    assert trial.info.start_time == int(1000 * study.finished[0].started)


def test_pareto_tags_follow_the_front_as_it_moves(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    def tags() -> list[str]:
        return [run.data.tags["pareto"] for run in runs(tmp_path)[1:]]

    complete(study, space, 0.8, 0.3)
    complete(study, space, 0.7, 0.2)
    tracker.update(study)
    assert tags() == ["true", "true"]
    complete(study, space, 0.9, 0.25)
    tracker.update(study)
    assert tags() == ["false", "true", "true"]


def test_a_failed_trial_is_logged_with_its_reason_and_an_infeasible_one_is_counted(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    study.fail(ask(study, space), "ValueError: no")
    rejected = ask(study, space)
    study.reject(rejected, EVALUATOR.estimate(rejected.architecture), {"size_mb": 0.5})
    tracker.update(study)
    search, failed = runs(tmp_path)
    assert (failed.info.status, failed.data.tags["state"], failed.data.tags["reason"]) == (
        "FAILED", "failed", "ValueError: no",
    )  # fmt: skip
    assert search.data.metrics["infeasible"] == 1


def test_the_test_accuracy_is_logged_once_it_is_known(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    complete(study, space, 0.8, 0.3)
    tracker.update(study)
    assert "test_accuracy" not in runs(tmp_path)[1].data.metrics
    study.set_test_score(0, 0.75)
    tracker.update(study)
    assert runs(tmp_path)[1].data.metrics["test_accuracy"] == 0.75


def test_files_of_a_trial_are_logged_to_a_folder_of_its_run_and_replaced(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    complete(study, space, 0.8, 0.2)
    tracker.update(study)
    client = MlflowClient(default_uri(tmp_path / "store"))
    for text in ("old", "new"):
        (tmp_path / "report.json").write_text(text)
        tracker.log_trial_files(0, [tmp_path / "report.json"], "test")
    run = runs(tmp_path)[1].info.run_id
    assert [file.path for file in client.list_artifacts(run, "test")] == ["test/report.json"]
    assert Path(client.download_artifacts(run, "test/report.json")).read_text() == "new"
    tracker.log_trial_files(7, [tmp_path / "report.json"], "test")  # one that MLflow has not heard of is left out


def test_final_figures_stand_beside_the_brief_ones(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    complete(study, space, 0.5, 0.3)
    tracker.update(study)
    [trial] = study.completed
    files = TrialFiles(study.final_workspace(0), donor=study.trial_folder(0) / WEIGHTS)
    evaluation = EVALUATOR.finish(trial.architecture, files, (2, 4))
    assert evaluation
    study.set_final(0, 6, dataclasses.replace(evaluation, score=0.75, total_steps=70))
    tracker.update(study)
    run = runs(tmp_path)[1]
    metrics = {
        name: run.data.metrics[name] for name in ("accuracy", "total_steps", "final_accuracy", "final_total_steps")
    }
    assert metrics == {"accuracy": 0.5, "total_steps": 10, "final_accuracy": 0.75, "final_total_steps": 70}
    client = MlflowClient(default_uri(tmp_path / "store"))
    assert [file.path for file in client.list_artifacts(run.info.run_id, "final")] == ["final/model.mlpackage"]


def test_the_hypervolume_is_logged_once_after_every_trial(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    for i in range(3):
        complete(study, space, 0.5 + 0.1 * i, 0.2)
        tracker.update(study)
    again = tracker_of(study, space, tmp_path / "store")
    again.update(study)
    history = MlflowClient(default_uri(tmp_path / "store")).get_metric_history(tracker.run_id, "hypervolume")
    assert [(metric.step, metric.value) for metric in history] == list(enumerate(study.hypervolumes, start=1))


def test_a_search_that_goes_on_keeps_its_run_and_logs_what_was_missed(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    complete(study, space, 0.8, 0.2)
    tracker.update(study)
    complete(study, space, 0.9, 0.3)  # and the process is killed before it is logged
    again = tracker_of(study, space, tmp_path / "store")
    again.update(study)
    assert again.run_id == tracker.run_id
    assert [run.data.tags.get("anenas.trial") for run in runs(tmp_path)] == [None, "0", "1"]


def test_a_trial_whose_logging_was_cut_short_is_logged_anew(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    client = MlflowClient(default_uri(tmp_path / "store"))
    [search] = runs(tmp_path)
    tags = {"anenas.study_id": study.id, "anenas.trial": "0", "mlflow.parentRunId": search.info.run_id}
    client.create_run(search.info.experiment_id, tags=tags)
    complete(study, space, 0.8, 0.2)
    again = tracker_of(study, space, tmp_path / "store")
    again.update(study)
    again.close("FINISHED")
    assert [run.info.status for run in runs(tmp_path)] == ["FINISHED", "FINISHED"]


def test_the_run_of_a_killed_search_is_closed_by_the_next_one(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    tracker_of(Study.create_or_continue(store, "other", SETTINGS), space, store).close("FINISHED")
    assert {run.data.tags["anenas.study"]: run.info.status for run in runs(tmp_path)} == {
        "s": "KILLED",
        "other": "FINISHED",
    }


def test_the_run_of_a_living_search_is_left_alone(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    with searching(store, "s"):
        tracker_of(Study.create_or_continue(store, "other", SETTINGS), space, store).close("FINISHED")
    assert sorted(run.info.status for run in runs(tmp_path)) == ["FINISHED", "RUNNING"]


def test_a_study_of_the_same_name_in_another_store_has_runs_of_its_own(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    complete(study, space, 0.8, 0.2)
    tracker.update(study)
    twin = Study.create_or_continue(tmp_path / "elsewhere", "s", SETTINGS)
    complete(twin, space, 0.7, 0.3)
    other = tracker_of(twin, space, tmp_path / "elsewhere", server=tmp_path / "store")
    other.update(twin)
    assert other.run_id != tracker.run_id
    parents = {run.data.tags.get("mlflow.parentRunId") for run in runs(tmp_path)}
    assert parents == {None, tracker.run_id, other.run_id}


def test_a_living_search_of_another_store_is_left_alone(
    tracker: MlflowTracker, space: SearchSpace, tmp_path: Path
) -> None:
    other = Study.create_or_continue(tmp_path / "elsewhere", "other", SETTINGS)
    tracker_of(other, space, tmp_path / "elsewhere", server=tmp_path / "store")
    assert [run.info.status for run in runs(tmp_path)] == ["RUNNING", "RUNNING"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, MlflowException])
def test_a_trial_is_logged_whole_or_not_at_all(
    tracker: MlflowTracker,
    study: Study,
    space: SearchSpace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException],
) -> None:
    complete(study, space, 0.8, 0.2)

    def interrupted(*_: object) -> None:
        raise error("now")

    with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(MlflowClient, "log_artifact", interrupted)
        tracker.update(study)
    assert len(runs(tmp_path)) == 1
    tracker.update(study)
    tracker.close("FINISHED")
    assert [run.info.status for run in runs(tmp_path)] == ["FINISHED", "FINISHED"]


def test_what_a_store_misses_while_it_is_away_is_logged_later(
    tracker: MlflowTracker,
    study: Study,
    space: SearchSpace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    complete(study, space, 0.8, 0.2)
    report = FrontReport(tracker)

    def away(*_: object, **__: object) -> None:
        raise MlflowException("connection refused")

    with monkeypatch.context() as patch:
        for name in ("create_run", "log_artifacts", "set_terminated"):
            patch.setattr(MlflowClient, name, away)
        tracker.update(study)
        report(study)
        tracker.close("FINISHED")
    said = "MLflow does not answer; what it misses is logged later: connection refused"
    assert [record.getMessage() for record in caplog.records if record.name.startswith("anenas")] == [said] * 3
    assert [run.info.status for run in runs(tmp_path)] == ["RUNNING"]
    tracker.update(study)
    report(study)  # though the front is the same
    tracker.close("FINISHED")
    search, trial = runs(tmp_path)
    artifacts = MlflowClient(default_uri(tmp_path / "store")).list_artifacts(search.info.run_id)
    assert [file.path for file in artifacts] == ["front.csv", "front.html", "front.png", "trials.csv"]
    assert (search.info.status, trial.info.status) == ("FINISHED", "FINISHED")
    assert (trial.data.metrics["accuracy"], trial.data.tags["pareto"]) == (0.8, "true")
    assert search.data.metrics["hypervolume"] == study.hypervolumes[-1]


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9", "sqlite:///{}/broken.db", "nonsense://here"])
def test_a_store_that_cannot_be_used_is_one_clear_line(tmp_path: Path, uri: str) -> None:
    (tmp_path / "broken.db").write_text("this is no database, whatever its name says\n" * 100)
    with pytest.raises(AnenasError, match="cannot use MLflow at") as raised:
        connect(uri.format(tmp_path))
    assert "\n" not in str(raised.value)


def test_a_stopped_trial_has_its_figures_and_says_why(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    trial = ask(study, space)
    study.pause(trial, EVALUATOR.evaluate(trial.architecture, TrialFiles(study.workspace(trial)), 0.125))
    tracker.update(study)
    assert len(runs(tmp_path)) == 1  # nothing is final while it waits
    study.stop(trial.number, "rung 1 of 2: 3rd of 4")
    tracker.update(study)
    search, stopped = runs(tmp_path)
    assert search.data.metrics["stopped"] == 1
    assert (stopped.data.tags["state"], stopped.data.tags["reason"]) == ("stopped", "rung 1 of 2: 3rd of 4")
    assert stopped.data.metrics["budget_fraction"] == 0.125
    assert 0 < stopped.data.metrics["accuracy"] < 1
    assert stopped.data.metrics["accuracy_at"] == stopped.data.metrics["accuracy"]


def test_what_mlflow_refuses_when_a_search_begins_is_one_line(study: Study, space: SearchSpace, tmp_path: Path) -> None:
    client = connect(default_uri(tmp_path / "store"))
    experiment = client.create_experiment(space.name)
    client.delete_experiment(experiment)  # its name stays taken
    with pytest.raises(AnenasError, match=r"cannot log the study 's' in MLflow at .*experiment 'pretend'") as raised:
        MlflowTracker(study, space, tmp_path / "store", client)
    assert "\n" not in str(raised.value)

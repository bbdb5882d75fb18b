from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from pretend import SPACE, PretendEvaluator, estimate

from anenas._errors import AnenasError
from anenas.api._report import FrontReport
from anenas.search import (
    WEIGHTS,
    Measurement,
    Problem,
    SearchSettings,
    Study,
    Trial,
    TrialFiles,
    make_sampler,
    searching,
)
from anenas.space import Limits, SearchSpace, read_space
from anenas.tracking import (
    LoggedSplit,
    MlflowTracker,
    Source,
    _tracker,
    _trial_run,
    connect,
    default_uri,
    study_pages,
    without_secrets,
)

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
def tracker(study: Study, tmp_path: Path) -> MlflowTracker:
    return tracker_of(study, tmp_path / "store")


def tracker_of(study: Study, store: Path, server: Path | None = None) -> MlflowTracker:
    return MlflowTracker(study, store, connect(default_uri(server or store)))


def update(tracker: MlflowTracker, study: Study) -> None:
    tracker.update(study)
    assert tracker.flush()


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
    assert tracker.flush()
    [search] = runs(tmp_path)
    file = MlflowClient(default_uri(tmp_path / "store")).download_artifacts(search.info.run_id, "inputs.json")
    assert json.loads(Path(file).read_text()) == {"train": {"cat": 3, "dog": 4}, "test": {"cat": 1, "dog": 0}}


def test_a_trial_is_a_nested_run_with_choices_figures_curve_and_artifacts(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    complete(study, space, 0.8, 0.2)
    update(tracker, study)
    search, trial = runs(tmp_path)
    record = study.finished[0]
    assert trial.data.tags["mlflow.parentRunId"] == search.info.run_id
    assert trial.info.status == "FINISHED"
    assert trial.data.tags["architecture"] == str(record.architecture)
    assert trial.data.params["stage1.depth"] == str(record.architecture.stages[1].depth)
    assert trial.data.params["stage1.kernel"] == str(record.architecture.stages[1].block.values()["kernel"])
    assert trial.data.metrics["accuracy"] == 0.8
    assert trial.data.metrics["accuracy_error"] == pytest.approx(0.0400, abs=1e-4)
    assert trial.data.metrics["latency_ms"] == 0.2
    assert {"latency_low_ms", "latency_high_ms", "size_mb", "macs", "params", "seconds_train"} <= set(
        trial.data.metrics
    )
    client = MlflowClient(default_uri(tmp_path / "store"))
    for name, points in (("training/loss", [(1, 2), (2, 1)]), ("training/accuracy", [(10, 0.8)])):
        assert [(m.step, m.value) for m in client.get_metric_history(trial.info.run_id, name)] == points
    artifacts = {file.path for file in client.list_artifacts(trial.info.run_id)}
    assert artifacts == {"architecture.txt", "operations.csv", "model.mlpackage", "weights.safetensors"}


def test_the_run_of_a_trial_is_of_when_it_was_trained(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    before = time.time()
    complete(study, space, 0.8, 0.2)
    after = time.time()
    update(tracker, study)
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
    update(tracker, study)
    assert tags() == ["true", "true"]
    complete(study, space, 0.9, 0.25)
    update(tracker, study)
    assert tags() == ["false", "true", "true"]


def test_a_failed_trial_is_logged_with_its_reason_and_an_infeasible_one_is_counted(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    study.fail(ask(study, space), "ValueError: no")
    rejected = ask(study, space)
    study.reject(rejected, EVALUATOR.estimate(rejected.architecture), {"size_mb": 0.5})
    update(tracker, study)
    search, failed = runs(tmp_path)
    assert (failed.info.status, failed.data.tags["state"], failed.data.tags["reason"]) == (
        "FAILED", "failed", "ValueError: no",
    )  # fmt: skip
    assert search.data.metrics["trials_infeasible"] == 1


def test_the_test_accuracy_is_logged_once_it_is_known(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    complete(study, space, 0.8, 0.3)
    update(tracker, study)
    assert "test_accuracy" not in runs(tmp_path)[1].data.metrics
    study.set_test_score(0, 0.75)
    update(tracker, study)
    assert runs(tmp_path)[1].data.metrics["test_accuracy"] == 0.75


def test_files_of_a_trial_are_logged_to_a_folder_of_its_run_and_replaced(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    complete(study, space, 0.8, 0.2)
    update(tracker, study)
    client = MlflowClient(default_uri(tmp_path / "store"))
    for text in ("old", "new"):
        (tmp_path / "report.json").write_text(text)
        tracker.log_trial_files(0, [tmp_path / "report.json"], "test")
        assert tracker.flush()
    run = runs(tmp_path)[1].info.run_id
    assert [file.path for file in client.list_artifacts(run, "test")] == ["test/report.json"]
    assert Path(client.download_artifacts(run, "test/report.json")).read_text() == "new"
    tracker.log_trial_files(7, [tmp_path / "report.json"], "test")  # one that MLflow has not heard of is left out


def test_final_figures_stand_beside_the_brief_ones(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    complete(study, space, 0.5, 0.3)
    update(tracker, study)
    [trial] = study.completed
    files = TrialFiles(study.final_workspace(0), donor=study.trial_folder(0) / WEIGHTS)
    evaluation = EVALUATOR.finish(trial.architecture, files, (2, 4))
    assert evaluation
    study.set_final(0, 6, dataclasses.replace(evaluation, score=0.75, total_steps=70))
    update(tracker, study)
    run = runs(tmp_path)[1]
    metrics = {
        name: run.data.metrics[name] for name in ("accuracy", "total_steps", "final_accuracy", "final_total_steps")
    }
    assert metrics == {
        "accuracy": 0.5, "total_steps": 10, "final_accuracy": 0.75, "final_total_steps": 70,
    }  # fmt: skip
    client = MlflowClient(default_uri(tmp_path / "store"))
    logged = [file.path for file in client.list_artifacts(run.info.run_id, "final")]
    assert logged == ["final/model.mlpackage", "final/weights.safetensors"]


def test_what_is_measured_later_takes_the_place_of_the_estimate_which_stays_beside_it(
    study: Study, space: SearchSpace, tracker: MlflowTracker, tmp_path: Path
) -> None:
    complete(study, space, accuracy=0.8, latency_ms=0.2)
    complete(study, space, accuracy=0.9, latency_ms=0.3)
    update(tracker, study)
    first, second = study.completed
    estimated = first.evaluation.estimate.latency
    latency = dataclasses.replace(estimated, ms=0.4, device="Mac14,2, macOS 15.1", samples_ms=(0.4,))
    study.set_measurement(first.number, Measurement(estimated, latency, 0.9, "mini"), {})
    study.set_measurement(second.number, Measurement(second.evaluation.estimate.latency, failure="it went away"), {})
    update(tracker, study)
    _, one, other = runs(tmp_path)
    figures = [one.data.metrics[name] for name in ("latency_ms", "estimated_latency_ms", "engine_placement")]
    assert figures == [0.4, 0.2, 0.9] and one.data.tags["measured_on"] == "mini Mac14,2, macOS 15.1"
    assert other.data.metrics["latency_ms"] == 0.3 and other.data.tags["not_measured"] == "it went away"


def test_the_hypervolume_is_logged_once_after_every_trial(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    for i in range(3):
        complete(study, space, 0.5 + 0.1 * i, 0.2)
        update(tracker, study)
    again = tracker_of(study, tmp_path / "store")
    update(again, study)
    history = MlflowClient(default_uri(tmp_path / "store")).get_metric_history(tracker.run_id, "hypervolume")
    assert [(metric.step, metric.value) for metric in history] == list(enumerate(study.hypervolumes, start=1))


def test_a_search_that_goes_on_keeps_its_run_and_logs_what_was_missed(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    complete(study, space, 0.8, 0.2)
    update(tracker, study)
    complete(study, space, 0.9, 0.3)  # and the process is killed before it is logged
    again = tracker_of(study, tmp_path / "store")
    update(again, study)
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
    again = tracker_of(study, tmp_path / "store")
    update(again, study)
    again.close("FINISHED")
    assert [run.info.status for run in runs(tmp_path)] == ["FINISHED", "FINISHED"]


def test_the_run_of_a_killed_search_is_closed_by_the_next_one(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    tracker_of(Study.create_or_continue(store, "other", SETTINGS), store).close("FINISHED")
    assert {run.data.tags["anenas.study"]: run.info.status for run in runs(tmp_path)} == {
        "s": "KILLED",
        "other": "FINISHED",
    }


def test_the_run_of_a_living_search_is_left_alone(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    with searching(store, "s"):
        tracker_of(Study.create_or_continue(store, "other", SETTINGS), store).close("FINISHED")
    assert sorted(run.info.status for run in runs(tmp_path)) == ["FINISHED", "RUNNING"]


def test_a_study_of_the_same_name_in_another_store_has_runs_of_its_own(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    complete(study, space, 0.8, 0.2)
    update(tracker, study)
    twin = Study.create_or_continue(tmp_path / "elsewhere", "s", SETTINGS)
    complete(twin, space, 0.7, 0.3)
    other = tracker_of(twin, tmp_path / "elsewhere", server=tmp_path / "store")
    update(other, twin)
    assert other.run_id != tracker.run_id
    parents = {run.data.tags.get("mlflow.parentRunId") for run in runs(tmp_path)}
    assert parents == {None, tracker.run_id, other.run_id}


def test_a_living_search_of_another_store_is_left_alone(
    tracker: MlflowTracker, space: SearchSpace, tmp_path: Path
) -> None:
    other = Study.create_or_continue(tmp_path / "elsewhere", "other", SETTINGS)
    tracker_of(other, tmp_path / "elsewhere", server=tmp_path / "store")
    assert [run.info.status for run in runs(tmp_path)] == ["RUNNING", "RUNNING"]


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not answer is tried again soon, and not waited for."""
    monkeypatch.setattr(_tracker, "_SOONEST", 0.05)
    monkeypatch.setattr(_tracker, "_PATIENCE", 0.3)


@pytest.mark.usefixtures("hurried")
def test_a_trial_is_logged_whole_or_not_at_all(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete(study, space, 0.8, 0.2)
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "log_artifact", away)
        tracker.update(study)
        assert not tracker.flush()
    assert len(runs(tmp_path)) <= 2  # that of a try that is being made, and none of those before
    tracker.close("FINISHED")
    assert [run.info.status for run in runs(tmp_path)] == ["FINISHED", "FINISHED"]


def away(*_: object, **__: object) -> None:
    raise MlflowException("connection refused")


@pytest.mark.usefixtures("hurried")
def test_what_a_store_misses_while_it_is_away_is_logged_when_it_is_back(
    tracker: MlflowTracker,
    study: Study,
    space: SearchSpace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    complete(study, space, 0.8, 0.2)
    report = FrontReport(tracker)
    with monkeypatch.context() as patch:
        for name in ("create_run", "log_artifact", "set_terminated"):
            patch.setattr(MlflowClient, name, away)
        tracker.update(study)
        report(study)
        assert not tracker.flush()
        assert [run.info.status for run in runs(tmp_path)] == ["RUNNING"]
    tracker.close("FINISHED")
    told = [message for message in caplog.messages if message.startswith("MLflow at")]
    assert len(told) == 2
    assert "does not answer; what it misses will be logged later: connection refused" in told[0]
    assert "answers again" in told[1]
    search, trial = runs(tmp_path)
    artifacts = MlflowClient(default_uri(tmp_path / "store")).list_artifacts(search.info.run_id)
    assert [file.path for file in artifacts] == ["front.csv", "front.png", "trials.csv"]
    assert (search.info.status, trial.info.status) == ("FINISHED", "FINISHED")
    assert (trial.data.metrics["accuracy"], trial.data.tags["pareto"]) == (0.8, "true")
    assert search.data.metrics["hypervolume"] == study.hypervolumes[-1]


@pytest.mark.usefixtures("hurried")
def test_one_that_stays_away_is_left_in_a_bounded_time_and_the_next_search_logs_all(
    tracker: MlflowTracker,
    study: Study,
    space: SearchSpace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    complete(study, space, 0.8, 0.2)
    complete(study, space, 0.9, 0.3)
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "create_run", away)
        tracker.update(study)
        FrontReport(tracker).log(study)
        tracker.close("FINISHED")
    assert "2 trials are not logged; run the same search again to log what is missing" in caplog.messages[-1]
    again = tracker_of(study, tmp_path / "store")
    again.update(study)
    again.close("FINISHED")
    search, *trials = runs(tmp_path)
    assert [run.data.tags["anenas.trial"] for run in trials] == ["0", "1"]
    artifacts = MlflowClient(default_uri(tmp_path / "store")).list_artifacts(search.info.run_id)
    assert "front.csv" in {file.path for file in artifacts}


def test_a_trial_that_mlflow_refuses_does_not_keep_others_away(
    tracker: MlflowTracker,
    study: Study,
    space: SearchSpace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    complete(study, space, 0.8, 0.2)
    complete(study, space, 0.9, 0.3)
    monkeypatch.setattr(_trial_run, "parameters", lambda a: {"*": "1"} if a == study.finished[0].architecture else {})
    update(tracker, study)
    assert [run.data.tags.get("anenas.trial") for run in runs(tmp_path)] == [None, "1"]
    assert "rejects trial 0" in caplog.text


def test_the_search_never_waits_for_mlflow(
    tracker: MlflowTracker, study: Study, space: SearchSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    create_run = MlflowClient.create_run
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "create_run", lambda *a, **k: go_on.wait(60) and create_run(*a, **k))
        complete(study, space, 0.8, 0.2)
        tracker.update(study)  # would wait for ever
        complete(study, space, 0.9, 0.3)
        tracker.update(study)
        go_on.set()
        assert tracker.flush()


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
    update(tracker, study)
    assert len(runs(tmp_path)) == 1  # nothing is final while it waits
    study.stop(trial.number, "rung 1 of 2: 3rd of 4")
    update(tracker, study)
    search, stopped = runs(tmp_path)
    assert search.data.metrics["trials_stopped"] == 1
    assert (stopped.info.status, stopped.info.run_name) == ("KILLED", "trial 0 stopped")
    assert (stopped.data.tags["state"], stopped.data.tags["reason"]) == ("stopped", "rung 1 of 2: 3rd of 4")
    assert stopped.data.metrics["budget_fraction"] == 0.125
    # A part of a training is no match for whole ones: it stands in no column with them.
    assert not [name for name in stopped.data.metrics if name.startswith("accuracy")]
    [point] = MlflowClient(default_uri(tmp_path / "store")).get_metric_history(stopped.info.run_id, "training/accuracy")
    assert point.step == 12 and 0 < point.value < 1


def test_charts_show_the_front_the_decisions_that_differ_the_search_and_trainings(
    tracker: MlflowTracker, study: Study, space: SearchSpace, tmp_path: Path
) -> None:
    for accuracy in (0.7, 0.9, 0.8):
        complete(study, space, accuracy, 0.2)
    tracker.close("FINISHED")
    search, *trials = runs(tmp_path)
    differ = [name for name in ("all.depth", "all.width") if len({run.data.params[name] for run in trials}) > 1]
    client = MlflowClient(default_uri(tmp_path / "store"))
    tags = client.get_experiment(search.info.experiment_id).tags
    [view] = [json.loads(value) for name, value in tags.items() if name.startswith("mlflow.sharedViewState.")]
    charts = {(card["metricSectionId"], card["type"]): card for card in view["compareRunCharts"]}
    assert list(dict.fromkeys(section for section, _ in charts)) == [one["uuid"] for one in view["compareRunSections"]]
    decisions = charts["Decisions", "PARALLEL"]
    assert differ and decisions["selectedParams"] == differ  # what is the same for all takes no room
    assert decisions["selectedMetrics"] == ["latency_ms", "accuracy"]
    known = {name for run in (search, *trials) for name in run.data.metrics}
    lines = {card["metricKey"] for card in view["compareRunCharts"] if card["type"] == "LINE"}
    assert lines == {"hypervolume", "hypervolume_by_second", "training/accuracy", "training/loss"} <= known
    # Sorted by it, the list has the search beside its best trial rather than behind all.
    assert search.data.metrics["accuracy"] == 0.9


def test_settings_are_parameters_one_by_one(tmp_path: Path, mlflow_database: Path) -> None:
    settings = dataclasses.replace(SETTINGS, limits={"size_mb": 2.0}, input_shape=(1, 16, 16), moments=((0.5,), (0.2,)))
    study = Study.create_or_continue(tmp_path / "store", "s", settings)
    shutil.copy(mlflow_database, tmp_path / "store")
    tracker_of(study, tmp_path / "store").close("FINISHED")
    [search] = runs(tmp_path)
    wanted = {
        "objectives": "accuracy, latency_ms",
        "reference.latency_ms": "0.5",
        "limits.size_mb": "2.0",
        "input": "1x16x16",
    }
    assert wanted.items() <= search.data.params.items()
    assert "data" not in search.data.params  # there is none


def test_what_mlflow_refuses_when_a_search_begins_is_one_line(study: Study, space: SearchSpace, tmp_path: Path) -> None:
    client = connect(default_uri(tmp_path / "store"))
    experiment = client.create_experiment(space.name)
    client.delete_experiment(experiment)  # its name stays taken
    with pytest.raises(AnenasError, match=r"cannot log the study 's' in MLflow at .*experiment 'pretend'") as raised:
        MlflowTracker(study, tmp_path / "store", client)
    assert "\n" not in str(raised.value)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, mlflow_database: Path) -> Iterator[str]:
    """One that keeps artifacts for its clients."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(mlflow_database, folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = ["--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}", "--artifacts-destination", str(folder)]
    arguments += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command = [sys.executable, "-m", "mlflow", "server", *arguments]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        for _ in range(1200):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health"):
                break
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def test_a_server_holds_runs_data_set_source_view_and_files_and_no_secret(
    server: str,
    study: Study,
    space: SearchSpace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ann")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "s3cret")
    monkeypatch.setattr(sys, "argv", ["anenas", "search", "--tracking-uri", server.replace("//", "//ann:s3cret@")])
    split = LoggedSplit("photos", "0123-train", "training", "images:photos", "{}", "{}")
    client = connect(server)
    tracker = MlflowTracker(study, tmp_path / "store", client, source=Source.here(), data=[split])
    complete(study, space, 0.8, 0.2)
    tracker.update(study)
    FrontReport(tracker).log(study)
    tracker.close("FINISHED")
    [experiment] = [e for e in client.search_experiments() if e.name == "pretend"]
    found = list(client.search_runs([experiment.experiment_id]))
    trial, search = sorted(found, key=lambda run: run.info.run_id == tracker.run_id)
    assert (search.info.status, trial.info.status) == ("FINISHED", "FINISHED")
    assert trial.info.artifact_uri.startswith("mlflow-artifacts:")
    logged = {file.path for file in client.list_artifacts(trial.info.run_id)}
    assert logged == {"architecture.txt", "operations.csv", "model.mlpackage", "weights.safetensors"}
    assert {"front.png", "front.csv"} <= {file.path for file in client.list_artifacts(tracker.run_id)}
    for run in found:
        assert [(one.dataset.name, one.dataset.digest) for one in run.inputs.dataset_inputs] == [
            ("photos", "0123-train")
        ]
        assert run.data.tags["mlflow.source.name"] == "anenas search"
        assert "s3cret" not in str(run.to_dictionary())
    assert search.data.tags["anenas.command"] == f"anenas search --tracking-uri {server}"
    assert "The knee is trial 0: accuracy 80.0 ± 4.0 %; 0.200 ms on A15" in search.data.tags["mlflow.note.content"]
    pages = study_pages(client, "s")
    assert pages is not None and f"/runs/{tracker.run_id}?workflowType=machine_learning" in pages.search
    key = pages.runs.partition("viewStateShareKey=")[2]
    view = json.loads(client.get_experiment(experiment.experiment_id).tags[f"mlflow.sharedViewState.{key}"])
    shown = ["metrics.`accuracy`", "metrics.`latency_ms`", "tags.`state`", "tags.`pareto`"]
    assert view["selectedColumns"] == shown  # what is the same for all runs would push the metrics out of sight
    assert study_pages(client, "another") is None
    assert capfd.readouterr().out == ""


def test_an_address_is_shown_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "t0ken")
    with pytest.raises(AnenasError) as raised:
        connect("postgresql://anna:s3cret@127.0.0.1:9/runs?password=other")
    assert not [secret for secret in ("s3cret", "other", "anna") if secret in str(raised.value)]
    assert without_secrets("401: t0ken at https://a:b@host/x") == "401: … at https://host/x"

"""The main job as a user runs it, results read back from every place.

Where a search is stopped, or what it prints is looked at, it has processes of its own; elsewhere it runs in this one,
which has imported everything.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from commands import Run, environment
from mlflow import MlflowClient
from tiny import write_tiny

import anenas
from anenas.coreml import Package

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_tiny(tmp_path)
    return tmp_path


GIVEN = ["search", "--space", "tiny.yaml", "--data", "data.npz", "--epochs", "1", "--json"]

Searches = Callable[..., dict[str, Any]]


def command(*more: str, trials: int) -> list[str]:
    return [sys.executable, "-m", "anenas.cli", *GIVEN, "--trials", str(trials), *more]


@pytest.fixture
def search(run: Run) -> Searches:
    """Searches in this process."""

    def search(*more: str, trials: int) -> dict[str, Any]:
        done = run(*GIVEN, "--trials", trials, "--executor", "serial", *more)
        assert done.code == 0, done.err
        result: dict[str, Any] = json.loads(done.out)
        return result

    return search


def mlflow_runs(folder: Path) -> tuple[MlflowClient, list[Any]]:
    client = MlflowClient(f"sqlite:///{folder / 'mlruns' / 'mlflow.db'}")
    experiments = [e.experiment_id for e in client.search_experiments()]
    return client, list(client.search_runs(experiments))


SERIES = """\
name: motions
input: {channels: 2, steps: 64}
stem: {width: 16, stride: 2, blocks: {tcn: }}
stages:
  - {width: [16, 32], blocks: {min_gru: , unrolled_gru: , lstm: }}
head: {pool: [mean, last]}
"""


def test_a_search_of_series_follows_their_length_and_ships_every_kind_of_recurrence(
    folder: Path, search: Searches
) -> None:
    rng = np.random.default_rng(0)

    def series(count: int) -> tuple[np.ndarray, np.ndarray]:
        """Rising and falling ones of 12 to 24 steps, which end in NaN."""
        labels = np.arange(count) % 2
        x = np.linspace(-1, 1, 24) * (2 * labels[:, None] - 1) + rng.normal(0, 0.1, (count, 24))
        x[np.arange(24) >= rng.integers(12, 25, count)[:, None]] = np.nan
        return np.stack([x, -3 * x], 2), labels

    (x, y), (tx, ty) = series(160), series(40)
    np.savez(folder / "data.npz", train_x=x, train_y=y, test_x=tx, test_y=ty)
    (folder / "tiny.yaml").write_text(SERIES)
    first = [f"1x3x1x24_masked-tcn_r1_s2_c16_k3_d1_relu-{kind}_r1_s1_c16-head_last_n2" for kind in ("lstm", "min_gru")]
    (folder / "first.txt").write_text("\n".join(first))
    result = search("--seed-architectures", "first.txt", "--epochs", "8", trials=3)
    assert result["counts"]["completed"] == 3
    for model in result["front"]:
        graph = Package.open(folder / model["package"]).graph
        assert (graph.inputs[0].name, graph.inputs[0].shape) == ("series", (1, 3, 1, 24))
        assert model["architecture"].startswith("1x3x1x24_masked-")
        assert model["test_accuracy"] >= 0.9


TEXTS = """\
name: reviews
input: {tokens: words, steps: 8}
stem: {width: 32, blocks: {embedding: {vocabulary: 64, lookup: [onehot, gather]}}}
stages: [{width: 16, blocks: {min_gru: }}]
"""


def test_a_search_of_texts_says_what_it_reads_and_ships_the_vocabulary(folder: Path, run: Run) -> None:
    rows = [f"{'word ' * (i % 9)}{('dreadful', 'lovely')[i % 2]},{('bad', 'good')[i % 2]}" for i in range(320)]
    (folder / "reviews.csv").write_text("\n".join(["text,label", *rows]))
    (folder / "tiny.yaml").write_text(TEXTS)
    more = ["--data", "text:reviews.csv", "--epochs", "8", "--trials", "2", "--executor", "serial"]
    done = run(*GIVEN, *more)
    assert done.code == 0, done.err
    assert "are longer than 8 words and are cut" in done.err
    result = json.loads(done.out)
    assert result["counts"]["completed"] == 2
    for model in result["front"]:
        metadata = Package.open(folder / model["package"]).metadata
        assert {"dreadful", "lovely", "word"} == {*json.loads(metadata["vocabulary"])}
        assert model["test_accuracy"] >= 0.9
    exported = run("export", result["study"], "--out", "bundle")
    assert exported.code == 0, exported.err
    assert (folder / "bundle" / "vocabulary.json").is_file()


def test_a_search_can_be_read_back_from_everywhere(folder: Path) -> None:
    done = subprocess.run(command(trials=4), cwd=folder, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for noise in ("coremltools", "Traceback", "Warning", "passes", "INFO"):
        assert noise not in done.stderr
    result = json.loads(done.stdout)  # nothing but JSON is there

    assert set(result) >= {"study", "counts", "wall_seconds", "hypervolume", "front"}
    assert result["counts"]["completed"] == 4
    assert 0 < result["hypervolume"] < 1
    for model in result["front"]:
        assert 0 <= model["accuracy"] <= 1
        assert model["latency_low_ms"] < model["latency_ms"] < model["latency_high_ms"]
        package = folder / model["package"]
        graph = Package.open(package).graph
        assert graph.inputs[0].shape == (1, 1, 16, 16)
        assert sum(f.stat().st_size for f in package.rglob("*") if f.is_file()) == round(model["size_mb"] * 1e6)

    study = optuna.load_study(study_name=result["study"], storage=f"sqlite:///{folder / 'mlruns' / 'studies.db'}")
    complete = {t.number: t for t in study.trials if t.user_attrs["answer"]["state"] == "completed"}
    assert len(complete) == 4
    for model in result["front"]:
        assert complete[model["trial"]].values == [model["accuracy"], model["latency_ms"], model["size_mb"]]

    client, runs = mlflow_runs(folder)
    [parent] = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in runs if "mlflow.parentRunId" in run.data.tags]
    assert len(children) == 4
    assert {run.info.status for run in runs} == {"FINISHED"}
    on_front = {int(run.data.tags["anenas.trial"]) for run in children if run.data.tags["pareto"] == "true"}
    assert on_front == {model["trial"] for model in result["front"]}
    artifacts = {file.path for file in client.list_artifacts(parent.info.run_id)}
    assert artifacts == {"front.csv", "front.png", "inputs.json", "report.html", "trials.csv"}
    assert Path(result["report"]).stat().st_size < 1e6
    assert len(client.get_metric_history(parent.info.run_id, "hypervolume")) == 4

    for exported in map(Path, result["exports"].values()):
        architecture = anenas.Architecture.parse((exported / "architecture.txt").read_text())
        from safetensors.torch import load_file

        anenas.build(architecture).load_state_dict(load_file(exported / "weights.safetensors"))
        assert json.loads((exported / "metrics.json").read_text())["test_accuracy"] is not None


@pytest.mark.usefixtures("folder")
def test_the_same_command_continues_and_new_starts_afresh(search: Searches) -> None:
    few = ("--final", "none")
    first = search(*few, trials=2)
    further = search(*few, trials=3)
    assert further["study"] == first["study"]
    assert further["counts"]["completed"] == 3
    afresh = search("--new", *few, trials=1)
    assert afresh["study"] == first["study"] + "-2"
    assert afresh["counts"]["completed"] == 1
    assert search(*few, trials=1)["study"] == afresh["study"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_search_that_is_stopped_loses_nothing(folder: Path, search: Searches, how: signal.Signals) -> None:
    process = subprocess.Popen(
        command(trials=6), cwd=folder, env=environment(), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stderr
    while "[1/6]" not in (told := process.stderr.readline()):  # until a trial has completed
        assert told
    time.sleep(0.3)  # the next ones are being trained
    process.send_signal(how)
    process.wait(timeout=30)
    # Python ends `-m` by SIGINT, which shells show as 130 too, where Ctrl-C came while a string was executed, as
    # dataclasses do when they are imported.
    expected = [-signal.SIGKILL] if how == signal.SIGKILL else [130, -signal.SIGINT]
    assert process.returncode in expected
    if process.returncode == 130:
        *_, page, last = process.stderr.read().splitlines()
        assert page.startswith("page     ") and Path(page.split()[1].rstrip(":")).is_file()
        assert last.startswith("anenas: stopped; the results so far are saved")

    result = search(trials=6)
    assert result["counts"]["completed"] == 6
    assert result["counts"]["failed"] == 0
    study = optuna.load_study(study_name=result["study"], storage=f"sqlite:///{folder / 'mlruns' / 'studies.db'}")
    answers = [trial.user_attrs["answer"]["state"] for trial in study.trials]
    assert answers.count("completed") == 6
    assert set(answers) <= {"completed", "repeated"}
    completed = [t for t in study.trials if t.user_attrs["answer"]["state"] == "completed"]
    assert len({t.user_attrs["architecture"] for t in completed}) == 6
    _, runs = mlflow_runs(folder)
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert len(runs) == 7
    trials = folder / "mlruns" / "studies" / result["study"] / "trials"
    assert {path.name for path in trials.iterdir()} == {f"{t.number:05d}" for t in completed}


@pytest.mark.usefixtures("folder")
def test_limits_and_the_front_command(search: Searches, run: Run) -> None:
    result = search("--max-size", "60kB", "--chip", "M2", "--final", "none", trials=3)
    assert result["counts"]["completed"] == 3
    assert all(model["size_mb"] <= 0.06 for model in result["front"]) and result["front"]
    shown = run("front", result["study"], "--json")
    assert shown.code == 0, shown.err
    assert json.loads(shown.out)["front"] == result["front"]


@pytest.mark.usefixtures("folder")
def test_timeout_alone_bounds_the_search_and_what_there_is_is_exported(run: Run) -> None:
    for seconds in (6, 15, 30, 60, 120):  # a slow machine needs several to complete a trial
        started = time.monotonic()
        done = run(*GIVEN, "--timeout", f"{seconds}s", "--executor", "serial")
        assert done.code == 0, done.err
        assert time.monotonic() - started >= 2 / 3 * seconds  # a third is for final training, which may need less
        result = json.loads(done.out)
        if result["counts"]["completed"]:
            break
    assert result["front"]
    assert set(result["exports"]) == {"knee", "accurate", "fast", "small"}


def test_a_search_with_rungs_trains_few_in_full_and_goes_on_after_a_kill(folder: Path, search: Searches) -> None:
    process = subprocess.Popen(
        command("--rungs", "2", "--epochs", "20", "--seed", "3", trials=9),
        cwd=folder,
        env=environment(),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    while "/9]" not in (told := process.stderr.readline()):
        assert told
    process.kill()
    process.wait(timeout=30)

    result = search("--rungs", "2", "--epochs", "20", "--seed", "3", trials=3)
    assert result["counts"]["completed"] == 3
    assert result["counts"]["stopped"] >= 5
    assert result["counts"]["failed"] == 0
    completed = {model["trial"] for model in result["front"]}
    study = optuna.load_study(study_name=result["study"], storage=f"sqlite:///{folder / 'mlruns' / 'studies.db'}")
    states = {t.number: t.state.name for t in study.trials if t.user_attrs["answer"]["state"] == "stopped"}
    assert set(states.values()) == {"PRUNED"}
    assert completed.isdisjoint(states)
    assert not list((folder / "mlruns").rglob("*checkpoint*"))

from __future__ import annotations

import logging
import subprocess
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import environment
from mlflow import MlflowClient
from pretend import SPACE, PretendEvaluator
from tiny import write_tiny

from anenas import AnenasError, run_search, write_report
from anenas.data import Dataset
from anenas.latency import CalibratedLatency
from anenas.search import Study
from anenas.tracking import default_uri

X = np.zeros((40, 16, 16), np.uint8)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Path:
    """A folder to search in, with a space; what is said is heard."""
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.INFO, "anenas")
    (tmp_path / "pretend.yaml").write_text(SPACE)
    return tmp_path


def search_data(
    train_y: np.ndarray, train_x: np.ndarray = X, on_update: Callable[[Study], None] = lambda of: None
) -> None:
    """One trial, pretended, on images of these classes."""
    test = train_x[:40]
    np.savez("data.npz", train_x=train_x, train_y=train_y, test_x=test, test_y=np.arange(len(test)) % 2)
    given: dict[str, Any] = {"evaluator": PretendEvaluator(), "executor": "serial", "on_update": on_update}
    run_search("pretend.yaml", data="data.npz", trials=1, **given)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"space": "mobil_cnn"}, "unknown space 'mobil_cnn'; did you mean mobile_cnn"),
        ({"trials": 0}, "trials must be more than 0, got 0"),
        ({"timeout": -1.0}, "timeout must be more than 0, got -1.0"),
        ({"epochs": 0}, "epochs must be more than 0"),
        ({"workers": 0}, "workers must be more than 0"),
        ({"rungs": 0}, "rungs must be more than 0"),
        ({"final_epochs": 0}, "final_epochs must be more than 0"),
        ({"final": "export"}, "unknown final 'export'; did you mean exports"),
        ({"final": "none", "final_epochs": 3}, "which `final='none'` leaves out"),
        ({"classes": 0}, "classes must be more than 0"),
        ({"seed": -1}, "seed must be 0 or more, got -1"),
        ({"chip": "A51"}, "unknown chip or device 'A51'"),
        ({"chip": []}, "expected a chip, such as A15"),
        ({"objectives": ["speed"]}, "unknown objective 'speed'"),
        ({"objectives": ["latency_ms@M2"]}, "M2 is not among the chips of the search, A15"),
        ({"objectives": ["macs", "macs"]}, "one is listed twice"),
        ({"objectives": []}, "expected 1 to 4 objectives, got 0"),
        ({"latency_bound": "lower"}, "unknown latency bound 'lower'"),
        ({"max_size_mb": -1.0}, "limit size_mb: .*, got -1.0"),
        ({"max_params": 0.0}, "limit params: .*, got 0.0"),
        ({"min_accuracy": 1.5}, "limit accuracy: .*, got 1.5"),
        ({"max_latency_ms": 0.01}, r"limit latency_ms 0\.01: every prediction takes at least 0\.\d+ ms on A15; allow"),
        ({"device": "abacus"}, "unknown device 'abacus'"),
        ({"latency": {"M2": CalibratedLatency()}}, "`latency` names M2, but the chips of the search are A15"),
        ({"latency": "calibratd"}, "unknown latency source 'calibratd'; did you mean calibrated"),
        ({"evaluator": PretendEvaluator()}, "needs the number of `classes`"),
        ({"augment": "much"}, "`augment` of images must be none or light or strong, not 'much'"),
        ({"class_weights": "sample"}, "unknown class weights 'sample'; did you mean sampled"),
        ({"class_weights": "sampled", "train": print}, "give either `train` or `class_weights`"),
        (
            {"data": (X, X[:, 0, 0] + 0.5, X, X[:, 0, 0] + 0.5), "class_weights": "sampled"},
            "a regression has none: leave",
        ),
        ({"data": "nowhere.npz"}, "nowhere.npz"),
        ({"input_shape": (1, 64, 99999)}, "breaks the guideline"),
        ({"sampler": "magic"}, "unknown sampler 'magic'"),
        ({"executor": "magic"}, "unknown executor 'magic'"),
        ({"study": "a/b"}, "study name 'a/b'"),
    ],
)
def test_a_mistake_is_one_line_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AnenasError, match=message) as raised:
        run_search(**arguments)
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_python_can_search_twice_and_read_a_study_back(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    script = (
        "import anenas, anenas.search\n"
        "for trials in (1, 2):\n"
        "    result = anenas.run_search('tiny.yaml', data='data.npz', epochs=1, trials=trials)\n"
        "assert result.counts['completed'] == 2\n"
        "assert anenas.load_result(result.study).front == result.front\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment(), check=True)


def test_the_process_that_searches_lets_go_of_the_data_while_others_train(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, saved, held = Dataset.save, [], []

    def save_and_watch(dataset: Dataset, folder: Path) -> None:
        saved.append(weakref.ref(dataset))
        save(dataset, folder)

    def look(study: Study) -> None:
        held.extend(watched() is not None for watched in saved)

    monkeypatch.setattr(Dataset, "save", save_and_watch)
    search_data(np.arange(40) % 2, on_update=look)
    assert held and not any(held)


def test_a_search_that_is_stopped_leaves_its_page_and_says_where(here: Path, caplog: pytest.LogCaptureFixture) -> None:
    while_running = []

    def stop(study: Study) -> None:
        if len(study.completed) == 2:
            while_running.append(write_report(study.name, "running.html"))
            raise KeyboardInterrupt

    given: dict[str, Any] = {"evaluator": PretendEvaluator(), "classes": 10, "executor": "serial"}
    with pytest.raises(KeyboardInterrupt):
        run_search("pretend.yaml", **given, trials=4, on_update=stop)
    [page] = Path("exports").glob("*/report.html")
    assert caplog.messages[-1] == f"page     {page.absolute()}: the search so far"
    for stopped in (page, while_running[0].path):
        text = stopped.read_text(encoding="utf-8")
        assert "Trials: 2 completed. This is as far as its search had come" in text
    client = MlflowClient(default_uri(here / "mlruns"))
    [run] = client.search_runs(["1"], "attributes.status = 'KILLED'")
    assert "report.html" in {file.path for file in client.list_artifacts(run.info.run_id)}
    result = run_search("pretend.yaml", **given, trials=4)
    assert result.report and "has not ended" not in result.report.read_text(encoding="utf-8")


def test_how_many_inputs_there_are_is_said_before_the_search(here: Path, caplog: pytest.LogCaptureFixture) -> None:
    search_data(np.arange(40) % 4 // 3)
    said = caplog.messages.index("32 training images: 0 24, 1 8")
    assert caplog.messages[said + 1 : said + 3] == [
        "8 validation images: 0 6, 1 2",
        "40 test images: 20 of each of 2 classes",
    ]
    assert said < next(i for i, line in enumerate(caplog.messages) if line.startswith("study "))


def test_what_is_of_concern_about_the_data_is_said_before_the_search(
    here: Path, caplog: pytest.LogCaptureFixture
) -> None:
    search_data(np.arange(60) // 50, np.random.default_rng(0).integers(0, 256, (60, 16, 16), np.uint8))
    [unequal] = [i for i, line in enumerate(caplog.messages) if line.startswith("data: classes are unequal: 0 has 40")]
    assert caplog.records[unequal].levelno == logging.WARNING
    assert unequal < next(i for i, line in enumerate(caplog.messages) if line.startswith("study "))

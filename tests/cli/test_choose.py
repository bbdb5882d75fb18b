from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Run
from pretend import PretendEvaluator
from studies import pretend_study

from anenas.search import FinalTraining, SerialExecutor, Study


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("chosen") / "store"
    pretend_study(store, "s", [(1, 16), (2, 16), (4, 16), (3, 64)])
    return store


def test_the_front_is_shown_within_limits(run: Run, store: Path) -> None:
    code, out, _ = run("front", "s", "--store", store, "--max-latency", "500us", "--min-accuracy", "70%")
    assert code == 0
    assert "#1" in out and "#2" not in out and "#0" not in out
    told = json.loads(run("front", "s", "--store", store, "--max-size", "2MB", "--json").out)
    assert [model["trial"] for model in told["front"]] == [0, 1, 2]
    assert (told["limits"], told["latency_bound"]) == ({"size_mb": 2.0}, "upper")


def test_what_is_chosen_is_told_with_what_is_to_spare_and_the_runner_up(run: Run, store: Path) -> None:
    code, out, _ = run("choose", "s", "--store", store, "--max-latency", "0.75ms", "--no-export")
    assert code == 0
    lines = " ".join(out.split())
    assert lines.startswith(
        "#3 of s, the best by accuracy 3 of 4 completed trials satisfy latency_ms ≤ 0.75 (the upper"
    )
    assert "latency_ms 0.728 ms, 0.022 ms to spare" in lines
    assert "trained only briefly, for comparison; to train it further before you ship it:" in lines
    assert "anenas search … --final-trials 3, as the study was searched" in lines
    assert (
        "runner-up #1, accuracy 71.6 ± 1.4 %" in lines and "told apart by accuracy and latency_ms and size_mb" in lines
    )


def test_what_was_trained_only_briefly_is_told_with_the_command_that_trains_it_further(
    run: Run, tmp_path: Path
) -> None:
    study = pretend_study(tmp_path / "store", "s", [(1, 16), (4, 64)])
    study.note_begin("anenas search --space mobile_cnn --new --data 'my photos.npz' --final none")
    command = "anenas search --space mobile_cnn --data 'my photos.npz' --final none --final-trials 1"
    arguments = ("choose", "s", "--store", tmp_path / "store", "--no-export")
    assert f"    {command}\n" in run(*arguments).out
    assert json.loads(run(*arguments, "--json").out)["train_further"] == command
    for unknown in ("python train.py", "anenas search --data 'photos"):
        study.note_begin(unknown)
        assert json.loads(run(*arguments, "--json").out)["train_further"] == ""


def test_what_a_final_training_came_to_is_told(run: Run, tmp_path: Path) -> None:
    study = pretend_study(tmp_path / "store", "s", [(1, 16), (4, 64)])
    FinalTraining(study, PretendEvaluator(final_gain=0.03), SerialExecutor()).run()
    out = run("choose", "s", "--store", tmp_path / "store", "--no-export").out
    chosen = study.front[-1]
    assert f"  {100 * chosen.shipped.score:.2f}% after its final training\n" in out and "only briefly" not in out


def test_weights_choose_and_json_has_what_they_are_worth(run: Run, store: Path) -> None:
    wanted = ("choose", "s", "--store", store, "--weights", "accuracy=1,latency_ms=2", "--no-export", "--json")
    told = json.loads(run(*wanted).out)
    assert (told["model"]["trial"], told["weights"]) == (0, {"accuracy": 1.0, "latency_ms": 2.0})
    assert told["utility"][0] == pytest.approx(2.0) and told["folder"] is None
    assert told["model"]["accuracy"] == pytest.approx(0.616)


def test_weights_decide_nothing_where_one_model_is_best_in_all(run: Run, tmp_path: Path) -> None:
    store = tmp_path / "store"
    settings = {"objectives": {"accuracy": 0.0}}
    pretend_study(store, "two", [(1, 16), (4, 64)], **settings)
    lines = run("choose", "two", "--store", store, "--weights", "accuracy=1", "--no-export").out
    assert "the front has one value of accuracy, so that weights decide nothing" in " ".join(lines.split())


def test_one_trial_is_told_whole(run: Run, store: Path) -> None:
    code, out, _ = run("show", "s", "3", "--store", store)
    assert code == 0
    lines = " ".join(out.split())
    assert lines.startswith("#3 of s state completed, on the front")
    for said in (
        "accuracy 86.4 ± 1.1 %",
        "0.364 ms, 90 % interval 0.18–0.73",
        "1×64×4×4",
        "took 1 s, in seconds: train",
    ):
        assert said in lines
    assert "1x1x16x16-conv_r1_s2_c16_k3_relu-conv_r3_s2_c64_k3_relu-head_n10" in out
    assert f"anenas export s --pick 3 --store {store}" in out
    told = json.loads(run("show", "s", "accurate", "--store", store, "--json").out)
    assert (told["trial"], told["state"], told["called"]) == (2, "completed", ["knee", "accurate"])
    assert [part["shape"] for part in told["parts"]][:2] == [[1, 1, 16, 16], [1, 16, 8, 8]]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("choose s --max-latency 0.01ms", "no trial of s satisfies latency_ms ≤ 0.01"),
        ("front s --max-latency 0.01ms", "no trial of s satisfies latency_ms ≤ 0.01 (the nearest, trial 0"),
        ("choose s --weights accuracy", "expected names with a number each"),
        ("choose s --min-metric nothing=0.5", "unknown metric 'nothing'"),
        ("front s --latency-bound lower", "--latency-bound 'lower': expected upper or estimate"),
        ("front s --max-size large", "--max-size 'large'"),
        ("show s 7", "s has no trial 7, its trials are 0 to 3"),
        ("show s best", "there is no pick 'best': knee (trial 2) is the best compromise"),
        ("compare s", "expected two or more different studies"),
        ("compare s s", "expected two or more different studies"),
    ],
)
def test_a_mistake_is_one_line(refusal: Callable[..., str], store: Path, arguments: str, expected: str) -> None:
    assert expected in refusal(*arguments.split(), "--store", store)


def test_what_searches_took_and_exported_is_told_of_a_stored_study(run: Run, tmp_path: Path) -> None:
    study = pretend_study(tmp_path / "store", "s", [(1, 16)])
    (tmp_path / "exports" / "knee").mkdir(parents=True)
    study.note_seconds(12.34)
    study.note_exports({"knee": tmp_path / "exports" / "knee", "fast": tmp_path / "exports" / "gone"})
    told = json.loads(run("front", "s", "--store", tmp_path / "store", "--json").out)
    assert told["wall_seconds"] == 12.3
    assert told["exports"] == {"knee": str(tmp_path / "exports" / "knee")}
    assert Study.load(tmp_path / "store", "s").seconds == 12.3

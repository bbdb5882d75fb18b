from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from pretend import PretendEvaluator

from anenas._errors import AnenasError
from anenas.search import (
    TEST_SCORES,
    VALIDATION_SCORES,
    WEIGHTS,
    Problem,
    Study,
    TrialFiles,
    export_best,
    make_sampler,
    version_of,
)
from anenas.search._exports import _description


def study_of(study: Study, problem: Problem, trials: int) -> Study:
    sampler = make_sampler("random", 0)
    for _ in range(trials):
        trial = study.ask(sampler, problem)
        files = TrialFiles(study.workspace(trial))
        study.complete(trial, PretendEvaluator().evaluate(trial.architecture, files), {})
    return study


def test_each_model_is_a_whole_folder(study: Study, problem: Problem, tmp_path: Path) -> None:
    exported = export_best(study_of(study, problem, 5), tmp_path / "exports")
    assert set(exported) == {"knee", "accurate", "fast"}
    for name, folder in exported.items():
        assert folder.parent == tmp_path / "exports" / "s"
        assert {file.name for file in folder.iterdir()} == {
            "README.txt",
            "architecture.txt",
            "metrics.json",
            "model.mlpackage",
            "operations.csv",
            "weights.safetensors",
        }
        metrics = json.loads((folder / "metrics.json").read_text())
        assert metrics["trial"] == study.picks[name].number
        assert metrics["architecture"] == str(study.picks[name].architecture)


def test_names_of_one_model_have_one_folder(study: Study, problem: Problem, tmp_path: Path) -> None:
    exported = export_best(study_of(study, problem, 1), tmp_path)
    assert exported == dict.fromkeys(("knee", "accurate", "fast"), tmp_path / "s" / "knee")
    export_best(study_of(study, problem, 9), tmp_path)
    trials = {trial.number for trial in study.picks.values()}
    assert len(list((tmp_path / "s").iterdir())) == len(trials) > 1


def test_exporting_again_replaces_what_was_there(study: Study, problem: Problem, tmp_path: Path) -> None:
    export_best(study_of(study, problem, 1), tmp_path)
    (tmp_path / "s" / "knee" / "stale").touch()
    (tmp_path / "s" / "fast").mkdir()
    exported = export_best(study, tmp_path)
    assert not (tmp_path / "s" / "knee" / "stale").exists()
    assert {path.name for path in (tmp_path / "s").iterdir()} == {path.name for path in exported.values()} == {"knee"}


def test_what_was_trained_finally_is_what_is_exported(study: Study, problem: Problem, tmp_path: Path) -> None:
    [trial] = study_of(study, problem, 1).completed
    files = TrialFiles(study.final_workspace(trial.number), donor=study.trial_folder(trial.number) / WEIGHTS)
    assert study.set_final(trial.number, 3, PretendEvaluator().finish(trial.architecture, files, (3,)))
    folder = export_best(study, tmp_path)["knee"]
    assert (folder / WEIGHTS).read_bytes() == b"final weights"
    assert not (folder / "final").exists() and not (folder / "evaluation.json").exists()
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["accuracy"] == pytest.approx(metrics["brief_accuracy"] + 0.005)


def test_a_report_is_exported_and_the_scores_that_it_was_made_of_are_not(
    study: Study, problem: Problem, tmp_path: Path
) -> None:
    [trial] = study_of(study, problem, 1).completed
    assert "report.html" not in (export_best(study, tmp_path)["knee"] / "README.txt").read_text()
    for name in ("report.html", TEST_SCORES, VALIDATION_SCORES):
        (study.shipped_folder(trial) / name).touch()
    folder = export_best(study, tmp_path)["knee"]
    assert (folder / "report.html").exists() and not list(folder.glob("*scores*"))
    assert "report.html           what it gets right and wrong" in (folder / "README.txt").read_text()


def test_nothing_completed_exports_nothing(study: Study, tmp_path: Path) -> None:
    assert export_best(study, tmp_path) == {}


def test_exports_that_cannot_be_written_are_one_line_that_says_where_the_models_are(
    study: Study, problem: Problem, tmp_path: Path
) -> None:
    study_of(study, problem, 1)
    (tmp_path / "file").write_text("")
    with pytest.raises(AnenasError, match=r"cannot write the exports .*: Not a directory; the models are safe in"):
        export_best(study, tmp_path / "file")


def test_what_a_trial_left_and_somebody_removed_is_one_line(study: Study, problem: Problem, tmp_path: Path) -> None:
    [trial] = study_of(study, problem, 1).completed
    shutil.rmtree(study.trial_folder(trial.number))
    with pytest.raises(AnenasError, match=f"is missing: the files of trial {trial.number} are gone"):
        export_best(study, tmp_path)


def test_figures_say_what_was_tested_and_what_came_before_a_final_training(
    study: Study, problem: Problem, tmp_path: Path
) -> None:
    def metrics() -> dict[str, float]:
        found: dict[str, float] = json.loads((export_best(study, tmp_path)["knee"] / "metrics.json").read_text())
        return {name: value for name, value in found.items() if "accuracy" in name}

    [trial] = study_of(study, problem, 1).completed
    assert metrics() == {"accuracy": trial.evaluation.score}
    study.set_test_score(0, 0.0)
    assert metrics() == {"accuracy": trial.evaluation.score, "test_accuracy": 0.0}
    study.set_final(0, 3, None)
    assert metrics() == {
        "accuracy": trial.evaluation.score, "test_accuracy": 0.0, "brief_accuracy": trial.evaluation.score,
    }  # fmt: skip


def test_a_package_is_described_by_what_it_does_how_well_and_how_fast(study: Study, problem: Problem) -> None:
    [trial] = study_of(study, problem, 1).completed
    known = dataclasses.replace(trial, evaluation=dataclasses.replace(trial.evaluation, score=0.875, held_out=1234))
    told = _description(study, known)
    assert "87.50% on 1,234 validation inputs" in told and "A15" in told
    assert "on the validation inputs" in _description(study, trial)
    assert version_of(study, trial) == "trial 0 of s"


def test_what_cannot_be_copied_is_told_by_the_first_of_it(
    study: Study, problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study_of(study, problem, 1)
    export_best(study, tmp_path)

    def fail(*_: object, **__: object) -> None:
        raise shutil.Error([("a", "b", "No space left on device"), ("c", "d", "something else")])

    monkeypatch.setattr(shutil, "copytree", fail)
    with pytest.raises(
        AnenasError, match=r"cannot write the exports .*/s: No space left on device; the models are safe"
    ):
        export_best(study, tmp_path)
    assert [path.name for path in (tmp_path / "s").iterdir()] == ["knee"], "what was there is there"

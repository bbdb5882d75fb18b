from __future__ import annotations

import json
from pathlib import Path

from pretend import PretendEvaluator

from anenas.search import Problem, Study, TrialFiles, export_best, make_sampler


def study_of(study: Study, problem: Problem, trials: int) -> Study:
    sampler = make_sampler("random", 0)
    for _ in range(trials):
        trial = study.ask(sampler, problem)
        files = TrialFiles(study.workspace(trial))
        study.complete(trial, PretendEvaluator().evaluate(trial.architecture, files), {})
    return study


def test_knee_accurate_and_fast_are_whole_folders(study: Study, problem: Problem, tmp_path: Path) -> None:
    exported = export_best(study_of(study, problem, 5), tmp_path / "exports")
    assert set(exported) == {"knee", "accurate", "fast"}
    for name, folder in exported.items():
        assert folder == tmp_path / "exports" / "s" / name
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


def test_exporting_again_replaces_what_was_there(study: Study, problem: Problem, tmp_path: Path) -> None:
    export_best(study_of(study, problem, 1), tmp_path)
    (tmp_path / "s" / "fast" / "stale").touch()
    export_best(study_of(study, problem, 4), tmp_path)
    assert not (tmp_path / "s" / "fast" / "stale").exists()
    assert sorted(path.name for path in (tmp_path / "s").iterdir()) == ["accurate", "fast", "knee"]


def test_nothing_completed_exports_nothing(study: Study, tmp_path: Path) -> None:
    assert export_best(study, tmp_path) == {}

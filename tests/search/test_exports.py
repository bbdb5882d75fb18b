from __future__ import annotations

import json
from pathlib import Path

from pretend import PretendEvaluator

from anenas.search import Study, export_best
from anenas.space import SearchSpace


def study_of(study: Study, space: SearchSpace, trials: int) -> Study:
    for _ in range(trials):
        trial = study.ask(space, 10)
        study.complete(trial, PretendEvaluator().evaluate(trial.architecture, study.workspace(trial)), {})
    return study


def test_knee_accurate_and_fast_are_whole_folders(study: Study, space: SearchSpace, tmp_path: Path) -> None:
    exported = export_best(study_of(study, space, 5), tmp_path / "exports")
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


def test_exporting_again_replaces_what_was_there(study: Study, space: SearchSpace, tmp_path: Path) -> None:
    export_best(study_of(study, space, 1), tmp_path)
    (tmp_path / "s" / "fast" / "stale").touch()
    export_best(study_of(study, space, 4), tmp_path)
    assert not (tmp_path / "s" / "fast" / "stale").exists()
    assert sorted(path.name for path in (tmp_path / "s").iterdir()) == ["accurate", "fast", "knee"]


def test_nothing_completed_exports_nothing(study: Study, tmp_path: Path) -> None:
    assert export_best(study, tmp_path) == {}

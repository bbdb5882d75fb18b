"""Settings, and the stores of every schema that there has been: a search of each was committed, see `stores/`."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from anenas._errors import AnenasError
from anenas.search import SCHEMA_VERSION, SearchSettings, Study
from anenas.search._store import study_name
from anenas.tasks import binomial_error

STORES = Path(__file__).parent / "stores"
NAME = "tiny-shades-A15-07d4fa"
NAME_4 = "tiny-data-A15-c8f667"
SETTINGS = SearchSettings(
    {"accuracy": 0.0, "latency_ms": 0.5},
    space="tiny 1234",
    input_shape=(1, 28, 28),
    chip="A15",
    limits={"latency_ms": 0.5},
    encoding={"tokens": "words", "vocabulary": 64},
)


def restore(schema: int, folder: Path) -> None:
    with sqlite3.connect(folder / "studies.db") as database:
        database.executescript((STORES / f"schema-{schema}.sql").read_text(encoding="utf-8"))


@pytest.fixture(params=[1, 2])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A store as the version of that schema left it: 3 trials completed, 7 stopped, for A15 and M2."""
    restore(request.param, tmp_path)
    if request.param == 1:
        folder = tmp_path / "studies" / NAME / "trials" / "00002"
        folder.mkdir(parents=True)
        shutil.copy(STORES / "schema-1-trial-2.json", folder / "evaluation.json")
    return tmp_path


def test_a_study_of_every_schema_is_read_whole(store: Path) -> None:
    study = Study.load(store, NAME)
    assert study.counts == {"completed": 3, "stopped": 7, "failed": 0, "infeasible": 0, "repeated": 0}
    assert [trial.number for trial in study.front] == [2]
    [best] = study.front
    assert (best.evaluation.score, best.test_score) == (1.0, 1.0)
    estimate = best.evaluation.estimate
    assert list(estimate.latency_by_chip) == ["A15", "M2"]
    assert estimate.latency.ms == pytest.approx(0.32776, abs=1e-5)
    assert (estimate.params, estimate.macs, estimate.residency) == (643, 47872, 1.0)
    assert best.evaluation.score_error is None  # schemas 1 and 2 did not tell of how many inputs it was
    assert len(best.rungs) == 1 and best.rungs[0].budget_fraction == 0.125
    assert study.settings.chip == "A15" and study.settings.input_shape == (1, 28, 28)
    assert study.data == "/data/shades.npz"


def test_the_command_that_made_a_study_goes_on_with_it_whatever_its_schema(store: Path) -> None:
    settings = dataclasses.replace(Study.load(store, NAME).settings, schema_version=SCHEMA_VERSION)
    assert study_name(store, None, False, "tiny-shades-A15", settings) == NAME
    assert len(Study.create_or_continue(store, NAME, settings).completed) == 3


def test_a_test_accuracy_is_added_to_a_study_of_every_schema(store: Path) -> None:
    Study.load(store, NAME).set_test_score(1, 0.25)
    tested = {trial.number: trial.test_score for trial in Study.load(store, NAME).completed}
    assert (tested[1], tested[2]) == (0.25, 1.0)


def test_a_study_of_todays_schema_is_read_with_its_metrics(tmp_path: Path) -> None:
    """3 trials, ranked by macro F1, with a limit on the recall of a class and with class weights."""
    assert SCHEMA_VERSION == 4, "commit a store of the new schema"
    restore(4, tmp_path)
    study = Study.load(tmp_path, NAME_4)
    assert study.settings.schema_version == 4 and study.counts["completed"] == 3
    assert (study.settings.metric, study.settings.class_weights) == ("macro_f1", "balanced")
    assert dict(study.settings.limits) == {"recall@2": 0.5}
    [best] = study.front
    assert (best.evaluation.score, best.evaluation.metric, best.test_score) == (1.0, "macro_f1", 1.0)
    assert best.evaluation.metrics["recall@2"] == 1.0 and best.evaluation.errors.keys() == {"macro_f1", "recall@2"}
    assert study_name(tmp_path, None, False, "tiny-data-A15", study.settings) == study.name


def test_a_study_of_schema_3_is_read_with_its_final_training(tmp_path: Path) -> None:
    """4 trials completed, of which the only one of the front was trained finally and got no better."""
    restore(3, tmp_path)
    study = Study.load(tmp_path, "tiny-data-A15-708ffe")
    assert study.settings.schema_version == 3 and study.counts["completed"] == 4
    [best] = study.front
    assert (best.number, best.evaluation.held_out) == (2, 48)
    assert best.evaluation.score_error == binomial_error(1.0, 48)  # of all that are right it is not 0
    assert (best.evaluation.donor, best.evaluation.origin) == (0, "trial 0")
    assert (best.evaluation.trained_steps, best.evaluation.total_steps) == (48, 96)
    assert best.final is not None and (best.final.epochs, best.final.evaluation) == (112, None)
    assert best.test_score == 1.0
    assert study_name(tmp_path, None, False, "tiny-data-A15", study.settings) == study.name


def test_settings_are_read_back_as_they_were() -> None:
    assert SearchSettings.from_dict(SETTINGS.to_dict()) == SETTINGS


def test_what_is_done_to_inputs_is_a_setting_only_where_it_is_not_what_it_always_was() -> None:
    other = dataclasses.replace(SETTINGS, augment="strong", flip=False, skip_broken=True)
    assert SearchSettings.from_dict(other.to_dict()) == other
    normalised = dataclasses.replace(SETTINGS, moments=((0.5,), (0.25,)))
    assert SearchSettings.from_dict(json.loads(json.dumps(normalised.to_dict()))) == normalised
    assert SETTINGS.differences(other) == [
        "augment was None, is strong", "flip was None, is False", "skip_broken was None, is True",
    ]  # fmt: skip
    assert not {"augment", "flip", "skip_broken", "moments"} & SETTINGS.to_dict().keys()


def test_a_study_of_a_later_version_says_what_to_do(tmp_path: Path) -> None:
    later = dataclasses.replace(SETTINGS, schema_version=SCHEMA_VERSION + 1)
    with pytest.raises(AnenasError, match=f"schema {SCHEMA_VERSION + 1}; .*: install a newer anenas"):
        Study.create_or_continue(tmp_path, "s", later)


def test_what_differs_is_said_by_its_name() -> None:
    other = dataclasses.replace(SETTINGS, chip="M1", seed=3)
    assert SETTINGS.differences(other) == ["chip was A15, is M1", "seed was 0, is 3"]
    assert SETTINGS.differences(dataclasses.replace(SETTINGS, schema_version=1)) == []

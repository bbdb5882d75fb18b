from __future__ import annotations

from pathlib import Path

import optuna
import pytest
from pretend import PretendEvaluator

from anenas._errors import AnenasError
from anenas.search import EVALUATION, Study, Trial
from anenas.space import SearchSpace

SETTINGS = {"space": "pretend", "chip": "A15", "objectives": {"accuracy": 0.0, "latency_ms": 0.5}}
EVALUATOR = PretendEvaluator()


def complete(study: Study, trial: Trial) -> None:
    folder = study.workspace(trial)
    study.complete(trial, EVALUATOR.evaluate(trial.architecture, folder), {})


def reopened(study: Study, seed: int = 0) -> Study:
    return Study.create_or_continue(study.folder.parents[1], study.name, SETTINGS, seed)


def test_a_completed_trial_is_read_back_whole(study: Study, space: SearchSpace) -> None:
    trial = study.ask(space, 10)
    complete(study, trial)
    [record] = reopened(study).records
    assert record == study.records[0]
    assert reopened(study).id == study.id
    assert (record.number, record.architecture, record.state) == (0, trial.architecture, "completed")
    assert record.evaluation and record.evaluation.losses == ((1, 2.0), (2, 1.0))
    assert (study.trial_folder(0) / "model.mlpackage").is_dir()
    assert not list((study.folder / "trials").glob(".*"))


def test_each_way_to_end_is_counted_and_explained(study: Study, space: SearchSpace) -> None:
    complete(study, study.ask(space, 10))
    rejected = study.ask(space, 10)
    study.reject(rejected, EVALUATOR.estimate(rejected.architecture), {"latency": 0.25})
    study.fail(study.ask(space, 10), "ValueError: no")
    again = study.ask_about(study.records[0].architecture, space)
    study.repeat(again, study.known(again.architecture))
    counts = {"completed": 1, "stopped": 0, "failed": 1, "infeasible": 1, "repeated": 1}
    assert study.counts == reopened(study).counts == counts
    assert [r.reason for r in reopened(study).records] == [
        "",
        "latency 25% over the limit",
        "ValueError: no",
        "trial 0",
    ]


def test_it_is_an_ordinary_optuna_study(study: Study, space: SearchSpace) -> None:
    trial = study.ask(space, 10)
    complete(study, trial)
    rejected = study.ask(space, 10)
    study.reject(rejected, EVALUATOR.estimate(rejected.architecture), {"size": 1.0})
    found = optuna.load_study(study_name="s", storage=f"sqlite:///{study.folder.parents[1] / 'studies.db'}")
    assert [direction.name for direction in found.directions] == ["MAXIMIZE", "MINIMIZE"]
    assert found.metric_names == ["accuracy", "latency_ms"]
    assert [t.number for t in found.best_trials] == [0]
    assert found.trials[0].params["stage1.depth"] == trial.architecture.stages[1].depth


def test_what_was_running_when_the_process_died_is_asked_about_again(study: Study, space: SearchSpace) -> None:
    asked = [study.ask(space, 10), study.ask(space, 10)]
    complete(study, asked[0])
    [again] = reopened(study).unanswered(space, 10)
    assert (again.number, again.architecture) == (asked[1].number, asked[1].architecture)
    complete(study, again)
    assert reopened(study).unanswered(space, 10) == []


def test_a_continued_study_does_not_repeat_its_first_suggestions(study: Study, space: SearchSpace) -> None:
    first = [study.ask(space, 10).architecture for _ in range(4)]
    for trial in study.unanswered(space, 10):
        complete(study, trial)
    later = reopened(study)
    assert [later.ask(space, 10).architecture for _ in range(4)] != first


def test_suggestions_follow_from_the_seed(tmp_path: Path, space: SearchSpace) -> None:
    def ask(folder: str, seed: int) -> list[str]:
        study = Study.create_or_continue(tmp_path / folder, "s", SETTINGS, seed)
        return [str(study.ask(space, 10).architecture) for _ in range(5)]

    assert ask("a", 1) == ask("b", 1)
    assert ask("c", 2) != ask("a2", 1)


def test_other_settings_are_refused_by_what_differs(study: Study) -> None:
    with pytest.raises(AnenasError, match="chip was A15, is M1"):
        Study.create_or_continue(study.folder.parents[1], "s", SETTINGS | {"chip": "M1"}, 0)


def test_an_unknown_study_offers_near_names(study: Study) -> None:
    with pytest.raises(AnenasError, match="no studies in"):
        Study.load(study.folder.parents[1] / "elsewhere", "s")
    Study.create_or_continue(study.folder.parents[1], "mobile", SETTINGS, 0)
    with pytest.raises(AnenasError, match="did you mean mobile"):
        Study.load(study.folder.parents[1], "mobil")


def test_the_front_and_hypervolume_follow_the_trials(study: Study, space: SearchSpace) -> None:
    for _ in range(6):
        complete(study, study.ask(space, 10))
    volumes = study.hypervolumes
    assert len(volumes) == 6
    assert volumes == sorted(volumes)
    assert study.front[0] is study.picks["fast"]
    assert study.front[-1] is study.picks["accurate"]


def test_a_test_accuracy_outlives_the_process(study: Study, space: SearchSpace) -> None:
    complete(study, study.ask(space, 10))
    study.set_test_accuracy(0, 0.75)
    for known in (study, reopened(study)):
        evaluation = known.records[0].evaluation
        assert evaluation and evaluation.test_accuracy == 0.75


def test_a_workspace_left_by_a_killed_process_is_emptied(study: Study, space: SearchSpace) -> None:
    trial = study.ask(space, 10)
    (study.workspace(trial) / "half-written").touch()
    assert list(study.workspace(trial).iterdir()) == []


def test_a_completed_trial_that_could_not_be_answered_is_completed_again(study: Study, space: SearchSpace) -> None:
    trial = study.ask(space, 10)
    study.trial_folder(trial.number).mkdir(parents=True)
    (study.trial_folder(trial.number) / "stale").touch()
    complete(study, trial)
    assert not (study.trial_folder(trial.number) / "stale").exists()
    assert (study.trial_folder(trial.number) / EVALUATION).is_file()


def test_records_are_read_back_in_the_order_of_their_answers(study: Study, space: SearchSpace) -> None:
    first, second = study.ask(space, 10), study.ask(space, 10)
    complete(study, second)
    complete(study, first)
    again = reopened(study)
    assert [record.number for record in again.records] == [record.number for record in study.records] == [1, 0]
    assert again.hypervolumes == study.hypervolumes


def test_a_study_that_was_stopped_before_it_began_is_one_clear_line(study: Study) -> None:
    store = study.folder.parents[1]
    optuna.create_study(study_name="torn", storage=f"sqlite:///{store / 'studies.db'}")
    with pytest.raises(AnenasError, match="is empty"):
        Study.load(store, "torn")


def test_a_repeat_of_what_turned_out_infeasible_is_not_told_as_good(study: Study, space: SearchSpace) -> None:
    trial = study.ask(space, 10)
    study.complete(trial, EVALUATOR.evaluate(trial.architecture, study.workspace(trial)), {"size": 0.1})
    again = study.ask_about(trial.architecture, space)
    study.repeat(again, study.known(again.architecture))
    found = optuna.load_study(study_name="s", storage=f"sqlite:///{study.folder.parents[1] / 'studies.db'}")
    assert found.best_trials == []
    assert study.front == []

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import json
import random
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import optuna
import pytest
from pretend import PretendEvaluator, estimate

from anenas._errors import AnenasError
from anenas.search import EVALUATION, Measurement, Problem, SearchSettings, Study, Trial, TrialFiles, make_sampler
from anenas.space import Decisions

SETTINGS = SearchSettings({"accuracy": 0.0, "latency_ms": 0.5}, space="pretend", chip="A15")
EVALUATOR = PretendEvaluator()
RANDOM = make_sampler("random", 0)


def complete(study: Study, trial: Trial) -> None:
    study.complete(trial, EVALUATOR.evaluate(trial.architecture, TrialFiles(study.workspace(trial))), {})


def reopened(study: Study) -> Study:
    return Study.create_or_continue(study.folder.parents[1], study.name, SETTINGS)


def test_a_completed_trial_is_read_back_whole(study: Study, problem: Problem) -> None:
    trial = study.ask(RANDOM, problem)
    complete(study, trial)
    [again] = reopened(study).completed
    assert again == study.finished[0]
    assert reopened(study).id == study.id
    assert (again.number, again.architecture) == (0, trial.architecture)
    assert again.evaluation.losses == ((1, 2.0), (2, 1.0))
    assert (study.trial_folder(0) / "model.mlpackage").is_dir()
    assert not list((study.folder / "trials").glob(".*"))


def test_each_way_to_end_is_counted_and_explained(study: Study, problem: Problem) -> None:
    complete(study, study.ask(RANDOM, problem))
    rejected = study.ask(RANDOM, problem)
    study.reject(rejected, EVALUATOR.estimate(rejected.architecture), {"latency_ms": 0.25})
    study.fail(study.ask(RANDOM, problem), "ValueError: no")
    again = study.ask_about(study.finished[0].architecture, problem)
    study.repeat(again, study.known(again.architecture))
    counts = {"completed": 1, "stopped": 0, "failed": 1, "infeasible": 1, "repeated": 1}
    assert study.counts == reopened(study).counts == counts
    assert [r.reason for r in reopened(study).finished] == [
        "",
        "latency_ms 25% over the limit",
        "ValueError: no",
        "trial 0",
    ]


def test_it_is_an_ordinary_optuna_study(study: Study, problem: Problem) -> None:
    trial = study.ask(RANDOM, problem)
    complete(study, trial)
    rejected = study.ask(RANDOM, problem)
    study.reject(rejected, EVALUATOR.estimate(rejected.architecture), {"size_mb": 1.0})
    found = optuna.load_study(study_name="s", storage=f"sqlite:///{study.folder.parents[1] / 'studies.db'}")
    assert [direction.name for direction in found.directions] == ["MAXIMIZE", "MINIMIZE"]
    assert found.metric_names == ["accuracy", "latency_ms"]
    assert [t.number for t in found.best_trials] == [0]
    assert found.trials[0].params["stage1.depth"] == trial.architecture.stages[1].depth


def test_what_was_running_when_the_process_died_is_asked_about_again(study: Study, problem: Problem) -> None:
    asked = [study.ask(RANDOM, problem), study.ask(RANDOM, problem)]
    complete(study, asked[0])
    [again] = reopened(study).unanswered(problem)
    assert (again.number, again.architecture) == (asked[1].number, asked[1].architecture)
    complete(study, again)
    assert reopened(study).unanswered(problem) == []


def test_a_trial_that_a_version_left_running_without_its_architecture_is_kept_once_it_is_answered(
    study: Study, problem: Problem
) -> None:
    asked = study.ask(RANDOM, problem)
    with contextlib.closing(sqlite3.connect(study.folder.parents[1] / "studies.db")) as database:
        assert database.execute("DELETE FROM trial_user_attributes WHERE key = 'architecture'").rowcount == 1
        database.commit()
    again = reopened(study)
    [trial] = again.unanswered(problem)
    complete(again, trial)
    assert [one.architecture for one in reopened(study).completed] == [asked.architecture]


def test_other_settings_are_refused_by_what_differs(study: Study) -> None:
    with pytest.raises(AnenasError, match="chip was A15, is M1"):
        Study.create_or_continue(study.folder.parents[1], "s", dataclasses.replace(SETTINGS, chip="M1"))


def test_an_unknown_study_offers_near_names(study: Study) -> None:
    with pytest.raises(AnenasError, match="no studies in"):
        Study.load(study.folder.parents[1] / "elsewhere", "s")
    Study.create_or_continue(study.folder.parents[1], "mobile", SETTINGS)
    with pytest.raises(AnenasError, match="did you mean mobile"):
        Study.load(study.folder.parents[1], "mobil")


def test_the_front_and_hypervolume_follow_the_trials(study: Study, problem: Problem) -> None:
    for _ in range(6):
        complete(study, study.ask(RANDOM, problem))
    volumes = study.hypervolumes
    assert len(volumes) == 6
    assert volumes == sorted(volumes)
    assert study.front[0] is study.picks["fast"]
    assert study.front[-1] is study.picks["accurate"]


@pytest.mark.parametrize("seed", range(3))
def test_a_study_that_was_changed_is_the_study_that_is_read(study: Study, problem: Problem, seed: int) -> None:
    """Whatever measurements, final trainings and tests say of its trials, in whatever order."""
    rng = random.Random(seed)
    for _ in range(8):
        complete(study, study.ask(RANDOM, problem))
    for step in range(15):
        trial = rng.choice(study.completed[:3] or study.completed)
        match rng.choice(["measured", "final", "tested"] if step % 5 else ["over"]):
            case "tested":
                study.set_test_score(trial.number, rng.random())
            case "final":
                study.final_workspace(trial.number)
                better = dataclasses.replace(trial.evaluation, score=rng.random())
                study.set_final(trial.number, 9, rng.choice([better, better, None]))
            case kind:
                estimated = trial.evaluation.estimated_latency
                ms = estimated.ms * rng.choice([0.01, 0.9, 3.0, 30.0])
                latency = dataclasses.replace(estimated, ms=ms, low_ms=0.9 * ms, high_ms=1.1 * ms)
                violations = {"latency_ms": 0.5} if kind == "over" else {}
                study.set_measurement(trial.number, Measurement(estimated, latency, None, "here"), violations)
        if step % 3:
            continue
        again = reopened(study)
        assert again.completed == study.completed and again.finished == study.finished
        assert [one.number for one in again.front] == [one.number for one in study.front]
        assert again.picks == study.picks and again.counts == study.counts
        assert again.hypervolumes[-1:] == pytest.approx(study.hypervolumes[-1:])


def test_what_core_ml_may_keep_on_the_cpu_is_picked_only_where_that_is_all_there_is(
    study: Study, problem: Problem
) -> None:
    def complete_one(accuracy: float, ms: float, tiny: bool) -> None:
        trial = study.ask(RANDOM, problem)
        evaluation = EVALUATOR.evaluate(trial.architecture, TrialFiles(study.workspace(trial)))
        known = dataclasses.replace(estimate(ms), is_tiny=tiny)
        study.complete(trial, dataclasses.replace(evaluation, score=accuracy, estimate=known), {})

    complete_one(0.8, 0.2, tiny=True)
    complete_one(0.9, 0.3, tiny=True)
    assert {name: trial.number for name, trial in study.picks.items()} == {"knee": 1, "accurate": 1, "fast": 0}
    complete_one(0.95, 0.4, tiny=False)
    assert [trial.number for trial in study.front] == [0, 1, 2]
    assert {trial.number for trial in study.picks.values()} == {2}


def test_without_a_whole_network_there_is_no_reference(study: Study, problem: Problem) -> None:
    complete(study, study.ask(RANDOM, problem))
    assert study.reference is None
    study.note_reference(study.completed[0].architecture)
    assert study.reference == reopened(study).reference == study.completed[0]


def test_a_test_accuracy_outlives_the_process(study: Study, problem: Problem) -> None:
    complete(study, study.ask(RANDOM, problem))
    study.set_test_score(0, 0.75)
    for known in (study, reopened(study)):
        [trial] = known.completed
        assert trial.test_score == 0.75
        assert known.front == [trial]


def test_a_workspace_left_by_a_killed_process_is_emptied(study: Study, problem: Problem) -> None:
    trial = study.ask(RANDOM, problem)
    (study.workspace(trial) / "half-written").touch()
    assert list(study.workspace(trial).iterdir()) == []


def test_a_completed_trial_that_could_not_be_answered_is_completed_again(study: Study, problem: Problem) -> None:
    trial = study.ask(RANDOM, problem)
    study.trial_folder(trial.number).mkdir(parents=True)
    (study.trial_folder(trial.number) / "stale").touch()
    complete(study, trial)
    assert not (study.trial_folder(trial.number) / "stale").exists()
    assert (study.trial_folder(trial.number) / EVALUATION).is_file()


def test_records_are_read_back_in_the_order_of_their_answers(study: Study, problem: Problem) -> None:
    first, second = study.ask(RANDOM, problem), study.ask(RANDOM, problem)
    complete(study, second)
    complete(study, first)
    again = reopened(study)
    assert [trial.number for trial in again.finished] == [trial.number for trial in study.finished] == [1, 0]
    assert again.hypervolumes == study.hypervolumes


def test_a_study_that_was_stopped_before_it_began_is_one_clear_line(study: Study) -> None:
    store = study.folder.parents[1]
    optuna.create_study(study_name="torn", storage=f"sqlite:///{store / 'studies.db'}")
    with pytest.raises(AnenasError, match="is empty"):
        Study.load(store, "torn")


def test_a_repeat_of_what_turned_out_infeasible_is_not_told_as_good(study: Study, problem: Problem) -> None:
    trial = study.ask(RANDOM, problem)
    files = TrialFiles(study.workspace(trial))
    study.complete(trial, EVALUATOR.evaluate(trial.architecture, files), {"size_mb": 0.1})
    again = study.ask_about(trial.architecture, problem)
    study.repeat(again, study.known(again.architecture))
    found = optuna.load_study(study_name="s", storage=f"sqlite:///{study.folder.parents[1] / 'studies.db'}")
    assert found.best_trials == []
    assert study.front == []


def test_a_sampler_s_linear_algebra_has_one_thread_while_it_suggests(study: Study, problem: Problem) -> None:
    import numpy as np
    from threadpoolctl import threadpool_info

    def threads() -> list[int]:
        np.linalg.inv(np.eye(2))
        return [pool["num_threads"] for pool in threadpool_info()]

    class Watching:
        seen: list[int]

        def ask(self, problem: Problem, trials: Sequence[Trial]) -> Decisions:
            self.seen = threads()
            return make_sampler("random", 0).ask(problem, trials)  # type: ignore[return-value]

    before, sampler = threads(), Watching()
    study.ask(sampler, problem)
    assert sampler.seen and set(sampler.seen) == {1}
    assert threads() == before


@pytest.mark.parametrize(
    "answer",
    [
        "null",
        "[]",
        '{"state":[],"reason":"","evaluation":null}',
        '{"state": "completed"}',
        '{"state":"completed","reason":"","evaluation":{"score":"x"}}',
    ],
)
def test_a_damaged_trial_is_told_and_set_aside(
    study: Study, problem: Problem, answer: str, caplog: pytest.LogCaptureFixture
) -> None:
    _complete_two(study, problem)
    store = study.folder.parents[1]
    _overwrite(store, answer)
    again = Study.load(store, "s")
    assert [trial.number for trial in again.completed] == [1]
    assert "trial 0 of s is damaged" in caplog.text
    _complete_two(again, problem)
    assert len(Study.load(store, "s").completed) == 3


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE trial_user_attributes SET value_json = '{\"state' WHERE trial_id = 1",
        "UPDATE trial_user_attributes SET value_json = CAST(x'ff' AS TEXT) WHERE trial_id = 1",
        "UPDATE trials SET state = 'COMPLETF' WHERE trial_id = 1",
        "UPDATE trials SET datetime_start = '2026-13' WHERE trial_id = 1",
        "UPDATE trial_values SET value_type = 'FINIT' WHERE trial_id = 1",
    ],
)
def test_a_trial_that_optuna_cannot_read_is_told_and_its_rows_kept_in_a_file(
    study: Study, problem: Problem, change: str, caplog: pytest.LogCaptureFixture
) -> None:
    _complete_two(study, problem)
    store = study.folder.parents[1]
    _change(store, change)
    again = Study.load(store, "s")
    assert [trial.number for trial in again.completed] == [1]
    assert "trial 0 of s is damaged" in caplog.text
    rows = [json.loads(row) for row in (study.folder / "damaged.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {row["table"] for row in rows} >= {"trials", "trial_params", "trial_user_attributes", "trial_values"}
    _complete_two(again, problem)
    assert [trial.number for trial in Study.load(store, "s").completed] == [1, 2, 3]


def test_what_a_trial_decided_is_told_and_left_out_where_that_is_damaged_and_the_trial_stays(
    study: Study, problem: Problem, caplog: pytest.LogCaptureFixture
) -> None:
    _complete_two(study, problem)
    _change(study.folder.parents[1], "UPDATE trial_params SET distribution_json = '{}' WHERE trial_id = 1")
    again = Study.load(study.folder.parents[1], "s")
    assert [trial.number for trial in again.completed] == [0, 1]
    assert again.decisions.keys() == {1} and again.decisions[1] == study.decisions[1]
    assert "what trial 0 of s decided is damaged" in caplog.text


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE study_user_attributes SET value_json = '{' WHERE key = 'settings'",
        "UPDATE study_user_attributes SET value_json = 'null' WHERE key = 'settings'",
        "UPDATE study_user_attributes SET value_json = '[3' WHERE key = 'id'",
        "UPDATE study_directions SET direction = 'UP'",
    ],
)
def test_a_study_whose_own_attributes_are_damaged_is_one_line_that_names_the_file(study: Study, change: str) -> None:
    store = study.folder.parents[1]
    _change(store, change)
    for again in (lambda: Study.load(store, "s"), lambda: Study.create_or_continue(store, "s", study.settings)):
        with pytest.raises(AnenasError, match=r"study 's' is damaged in .*studies\.db") as raised:
            again()
        assert "\n" not in str(raised.value)


def _complete_two(study: Study, problem: Problem) -> None:
    for _ in range(2):
        complete(study, study.ask(make_sampler("random", study.known_count), problem))


def _overwrite(store: Path, answer: str) -> None:
    """What the database holds of trial 0."""
    _change(store, "UPDATE trial_user_attributes SET value_json = ? WHERE trial_id = 1 AND key = 'answer'", answer)


def _change(store: Path, statement: str, *values: str) -> None:
    with contextlib.closing(sqlite3.connect(store / "studies.db")) as database, database:
        assert database.execute(statement, values).rowcount


def test_a_new_trial_is_written_at_once(study: Study, problem: Problem) -> None:
    """A process that is killed leaves all of it or nothing."""
    import sqlalchemy

    written: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        written.append(statement.split()[0])

    sqlalchemy.event.listen(sqlalchemy.engine.Engine, "before_cursor_execute", note)
    commits: list[int] = []
    end = functools.partial(_note_length, written, commits)
    sqlalchemy.event.listen(sqlalchemy.engine.Engine, "commit", end)
    try:
        trial = study.ask(make_sampler("random", 0), problem)
    finally:
        sqlalchemy.event.remove(sqlalchemy.engine.Engine, "before_cursor_execute", note)
        sqlalchemy.event.remove(sqlalchemy.engine.Engine, "commit", end)
    again = Study.create_or_continue(study.folder.parents[1], "s", study.settings)
    (left,) = again.unanswered(problem)
    assert (left.number, left.architecture) == (trial.number, trial.architecture)
    parts = [written[start:end] for start, end in itertools.pairwise([0, *commits])]
    assert len([part for part in parts if {"INSERT", "UPDATE"} & set(part)]) == 1


def _note_length(written: list[str], commits: list[int], _: object) -> None:
    commits.append(len(written))

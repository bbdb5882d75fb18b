from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import json
import math
import random
import shutil
import socket
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import optuna
import pytest
from pretend import PretendEvaluator, estimate
from sqlalchemy import URL

from anenas._errors import AnenasError
from anenas.search import (
    EVALUATION,
    Measurement,
    Phase,
    Problem,
    SearchSettings,
    Study,
    Trial,
    TrialFiles,
    make_sampler,
    use_storage,
)
from anenas.space import Architecture, Decisions

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


def network(depth: int, width: int = 16) -> Architecture:
    return Architecture.parse(f"1x1x16x16-conv_r1_s2_c16_k3_relu-conv_r{depth}_s2_c{width}_k3_relu-head_n10")


def completed(study: Study, problem: Problem, accuracy: float, ms: float) -> int:
    """The number of a new trial with these figures."""
    trial = study.ask_about(network(1 + len(study.trials) % 4, 16 * (1 + len(study.trials) // 4)), problem)
    evaluation = EVALUATOR.evaluate(trial.architecture, TrialFiles(study.workspace(trial)))
    study.complete(trial, dataclasses.replace(evaluation, score=accuracy, estimate=estimate(ms)), {})
    return trial.number


@pytest.fixture
def brief(tmp_path: Path) -> Study:
    """A study that is lost with the process."""
    return Study.create_or_continue(tmp_path / "brief", "s", SETTINGS, in_memory=True)


def test_of_a_study_that_nobody_told_anything_nothing_is_known(brief: Study) -> None:
    assert (brief.data, brief.command, brief.seconds, brief.exports) == (None, "", 0.0, {})
    assert (brief.inputs, brief.versions, brief.reference, brief.picks) == (({}, []), {}, None, {})
    assert (brief.has_ended, brief.front, brief.hypervolumes, brief.known_count) == (True, [], [], 0)
    assert (brief.phase.name, brief.phase.done, brief.phase.count, brief.phase.seconds) == ("searching", 0, None, None)


def test_what_a_study_is_told_outlives_the_process_and_the_last_word_counts(study: Study, tmp_path: Path) -> None:
    for word in ("first", "last"):
        (tmp_path / word).mkdir()
        study.note_data({"images": word})
        study.note_inputs({"train": {word: 3}}, [f"said {word}"])
        study.note_versions({"torch": word})
        study.note_exports({"knee": tmp_path / word, "fast": tmp_path / "gone"})
        study.note_begin(f"anenas search {word}")
        study.note_seconds(12.34 if word == "last" else 99.0)
    for known in (study, reopened(study)):
        assert (known.data, known.versions, known.command) == (
            {"images": "last"},
            {"torch": "last"},
            "anenas search last",
        )
        assert known.inputs == ({"train": {"last": 3}}, ["said last"])
        assert (known.exports, known.seconds) == ({"knee": tmp_path / "last"}, 12.3)


def test_a_search_has_ended_once_it_says_so_and_until_it_goes_on(study: Study, problem: Problem) -> None:
    trial = study.ask(RANDOM, problem)
    assert not reopened(study).has_ended, "a trial is left to be answered"
    complete(study, trial)
    assert reopened(study).has_ended
    study.note_begin("anenas search")
    assert [one.has_ended for one in (study, reopened(study))] == [False, False]
    study.note_end()
    assert [one.has_ended for one in (study, reopened(study))] == [True, True]


def test_a_study_of_an_earlier_version_took_from_its_first_trial_to_its_last(brief: Study, problem: Problem) -> None:
    first, second = brief.ask(RANDOM, problem), brief.ask(RANDOM, problem)
    complete(brief, second)
    complete(brief, first)
    found = {trial.number: trial for trial in brief.finished}
    assert brief.seconds == pytest.approx(found[0].ended - found[0].started) and brief.seconds > 0
    brief.finished.append(dataclasses.replace(found[0], started=0.0, ended=found[0].ended + 9))
    assert brief.seconds == pytest.approx(found[0].ended + 9 - found[0].started)


def test_what_a_rejected_network_would_have_been_is_told_as_far_as_it_is_known(brief: Study, problem: Problem) -> None:
    objectives = {"accuracy": 0.25, "latency_ms": 0.5, "size_mb": 7.0}
    other = Study.create_or_continue(brief.folder.parents[1], "other", SearchSettings(objectives), in_memory=True)
    known = estimate(0.375, 3.0)
    broken = dataclasses.replace(estimate(math.inf, 2.0), broken_rules=("wide: of too many", "deep: too deep"))
    other.reject(other.ask_about(network(1), problem), known, {"size_mb": 0.5, "latency_ms@M2": 0.75, "accuracy": 0.1})
    other.reject(other.ask_about(network(2), problem), broken, {})
    limits, rules = other.finished
    assert limits.values == (0.25, 0.375, 3.0)
    assert (limits.reason, limits.reason_code) == (
        "size_mb 50% over the limit, latency_ms@M2 75% over the limit, accuracy 10% under the limit", "latency_ms@M2",
    )  # fmt: skip
    assert (rules.values, rules.reason, rules.reason_code) == (
        (0.25, 0.5, 2.0), "wide: of too many; deep: too deep", "rule wide",
    )  # fmt: skip
    assert (limits.violations, rules.violations) == (
        {"size_mb": 0.5, "latency_ms@M2": 0.75, "accuracy": 0.1}, {"rules": 1.0},
    )  # fmt: skip
    assert other.reasons == {"latency_ms@M2": 1, "rule wide": 1}


def test_what_most_networks_are_rejected_for_comes_first(brief: Study, problem: Problem) -> None:
    for depth, name in ((1, "size_mb"), (2, "macs"), (3, "macs")):
        brief.reject(brief.ask_about(network(depth), problem), estimate(0.2), {name: 0.5})
    brief.fail(brief.ask_about(network(4), problem), "ValueError: no")
    assert list(brief.reasons.items()) == [("macs", 2), ("size_mb", 1)]


def test_a_repeat_has_the_values_of_a_trial_that_completed_and_of_no_other(brief: Study, problem: Problem) -> None:
    completed(brief, problem, 0.8, 0.2)
    brief.reject(brief.ask_about(network(2), problem), estimate(0.3), {"size_mb": 0.5})
    for depth in (1, 2, 3):
        trial = brief.ask_about(network(depth), problem)
        brief.repeat(trial, brief.known(trial.architecture))
    assert [(trial.reason, trial.values) for trial in brief.finished[2:]] == [
        ("trial 0", (0.8, 0.2)), ("trial 1", None), ("a trial that is running", None),
    ]  # fmt: skip
    assert brief.known(network(1)) is brief.finished[0] and brief.known_count == 2


def test_a_trial_waits_at_each_rung_until_it_is_trained_on_or_stopped(study: Study, problem: Problem) -> None:
    first, second = study.ask_about(network(1), problem), study.ask_about(network(2), problem)
    for trial, fractions in ((first, (0.25, 0.5, 0.75)), (second, (0.25,))):
        for fraction, donor in zip(fractions, (5, 6, 7), strict=False):
            found = EVALUATOR.evaluate(trial.architecture, TrialFiles(study.workspace(trial)), fraction)
            study.pause(trial, dataclasses.replace(found, donor=donor))
            if fraction != fractions[-1]:
                trial = study.resume(trial.number)
    again = reopened(study)
    assert again.unanswered(problem) == [] and again.paused.keys() == study.paused.keys() == {0, 1}
    one = again.paused[0]
    assert ([rung.budget_fraction for rung in one.rungs], one.donor) == ([0.25, 0.5, 0.75], 7)
    assert [rung.seconds for rung in one.rungs] == [{"train": 0.5}, {"train": 1.0}, {"train": 1.5}]
    again.stop(0, "rung 3 of 3: 2nd of 2")
    complete(again, again.resume(1))
    assert again.paused == {} and not list((again.folder / "trials").glob(".*"))
    stopped, whole = reopened(study).finished
    assert (stopped.state, stopped.reason, stopped.evaluation) == ("stopped", "rung 3 of 3: 2nd of 2", one.rungs[-1])
    assert (whole.state, whole.number, len(whole.rungs)) == ("completed", 1, 1)
    theirs = optuna.load_study(study_name="s", storage=f"sqlite:///{study.folder.parents[1] / 'studies.db'}")
    assert [trial.state.name for trial in theirs.trials] == ["PRUNED", "COMPLETE"]


def test_nothing_is_written_where_another_process_has_the_study(brief: Study, problem: Problem) -> None:
    asked = [brief.ask_about(network(depth), problem) for depth in (1, 2)]
    evaluation = EVALUATOR.evaluate(asked[0].architecture, TrialFiles(brief.workspace(asked[0])))

    def refuse() -> None:
        raise AnenasError("taken over")

    brief.guard = refuse
    for write in (
        lambda: brief.ask(RANDOM, problem),
        lambda: brief.ask_about(network(3), problem),
        lambda: brief.pause(asked[0], evaluation),
        lambda: brief.complete(asked[0], evaluation, {}),
        lambda: brief.fail(asked[1], "ValueError: no"),
    ):
        with pytest.raises(AnenasError, match="taken over"):
            write()
    assert (len(brief.trials), brief.finished, brief.paused) == (2, [], {})
    assert not brief.trial_folder(0).exists()


def test_listeners_hear_of_every_answer_pause_and_step_of_a_later_phase(brief: Study, problem: Problem) -> None:
    heard: list[int] = []
    brief.listeners += [lambda study: heard.append(len(study.finished)), lambda study: heard.append(-1)]
    trial = brief.ask_about(network(1), problem)
    brief.pause(trial, EVALUATOR.evaluate(trial.architecture, TrialFiles(brief.workspace(trial)), 0.5))
    complete(brief, brief.resume(0))
    brief.enter(Phase("testing", 1, 3))
    assert heard == [0, -1, 1, -1, 1, -1] and brief.phase == Phase("testing", 1, 3)


def test_a_suggestion_that_is_not_of_the_space_is_told_by_whose_it_is(brief: Study, problem: Problem) -> None:
    class Astray:
        def __init__(self, suggested: Architecture | Decisions) -> None:
            self.suggested = suggested

        def ask(self, problem: Problem, trials: Sequence[Trial]) -> Architecture | Decisions:
            return self.suggested

    whole = problem.decisions(network(2))
    asked = [brief.ask(Astray(one), problem).architecture for one in (network(2), whole)]
    assert asked == [network(2)] * 2
    part = {name: value for name, value in whole.items() if name != "stage1.depth"}
    for suggested in (part, network(7)):
        with pytest.raises(
            AnenasError, match="the sampler Astray suggested an architecture that is not in 'pretend': "
        ):
            brief.ask(Astray(suggested), problem)
    assert len(brief.trials) == 2


def test_a_dominated_trial_adds_nothing_to_the_hypervolume(brief: Study, problem: Problem) -> None:
    for accuracy, ms in ((0.5, 0.25), (0.4, 0.3), (0.5, 0.25), (0.75, 0.25), (0.8, 0.375)):
        completed(brief, problem, accuracy, ms)
    assert brief.hypervolumes == [0.25, 0.25, 0.25, 0.375, pytest.approx(0.375 + 0.05 * 0.25)]
    assert [trial.number for trial in brief.pareto] == [3, 4] == [trial.number for trial in brief.front]


def test_only_a_final_training_that_made_a_trial_better_ships_and_has_to_be_tested_anew(
    study: Study, problem: Problem
) -> None:
    for accuracy, ms in ((0.8, 0.2), (0.9, 0.3)):
        completed(study, problem, accuracy, ms)
    for number in (0, 1):
        study.set_test_score(number, 0.5 + number / 4)

    def train(score: float | None, epochs: int) -> bool:
        trial = study.completed[0]
        (study.final_workspace(0) / "weights").write_text(str(score))
        evaluation = None if score is None else dataclasses.replace(trial.evaluation, score=score)
        return study.set_final(0, epochs, evaluation)

    def known(of: Study) -> tuple[int | None, float | None, float | None, str]:
        trial = of.completed[0]
        final, folder = trial.final, of.shipped_folder(trial)
        shipped = (folder / "weights").read_text() if folder != of.trial_folder(0) else ""
        score = final.evaluation.score if final and final.evaluation else None
        return final.epochs if final else None, score, trial.test_score, shipped

    steps = [
        (None, 3, False, (3, None, 0.5, "")),
        (0.8, 4, False, (4, None, 0.5, "")),
        (0.85, 5, True, (5, 0.85, None, "0.85")),
        (0.85, 6, False, (6, 0.85, None, "0.85")),
    ]
    for score, epochs, better, expected in steps:
        assert train(score, epochs) == better
        assert known(study) == known(reopened(study)) == expected
    assert [trial.test_score for trial in reopened(study).completed] == [None, 0.75]
    assert study.completed[0].evaluation.score == 0.8 and study.completed[0].shipped.score == 0.85


def test_a_trial_has_the_latency_that_was_measured_and_is_infeasible_where_that_misses_a_limit(
    study: Study, problem: Problem
) -> None:
    for accuracy, ms in ((0.8, 0.2), (0.9, 0.3)):
        completed(study, problem, accuracy, ms)

    def measured(number: int, ms: float, violations: dict[str, float]) -> None:
        estimated = study.completed[number].evaluation.estimated_latency
        latency = dataclasses.replace(estimated, ms=ms, low_ms=ms, high_ms=ms, samples_ms=(ms,))
        study.set_measurement(number, Measurement(estimated, latency, 0.5, "desk"), violations)

    measured(1, 0.45, {"size_mb": 0.1, "latency_ms": 0.5})
    measured(0, 0.25, {})
    for known in (study, reopened(study)):
        kept, over = known.finished
        assert (kept.state, kept.reason, kept.values, kept.violations) == ("completed", "", (0.8, 0.25), {})
        assert (over.state, over.reason_code, over.values) == ("infeasible", "latency_ms", (0.9, 0.45))
        assert over.reason == "size_mb 10% over the limit, latency_ms 50% over the limit, as measured"
        assert over.violations == {"size_mb": 0.1, "latency_ms": 0.5} and over.evaluation
        assert over.evaluation.estimated_latency.ms == 0.3 and over.evaluation.estimate.latency.ms == 0.45
        assert known.front == known.completed == [kept] and len(known.hypervolumes) == 1
        written = json.loads((known.trial_folder(0) / EVALUATION).read_text())
        assert written["latency_by_chip"]["A15"]["ms"] == 0.25 and written["measurement"]["place"] == "desk"


def test_trials_that_cannot_ship_are_slimmed_and_those_that_may_keep_all(brief: Study, problem: Problem) -> None:
    for accuracy, ms in ((0.5, 0.4), (0.9, 0.3), (0.6, 0.4), (0.7, 0.4), (0.8, 0.35)):
        completed(brief, problem, accuracy, ms)
    brief.note_reference(brief.completed[2].architecture)
    for number, score in ((3, 0.75), (4, None)):
        brief.final_workspace(number)
        evaluation = brief.completed[number].evaluation
        brief.set_final(number, 5, dataclasses.replace(evaluation, score=score) if score else None)
    assert brief.drop_dominated().keys() == {0, 4}
    left = [number for number in range(5) if (brief.trial_folder(number) / "model.mlpackage").is_dir()]
    assert left == [1, 2, 3]


def test_only_a_completed_trial_is_the_reference(brief: Study, problem: Problem) -> None:
    whole = network(1)
    brief.note_reference(whole)
    brief.note_reference(network(2))
    assert brief.is_reference(whole) and not brief.is_reference(network(2)) and brief.reference is None
    brief.fail(brief.ask_about(whole, problem), "ValueError: no")
    assert brief.reference is None


def test_a_full_disk_is_held_against_what_the_largest_trial_takes(brief: Study, problem: Problem) -> None:
    def told() -> str:
        with pytest.raises(AnenasError) as raised:
            brief.check_room("OSError: [Errno 28] No space left on device")
        return str(raised.value)

    brief.check_room("ValueError: no")
    assert "a trial takes about 5 MB" in told()
    completed(brief, problem, 0.8, 0.2)
    assert "a trial takes about 5 MB" in told()
    (brief.trial_folder(0) / "weights").write_bytes(bytes(8_000_000))
    assert "a trial takes about 8 MB" in told()


def test_tests_that_schema_1_kept_beside_its_trials_are_read(
    tmp_path: Path, problem: Problem, caplog: pytest.LogCaptureFixture
) -> None:
    old = dataclasses.replace(SETTINGS, schema_version=1)
    study = Study.create_or_continue(tmp_path / "old", "s", old)
    for accuracy, ms in ((0.8, 0.2), (0.85, 0.25), (0.9, 0.3), (0.95, 0.35), (0.96, 0.36)):
        completed(study, problem, accuracy, ms)
    for number in (3, 4):
        study.final_workspace(number)
        better = dataclasses.replace(study.completed[number].evaluation, score=0.99)
        study.set_final(number, 5, better if number == 3 else None)
    study.set_test_score(1, 0.125)
    for number, text in enumerate(('{"test_accuracy": 0.5}', '{"test_accuracy": 0.75}', "{", None, None)):
        text = text or json.dumps({"test_accuracy": 0.25 + number / 10})
        (study.trial_folder(number) / EVALUATION).write_text(text)
    again = Study.load(tmp_path / "old", "s")
    assert [trial.test_score for trial in again.completed] == [0.5, 0.125, None, None, 0.65]
    assert "trial 2: " in caplog.text and "is damaged, so its test is not known" in caplog.text
    later = Study.create_or_continue(tmp_path / "new", "s", SETTINGS)
    completed(later, problem, 0.8, 0.2)
    (later.trial_folder(0) / EVALUATION).write_text('{"test_accuracy": 0.5}')
    assert [trial.test_score for trial in reopened(later).completed] == [None]


def test_trials_of_others_in_the_database_are_left_out(
    study: Study, problem: Problem, caplog: pytest.LogCaptureFixture
) -> None:
    """What Optuna's own tools add has no answer of anenas."""
    completed(study, problem, 0.8, 0.2)
    others = optuna.load_study(study_name="s", storage=f"sqlite:///{study.folder.parents[1] / 'studies.db'}")
    others.tell(others.ask(), (0.9, 0.1))
    others.tell(others.ask(), state=optuna.trial.TrialState.FAIL)
    again = reopened(study)
    assert [trial.number for trial in again.finished] == [0]
    assert [message.partition(" in the database")[0] for message in caplog.messages] == ["trial 1 of s is damaged"]


def test_a_shared_study_goes_on_only_where_the_files_of_its_trials_are(
    tmp_path: Path, database: URL, problem: Problem
) -> None:
    use_storage(tmp_path / "shared", database.render_as_string(hide_password=False))
    study = Study.create_or_continue(tmp_path / "shared", "s", SETTINGS)
    shutil.rmtree(study.folder / "trials")
    study = reopened(study)  # nothing has completed, so nothing is missing
    completed(study, problem, 0.8, 0.2)
    assert len(reopened(study).completed) == 1
    elsewhere = study.folder.rename(tmp_path / "elsewhere")
    with pytest.raises(AnenasError) as raised:
        reopened(study)
    assert str(raised.value) == (
        f"study 's' has 1 completed trial whose files are not in {study.folder} but in "
        f"{socket.gethostname()}:{study.folder}; copy that folder, or start again with `new=True`"
    )
    elsewhere.rename(study.folder)
    assert len(reopened(study).completed) == 1


def _note_length(written: list[str], commits: list[int], _: object) -> None:
    commits.append(len(written))

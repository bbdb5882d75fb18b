"""Trials as they are read in batches are those that Optuna reads."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState
from sqlalchemy import event

from anenas.search import _rows
from anenas.search._rows import UnreadableTrial, add_trial, read_trials, running_trials


@pytest.fixture
def storage(tmp_path: Path, studies_database: Path) -> optuna.storages.RDBStorage:
    shutil.copy(studies_database, tmp_path)
    return optuna.storages.RDBStorage(f"sqlite:///{tmp_path}/studies.db")


def _filled(storage: optuna.storages.BaseStorage) -> optuna.Study:
    """Trials of every state, between those of another study."""
    studies = [
        optuna.create_study(storage=storage, study_name=name, directions=["minimize", "maximize"])
        for name in ("ours", "other")
    ]
    for number in range(7):
        for study in studies:
            trial = study.ask()
            trial.suggest_categorical("width", [16, 32, "wide", None, True])
            trial.suggest_float("rate", 1e-3, 1, log=True)
            trial.set_user_attr("answer", {"state": "completed", "of": [number, math.inf]})
            trial.set_constraint("size", number - 3.0)
            if number == 1:
                study.tell(trial, (math.inf, -math.inf))
            elif number == 2:
                study.tell(trial, state=TrialState.FAIL)
            elif number == 3:
                study.tell(trial, state=TrialState.PRUNED)
            elif number != 5:
                study.tell(trial, (number / 3, -number))
    studies[0].enqueue_trial({"rate": 0.5})
    return studies[0]


def _read(storage: optuna.storages.BaseStorage, study: optuna.Study, *, decisions: bool = True) -> list[object]:
    return list(read_trials(storage, study._study_id, lambda error: isinstance(error, ValueError), decisions=decisions))


@pytest.mark.parametrize("batch", [1, 3, 500])
def test_trials_are_those_that_optuna_reads(
    storage: optuna.storages.RDBStorage, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_rows, "_BATCH", batch)
    study = _filled(storage)
    expected = study.get_trials()
    assert len(expected) == 8
    assert _read(storage, study) == expected
    in_memory = optuna.storages.InMemoryStorage()
    study = _filled(in_memory)
    assert _read(in_memory, study) == study.get_trials()


def test_without_decisions_only_unfinished_trials_have_their_parameters(storage: optuna.storages.RDBStorage) -> None:
    study = _filled(storage)
    for trial, expected in zip(_read(storage, study, decisions=False), study.get_trials(), strict=True):
        assert isinstance(trial, optuna.trial.FrozenTrial)
        if expected.state.is_finished():
            assert expected.params and not trial.params and not trial.distributions
            trial.params, trial.distributions = expected.params, expected.distributions
        assert trial == expected


def test_running_trials_are_found_by_their_rows(storage: optuna.storages.RDBStorage) -> None:
    for one in (storage, optuna.storages.InMemoryStorage()):
        study = _filled(one)
        (row,) = running_trials(one, study._study_id)
        assert study.get_trials()[5]._trial_id == row


def test_a_trial_that_is_added_is_the_one_that_optuna_would_add(storage: optuna.storages.RDBStorage) -> None:
    study = _filled(storage)
    new = optuna.create_trial(
        state=TrialState.RUNNING,
        params={"width": "wide", "rate": 0.1},
        distributions=study.get_trials()[0].distributions,
        user_attrs={"architecture": "1x1", "of": [1, math.inf]},
    )
    rows = [add_trial(storage, study._study_id, new), storage.create_new_trial(study._study_id, new)]
    ours, theirs = (storage.get_trial(row) for row in rows)
    assert (ours.number, theirs.number) == (8, 9)
    assert abs(ours.datetime_start - theirs.datetime_start).total_seconds() < 60  # type: ignore[operator]
    for name in ("number", "_trial_id", "datetime_start"):
        setattr(ours, name, getattr(theirs, name))
    assert ours == theirs
    study.tell(8, (1.0, 2.0))
    assert study.get_trials()[8].values == [1.0, 2.0]


def test_more_parameters_of_a_new_trial_are_no_more_statements(storage: optuna.storages.RDBStorage) -> None:
    study = optuna.create_study(storage=storage)
    made = []
    for count in (2, 40):
        statements: list[str] = []

        def note(_: object, __: object, statement: str, *rest: object, to: list[str] = statements) -> None:
            to.append(statement)

        distributions = {f"p{i}": optuna.distributions.FloatDistribution(0, 1) for i in range(count)}
        new = optuna.create_trial(
            state=TrialState.RUNNING, params=dict.fromkeys(distributions, 0.5), distributions=dict(distributions)
        )
        event.listen(storage.engine, "before_cursor_execute", note)
        try:
            row = add_trial(storage, study._study_id, new)
        finally:
            event.remove(storage.engine, "before_cursor_execute", note)
        assert storage.get_trial(row).params == new.params
        made.append(len(statements))
    assert made[0] == made[1]


def test_a_trial_is_added_where_there_is_no_database(storage: optuna.storages.RDBStorage) -> None:
    new = _filled(storage).get_trials()[5]
    in_memory = optuna.storages.InMemoryStorage()
    study = optuna.create_study(storage=in_memory, directions=["minimize", "maximize"])
    added = in_memory.get_trial(add_trial(in_memory, study._study_id, new))
    assert (added.number, added.state, added.params) == (0, TrialState.RUNNING, new.params)
    assert added.user_attrs == new.user_attrs


def test_each_damaged_trial_is_found_and_the_others_are_read(
    storage: optuna.storages.RDBStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_rows, "_BATCH", 5)
    study = _filled(storage)
    expected = study.get_trials()
    rows = [expected[i]._trial_id for i in (0, 3, 4)]
    with storage.engine.begin() as connection:
        for row in rows:
            connection.exec_driver_sql("UPDATE trial_user_attributes SET value_json = '{' WHERE trial_id = ?", (row,))
    found = _read(storage, study)
    damaged = [one for one in found if isinstance(one, UnreadableTrial)]
    assert [(one.row, one.number) for one in damaged] == list(zip(rows, (0, 3, 4), strict=True))
    assert [one for one in found if one not in damaged] == [expected[i] for i in (1, 2, 5, 6, 7)]


def test_an_error_that_is_of_no_row_is_raised(storage: optuna.storages.RDBStorage) -> None:
    study = _filled(storage)
    with storage.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE trial_user_attributes SET value_json = '{' WHERE trial_id = 1")
    with pytest.raises(ValueError, match="Expecting"):
        list(read_trials(storage, study._study_id, lambda error: False, decisions=False))

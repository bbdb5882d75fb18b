"""Trials of a study as Optuna reads and writes them, many rows at a time (experiments/README.md).

Optuna makes an object of every row, and keeps every trial for as long as its storage lives. For each parameter of a new
trial it asks what the study had before, which here is known.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import optuna
    from sqlalchemy import Connection

_BATCH = 500  # trials


@dataclass(frozen=True)
class UnreadableTrial:
    """A trial whose rows say what no version wrote.

    Attributes:
        row: Its `trial_id` in the database.
        number: Of the trial, if that is none of what is wrong.
        error: What came of reading it.
    """

    row: int
    number: object
    error: Exception


def read_trials(
    storage: optuna.storages.BaseStorage, study: int, is_of_a_row: Callable[[Exception], bool], *, decisions: bool
) -> Iterator[optuna.trial.FrozenTrial | UnreadableTrial]:
    """The trials of a study in the order in which they were asked about, equal to those of `Study.get_trials`.

    Args:
        storage: That has it.
        study: Its number there.
        is_of_a_row: Whether an error is about what a row says; others are raised.
        decisions: Whether finished trials have their parameters, too, which are most of all rows: an architecture says
            the same.
    """
    import optuna

    if not isinstance(storage, optuna.storages.RDBStorage):
        yield from storage.get_all_trials(study, deepcopy=False)
        return
    reader = _Reader(study, decisions)
    with storage.engine.connect() as connection:
        ids = reader.ids(connection)
        for start in range(0, len(ids), _BATCH):
            yield from _readable(reader, connection, ids[start : start + _BATCH], is_of_a_row)


def running_trials(storage: optuna.storages.BaseStorage, study: int) -> list[int]:
    """The rows of the trials that run, in the order in which they were asked about."""
    import optuna
    from sqlalchemy import select

    running = optuna.trial.TrialState.RUNNING
    if not isinstance(storage, optuna.storages.RDBStorage):
        return [trial._trial_id for trial in storage.get_all_trials(study, deepcopy=False, states=(running,))]
    from optuna.storages._rdb.models import TrialModel as Trials

    query = select(Trials.trial_id).where(Trials.study_id == study, Trials.state == running)
    with storage.engine.connect() as connection:
        return list(connection.execute(query.order_by(Trials.trial_id)).scalars())


def add_trial(storage: optuna.storages.BaseStorage, study: int, trial: optuna.trial.FrozenTrial) -> int:
    """The row of a new trial of a study that runs, with the parameters and attributes of `trial`; whole or not at all.

    Raises:
        SQLAlchemyError: If the database does not take it.
    """
    import optuna

    if not isinstance(storage, optuna.storages.RDBStorage):
        return storage.create_new_trial(study, trial)
    from optuna.distributions import distribution_to_json
    from optuna.storages._rdb import models
    from sqlalchemy import func, insert, select, update

    trials = models.TrialModel.__table__
    begun = datetime.now(UTC).replace(tzinfo=None)
    params = [
        {
            "param_name": name,
            "param_value": trial.distributions[name].to_internal_repr(value),
            "distribution_json": distribution_to_json(trial.distributions[name]),
        }
        for name, value in trial.params.items()
    ]
    attributes = [{"key": key, "value_json": json.dumps(value)} for key, value in trial.user_attrs.items()]
    with storage.engine.begin() as connection:
        # Trials are numbered by counting those before, which no other process may add to meanwhile.
        connection.execute(select(models.StudyModel.study_id).filter_by(study_id=study).with_for_update())
        new = insert(trials).values(study_id=study, state=optuna.trial.TrialState.RUNNING, datetime_start=begun)
        key = connection.execute(new).inserted_primary_key
        assert key
        row = int(key[0])
        before = select(func.count()).where(trials.c.study_id == study, trials.c.trial_id < row)
        number = connection.execute(before).scalar_one()
        connection.execute(update(trials).where(trials.c.trial_id == row).values(number=number))
        for table, rows in ((models.TrialParamModel, params), (models.TrialUserAttributeModel, attributes)):
            if rows:
                connection.execute(insert(table), [{"trial_id": row, **values} for values in rows])
    return row


def _readable(
    reader: _Reader, connection: Connection, ids: list[int], is_of_a_row: Callable[[Exception], bool]
) -> list[optuna.trial.FrozenTrial | UnreadableTrial]:
    """These trials; where one of them cannot be read, it is found by halving."""
    try:
        return [*reader.read(connection, ids[0], ids[-1])]
    except Exception as error:
        if not is_of_a_row(error):
            raise
        if len(ids) == 1:
            return [UnreadableTrial(ids[0], reader.number(connection, ids[0]), error)]
    half = len(ids) // 2
    return [one for part in (ids[:half], ids[half:]) for one in _readable(reader, connection, part, is_of_a_row)]


class _Reader:
    """Reads the trials of a study from Optuna's tables."""

    def __init__(self, study: int, decisions: bool) -> None:
        self._study = study
        self._decisions = decisions
        self._distributions: dict[str, optuna.distributions.BaseDistribution] = {}  # by their JSON: few are many times

    def ids(self, connection: Connection) -> list[int]:
        from optuna.storages._rdb.models import TrialModel as Trials
        from sqlalchemy import select

        query = select(Trials.trial_id).where(Trials.study_id == self._study).order_by(Trials.trial_id)
        return list(connection.execute(query).scalars())

    def number(self, connection: Connection, row: int) -> object:
        from optuna.storages._rdb.models import TrialModel as Trials
        from sqlalchemy import select

        return connection.execute(select(Trials.number).where(Trials.trial_id == row)).scalar()

    def read(self, connection: Connection, first: int, last: int) -> list[optuna.trial.FrozenTrial]:
        """Those of these rows and all between."""
        import optuna
        from optuna.storages._rdb import models
        from sqlalchemy import select

        trials = models.TrialModel
        between = trials.trial_id.between(first, last)

        def rows(*columns: Any, order: Any, of: Any = between) -> Any:
            """Of a table that has one for each of several things of a trial."""
            query = select(*columns).join(trials, trials.trial_id == columns[0])
            return connection.execute(query.where(trials.study_id == self._study, between, of).order_by(order))

        user, system, values, params, reported = (defaultdict[int, dict[Any, Any]](dict) for _ in range(5))
        for found, table in ((user, models.TrialUserAttributeModel), (system, models.TrialSystemAttributeModel)):
            for trial, key, text in rows(table.trial_id, table.key, table.value_json, order=table.trial_id):
                found[trial][key] = json.loads(text)
        v = models.TrialValueModel
        for trial, objective, value, kind in rows(v.trial_id, v.objective, v.value, v.value_type, order=v.objective):
            values[trial][objective] = v.stored_repr_to_value(value, kind)
        i = models.TrialIntermediateValueModel
        for trial, step, value, kind in rows(
            i.trial_id, i.step, i.intermediate_value, i.intermediate_value_type, order=i.step
        ):
            reported[trial][step] = i.stored_repr_to_intermediate_value(value, kind)
        p = models.TrialParamModel
        open_states = [state for state in optuna.trial.TrialState if not state.is_finished()]
        of = between if self._decisions else trials.state.in_(open_states)
        for trial, name, value, text in rows(
            p.trial_id, p.param_name, p.param_value, p.distribution_json, order=p.param_id, of=of
        ):
            params[trial][name] = self._distribution(text), value
        times = trials.__table__.c  # in UTC, where the attributes are in local time
        query = select(
            trials.trial_id, trials.number, trials.state, times.datetime_start, times.datetime_complete
        ).where(trials.study_id == self._study, between)
        return [
            optuna.trial.FrozenTrial(
                number=number,
                state=state,
                value=None,
                values=[values[row][place] for place in range(len(values[row]))] or None,
                datetime_start=_local(start),
                datetime_complete=_local(complete),
                params={name: of.to_external_repr(value) for name, (of, value) in params[row].items()},
                distributions={name: of for name, (of, _) in params[row].items()},
                user_attrs=user[row],
                system_attrs=system[row],
                intermediate_values=reported[row],
                trial_id=row,
            )
            for row, number, state, start, complete in connection.execute(query.order_by(trials.trial_id))
        ]

    def _distribution(self, text: str) -> optuna.distributions.BaseDistribution:
        from optuna.distributions import json_to_distribution

        if text not in self._distributions:
            self._distributions[text] = json_to_distribution(text)
        return self._distributions[text]


def _local(time: datetime | None) -> datetime | None:
    return time and time.replace(tzinfo=UTC).astimezone().replace(tzinfo=None)

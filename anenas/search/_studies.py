"""Whole studies: renamed, copied to other stores, removed."""

from __future__ import annotations

import contextlib
import shutil
import uuid
import warnings
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from anenas._errors import AnenasError, unknown
from anenas._files import is_folder
from anenas.search._address import address_of
from anenas.search._damage import damage_of
from anenas.search._lease import OWNER, forget
from anenas.search._store import (
    LOCK,
    UNFINISHED,
    check_study_name,
    database_place,
    open_storage,
    quiet_optuna,
    searching,
    store_errors,
    study_folder,
    study_names,
)
from anenas.search._study import ID

if TYPE_CHECKING:
    import optuna

_MINE = (LOCK, OWNER, "data", ".*")  # of a study's folder, what is a process's and not the study's
_WITHIN_SECONDS = 1.0  # some databases keep times to the second


def check_study(store: Path, name: str) -> None:
    """Raises: AnenasError: If there is no study of that name in a store."""
    if name not in (names := study_names(store)):
        raise unknown("study", name, names) if names else AnenasError(f"no studies in {store}; run a search first")


def rename_study(store: Path, old: str, new: str) -> None:
    """Give a study another name. Killed on the way, it is done by being asked for again.

    Raises:
        AnenasError: If there is no such study, it is being searched, or the name is taken or none.
    """
    check_study_name(new)
    names, former, folder = study_names(store), study_folder(store, old), study_folder(store, new)
    if old not in names and new in names and is_folder(former) and not is_folder(folder):
        _move(former, folder)
        return
    check_study(store, old)
    if new in names:
        raise AnenasError(f"a study '{new}' exists already; choose another name")
    _check_free(folder)
    with searching(store, old):
        _set_name(store, old, new)
        _move(former, folder)
    _forget_lease(store, old)


def delete_study(store: Path, name: str) -> None:
    """Remove a study: what its trials left, then what the database has of it.

    Raises:
        AnenasError: If there is no such study, it is being searched, or something cannot be removed.
    """
    check_study(store, name)
    with searching(store, name), store_errors(store):
        shutil.rmtree(study_folder(store, name))
        _remove(store, name)
    _forget_lease(store, name)


def copy_study(store: Path, name: str, to: Path, new_name: str | None = None) -> int:
    """Copy a study to another store, with what its trials left, whole or not at all.

    Every trial there has the same number, values, times and attributes, which is checked. The copy is a study of its
    own: it goes on without the other, and has runs of its own in MLflow.

    Args:
        store: That has it.
        name: Of the study.
        to: Another store, made if it is not there; see `use_storage` for its database.
        new_name: There; by default the same.

    Returns:
        How many trials it has.

    Raises:
        AnenasError: If there is no such study, it is being searched, its name is taken there, or it comes out unlike.
    """
    import optuna

    there = new_name or name
    check_study_name(new_name)
    check_study(store, name)
    if there in study_names(to):
        raise AnenasError(f"a study '{there}' exists already in {database_place(to)}; choose another name for the copy")
    _check_free(study_folder(to, there))
    temporary = f"{UNFINISHED}{there}-{uuid.uuid4().hex[:8]}"
    with searching(store, name), contextlib.ExitStack() as undo:
        source, target = open_storage(store), open_storage(to)
        with store_errors(to), damage_of(name, database_place(store)), quiet_optuna(), warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            undo.callback(_remove_if_there, to, temporary)
            optuna.copy_study(from_study_name=name, from_storage=source, to_storage=target, to_study_name=temporary)
            count = _check_alike(source, name, target, temporary)
            target.set_study_user_attr(target.get_study_id_from_name(temporary), ID, uuid.uuid4().hex)
        with store_errors(to):
            unfinished = study_folder(to, temporary)
            undo.callback(shutil.rmtree, unfinished, ignore_errors=True)
            shutil.copytree(study_folder(store, name), unfinished, ignore=_not_mine(study_folder(store, name)))
            _move(unfinished, study_folder(to, there))
            undo.pop_all()
            _set_name(to, temporary, there)
    return count


def leftover_studies(store: Path) -> list[str]:
    """Names of copies that were not finished, in the database of a store."""
    with store_errors(store):
        return [one.study_name for one in _all(open_storage(store)) if one.study_name.startswith(UNFINISHED)]


def remove_leftover(store: Path, name: str) -> None:
    """Remove what a copy that was not finished has in the database."""
    with store_errors(store):
        _remove(store, name)


def _all(storage: optuna.storages.BaseStorage) -> Sequence[Any]:
    return storage.get_all_studies()


def _not_mine(folder: Path) -> Any:
    def ignored(within: str, names: list[str]) -> set[str]:
        return set(shutil.ignore_patterns(*_MINE)(within, names)) if Path(within) == folder else set()

    return ignored


def _check_free(folder: Path) -> None:
    if is_folder(folder):
        raise AnenasError(f"{folder} exists already but belongs to no study; `anenas study gc` removes it")


def _move(folder: Path, to: Path) -> None:
    try:
        folder.rename(to)
    except OSError as error:
        raise AnenasError(f"cannot move {folder} to {to}: {error.strerror or error}; run again") from error


def _set_name(store: Path, old: str, new: str) -> None:
    from sqlalchemy import text

    storage = cast("optuna.storages.RDBStorage", open_storage(store))
    with store_errors(store), storage.engine.begin() as connection:
        renamed = text("UPDATE studies SET study_name = :new WHERE study_name = :old")
        connection.execute(renamed, {"new": new, "old": old})


def _remove(store: Path, name: str) -> None:
    import optuna

    with quiet_optuna():
        optuna.delete_study(study_name=name, storage=open_storage(store))


def _remove_if_there(store: Path, name: str) -> None:
    with contextlib.suppress(KeyError, AnenasError):
        _remove(store, name)


def _forget_lease(store: Path, name: str) -> None:
    if address_of(store):
        with store_errors(store):
            forget(cast("optuna.storages.RDBStorage", open_storage(store)).engine, name)


def _check_alike(source: optuna.storages.BaseStorage, name: str, target: optuna.storages.BaseStorage, new: str) -> int:
    """How many trials both studies have.

    Raises:
        AnenasError: If they differ in anything.
    """
    ids = source.get_study_id_from_name(name), target.get_study_id_from_name(new)
    (theirs, ours) = (
        (
            storage.get_study_directions(one),
            storage.get_study_user_attrs(one),
            storage.get_study_system_attrs(one),
            *map(_content, storage.get_all_trials(one, deepcopy=False)),
        )
        for storage, one in zip((source, target), ids, strict=True)
    )
    if theirs != ours:
        raise AnenasError(f"study '{name}' reads back from that database with different content; nothing was copied")
    return len(theirs) - 3


def _content(trial: optuna.trial.FrozenTrial) -> dict[str, Any]:
    """All that a database holds of a trial, but for the number of its row."""
    values = {attribute: value for attribute, value in vars(trial).items() if attribute != "_trial_id"}
    return {key: _to_the_second(value) if isinstance(value, datetime) else value for key, value in values.items()}


def _to_the_second(time: datetime) -> float:
    return round(time.timestamp() / _WITHIN_SECONDS)

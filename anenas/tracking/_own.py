"""The runs in a store's own MLflow database: of which studies, how large, and removed for good."""

from __future__ import annotations

import contextlib
import re
import shutil
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from anenas._database import opened, rows_of
from anenas._errors import AnenasError, first_line
from anenas._files import is_file
from anenas._sizes import size_of
from anenas.tracking._description import renamed
from anenas.tracking._trial import NOTE

_STUDY_ID, _STUDY_NAME, _STORE, _PARENT = "anenas.study_id", "anenas.study", "anenas.store", "mlflow.parentRunId"


@dataclass(frozen=True)
class OwnRun:
    """A run of a search or of a trial.

    Attributes:
        run_id: MLflow's.
        study_id: Of the study that it mirrors, see `anenas.search.Study`.
        study: The study's name.
        store: HOST:FOLDER of the study's store; empty of a trial.
        folder: Of its artifacts; None where they are not in the store.
        models: Folders of its models of MLflow in the store, by their numbers; those that are registered are not its.
    """

    run_id: str
    study_id: str
    study: str
    store: str
    folder: Path | None
    models: Mapping[str, Path] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        return sum(size_of(folder) for folder in [*([self.folder] if self.folder else []), *self.models.values()])


def own_runs(store: Path) -> list[OwnRun]:
    """Every run that mirrors a study in a store's own database, those that are marked as deleted, too.

    Raises:
        AnenasError: If the database cannot be read.
    """
    path, artifacts = store / "mlflow.db", (store / "artifacts").absolute()
    query = """
        SELECT runs.run_uuid, ids.value, names.value, stores.value FROM runs
        JOIN tags ids ON ids.run_uuid = runs.run_uuid AND ids.key = ?
        LEFT JOIN tags names ON names.run_uuid = runs.run_uuid AND names.key = ?
        LEFT JOIN tags stores ON stores.run_uuid = runs.run_uuid AND stores.key = ?
        """
    try:
        if not rows_of(path, "runs", "run_uuid"):
            return []
        with contextlib.closing(opened(path)) as found:
            rows = found.execute(query, (_STUDY_ID, _STUDY_NAME, _STORE)).fetchall()
            models = _models(found, artifacts)
    except sqlite3.Error as error:
        raise AnenasError(
            f"cannot read {path}: {first_line(error)}; move it away, and the studies will be logged again"
        ) from error
    return [
        OwnRun(run, study, name or "", place or "", _inside(artifacts, run), models.get(run, {}))
        for run, study, name, place in rows
    ]


def forgotten_artifacts(store: Path) -> list[Path]:
    """Folders of artifacts in a store that no run of its own database has."""
    path, artifacts = store / "mlflow.db", store / "artifacts"
    if not is_file(path) or not artifacts.is_dir():
        return []
    known = set(map(str, rows_of(path, "runs", "run_uuid")))
    # A run's name is 32 digits; what else lies there is not MLflow's of a run, such as its models.
    return [one for one in sorted(artifacts.iterdir()) if _is_run(one.name) and one.name not in known and one.is_dir()]


def remove_runs(store: Path, runs: Sequence[OwnRun]) -> None:
    """Remove runs of a store's own database for good, with their artifacts.

    Raises:
        AnenasError: If the database cannot be written.
    """
    from anenas.tracking._connection import connect, default_uri

    if not runs:
        return
    backend = connect(default_uri(store))._tracking_client.store
    # Trials before their search: what is left of a removal that was killed is found again.
    for run in sorted(runs, key=lambda run: bool(run.store)):
        if run.folder:
            shutil.rmtree(run.folder, ignore_errors=True)
        for model, folder in run.models.items():
            shutil.rmtree(folder, ignore_errors=True)
            backend._hard_delete_logged_model(model)
        backend._hard_delete_run(run.run_id)  # as `mlflow gc` does


def rename_runs(store: Path, study_id: str, name: str) -> None:
    """Tell a store's own database that a study has another name."""
    path = store / "mlflow.db"
    if not rows_of(path, "runs", "run_uuid"):
        return
    of_study = "SELECT run_uuid FROM tags WHERE key = ? AND value = ?"
    former = f"SELECT value FROM tags WHERE key = ? AND run_uuid IN ({of_study})"
    is_trial = "SELECT run_uuid FROM tags WHERE key = ?"
    with contextlib.closing(opened(path)) as found, found:
        found.create_function("renamed", 3, renamed, deterministic=True)
        for (called,) in set(found.execute(former, (_STUDY_NAME, _STUDY_ID, study_id))):
            found.execute(
                f"UPDATE tags SET value = renamed(value, ?, ?) WHERE key = ? AND run_uuid IN ({of_study})",
                (called, name, NOTE, _STUDY_ID, study_id),
            )
            if found.execute("SELECT 1 FROM sqlite_master WHERE name = 'logged_model_tags'").fetchone():
                found.execute(
                    "UPDATE logged_model_tags SET tag_value = renamed(tag_value, ?, ?) WHERE tag_key = ? "
                    f"AND model_id IN (SELECT model_id FROM logged_models WHERE source_run_id IN ({of_study}))",
                    (called, name, NOTE, _STUDY_ID, study_id),
                )
        found.execute(
            f"UPDATE tags SET value = ? WHERE key = ? AND run_uuid IN ({of_study})",
            (name, _STUDY_NAME, _STUDY_ID, study_id),
        )
        searches = f"run_uuid IN ({of_study}) AND run_uuid NOT IN ({is_trial})"
        found.execute(f"UPDATE runs SET name = ? WHERE {searches}", (name, _STUDY_ID, study_id, _PARENT))
        found.execute(
            f"UPDATE tags SET value = ? WHERE key = 'mlflow.runName' AND {searches}",
            (name, _STUDY_ID, study_id, _PARENT),
        )


def runs_of(runs: Iterable[OwnRun], study_id: str) -> list[OwnRun]:
    """Those of one study."""
    return [run for run in runs if run.study_id == study_id]


def _models(database: sqlite3.Connection, artifacts: Path) -> dict[str, dict[str, Path]]:
    """Folders in the store of the models of each run, by their numbers, but for those that are registered."""
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'logged_models'").fetchone():
        return {}
    registered = " ".join(str(source) for (source,) in database.execute("SELECT source FROM model_versions"))
    models: dict[str, dict[str, Path]] = {}
    for model, run in database.execute("SELECT model_id, source_run_id FROM logged_models"):
        folder = artifacts / "models" / str(model)
        if re.fullmatch(r"m-[0-9a-f]{32}", str(model)) and folder.is_dir() and str(model) not in registered:
            models.setdefault(str(run), {})[str(model)] = folder
    return models


def _inside(artifacts: Path, run: str) -> Path | None:
    folder = artifacts / run
    return folder if _is_run(run) and folder.is_dir() else None


def _is_run(name: str) -> bool:
    return len(name) == 32 and set(name) <= set("0123456789abcdef")

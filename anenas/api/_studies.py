"""The studies of a store: what there is of each, and keeping house among them."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from anenas._errors import AnenasError, first_line
from anenas._sizes import size_of
from anenas.search import (
    PACKAGE,
    UNFINISHED,
    WEIGHTS,
    Study,
    check_study,
    copy_study,
    database_place,
    delete_study,
    is_being_searched,
    leftover_studies,
    read_address,
    remove_leftover,
    rename_study,
    study_folder,
    study_names,
    use_storage,
)
from anenas.tracking import OwnRun, forgotten_artifacts, own_runs, remove_runs, rename_runs, runs_of

_ABANDONED = 3600.0  # seconds after which what nobody has finished writing is taken for left

State = Literal["running", "finished", "stopped", "damaged"]


@dataclass(frozen=True)
class StudySummary:
    """What there is of a study.

    Attributes:
        name: In the store.
        state: "running" while a process searches it; "finished" once it came to its end; "stopped" if something ended
            it before, so that it goes on where it is started again; "damaged" if it cannot be read.
        begun: When its first trial was asked about, in seconds since 1970; None where none was.
        ended: When its last trial was answered, likewise.
        data: What was trained on, with the beginning of its fingerprint.
        space: Name and digest of what was searched.
        chip: The main one.
        counts: Trials "completed", "stopped", "failed", "infeasible" and "repeated".
        metric: What networks are ranked by.
        best: The best score of a completed trial; None where none has completed.
        bytes: On disk, its trials' files and what MLflow has of it in the store.
        problem: Why it cannot be read, where it cannot.
    """

    name: str
    state: State
    begun: float | None = None
    ended: float | None = None
    data: str = ""
    space: str = ""
    chip: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    metric: str = ""
    best: float | None = None
    bytes: int = 0
    problem: str = ""


@dataclass(frozen=True)
class StudyDetails:
    """Everything of one study but its trials.

    Attributes:
        summary: As in the list.
        settings: What makes its trials comparable.
        command: That its search was begun by last, which goes on with it; empty where nothing tells.
        database: Where its trials are noted.
        folder: Of its trials' files.
        sizes: Bytes on disk by kind: "packages", "weights", "other files", "mlflow".
        runs: How many runs the store's own MLflow database has of it.
    """

    summary: StudySummary
    settings: dict[str, Any]
    command: str
    database: str
    folder: Path
    sizes: dict[str, int]
    runs: int


@dataclass(frozen=True)
class Orphan:
    """Something on disk that belongs to nothing.

    Attributes:
        what: In words.
        bytes: On disk.
        path: Of the file or folder; None where it is in a database.
        runs: Of MLflow.
        leftover: Name of a copy that was not finished, in the database of studies.
    """

    what: str
    bytes: int
    path: Path | None = None
    runs: tuple[OwnRun, ...] = ()
    leftover: str = ""


def list_studies(store: str | Path = "mlruns") -> list[StudySummary]:
    """Every study of a store, the newest first; one that cannot be read says why.

    Raises:
        AnenasError: If the store cannot be read.
    """
    store = Path(store).absolute()
    runs = own_runs(store)
    found = [_summary(store, name, runs) for name in study_names(store)]
    return sorted(found, key=lambda one: -(one.begun or 0.0))


def describe_study(name: str, store: str | Path = "mlruns") -> StudyDetails:
    """Everything of one study but its trials.

    Raises:
        AnenasError: If there is no such study, or it cannot be read.
    """
    store = Path(store).absolute()
    study, runs = Study.load(store, name), own_runs(store)
    mine = runs_of(runs, study.id)
    packages, weights = (sum(map(size_of, study.folder.glob(f"trials/**/{kind}"))) for kind in (PACKAGE, WEIGHTS))
    return StudyDetails(
        summary=_summary(store, name, runs),
        settings=study.settings.to_dict(),
        command=study.command,
        database=database_place(store),
        folder=study.folder,
        sizes={
            "packages": packages,
            "weights": weights,
            "other files": size_of(study.folder) - packages - weights,
            "mlflow": sum(run.bytes for run in mine),
        },
        runs=len(mine),
    )


def remove_study(name: str, store: str | Path = "mlruns") -> None:
    """Remove a study, its trials' files and its runs in the store's own MLflow database, for good.

    Killed on the way, it is done by being asked for again.

    Raises:
        AnenasError: If there is no such study, or it is being searched.
    """
    store = Path(store).absolute()
    check_study(store, name)
    if is_being_searched(store, name):
        raise AnenasError(f"study '{name}' is being searched; stop that first")
    remove_runs(store, _runs_of(store, name, own_runs(store)))
    delete_study(store, name)


def name_study(old: str, new: str, store: str | Path = "mlruns") -> None:
    """Give a study another name, in the store's own MLflow database, too.

    Raises:
        AnenasError: If there is no such study, it is being searched, or the name is taken or none.
    """
    store = Path(store).absolute()
    mine = _runs_of(store, old, own_runs(store)) if old in study_names(store) else []
    rename_study(store, old, new)
    for study_id in {run.study_id for run in mine}:
        rename_runs(store, study_id, new)


def copy_to(
    name: str, store: Path, to: str, *, files: Path | None = None, new_name: str | None = None
) -> tuple[Path, int]:
    """Copy a study to another store or database, see `anenas.search.copy_study`.

    Args:
        name: Of the study.
        store: That has it.
        to: Folder of another store, or the address of a database.
        files: Store for the trials' files beside that; by default the store's own name and the database's.
        new_name: There; by default the same.

    Returns:
        The store that it is in now, and how many trials it has.

    Raises:
        AnenasError: If it cannot be copied.
    """
    check_study(store, name)
    if "://" in to:
        target = files or store.with_name(f"{store.name}-{read_address(to).database}")
        use_storage(target.absolute(), to)
    elif files:
        raise AnenasError("a store's folder also holds the files: give `files` only with the address of a database")
    else:
        target = Path(to)
    if target.absolute() == store.absolute() and new_name in (None, name):
        raise AnenasError("the study is already there: name another store, or give the copy another name")
    return target, copy_study(store, name, target.absolute(), new_name)


def find_orphans(store: str | Path = "mlruns") -> list[Orphan]:
    """What in a store belongs to no study: files, MLflow runs, and what killed processes did not finish.

    Raises:
        AnenasError: If the store cannot be read: then nothing is known to be an orphan.
    """
    store = Path(store).absolute()
    names = study_names(store)
    return [
        *_files_of_no_study(store, names),
        *_runs_of_no_study(store, names),
        *(Orphan("artifacts of no MLflow run", size_of(path), path) for path in forgotten_artifacts(store)),
        *(Orphan("a copy that was not finished", 0, leftover=name) for name in leftover_studies_of(store)),
        *_unfinished(store, names),
    ]


def remove_orphans(store: str | Path, orphans: Iterable[Orphan]) -> None:
    """Remove what `find_orphans` found.

    Raises:
        AnenasError: If something cannot be removed.
    """
    store = Path(store).absolute()
    for orphan in orphans:
        remove_runs(store, orphan.runs)
        if orphan.leftover:
            remove_leftover(store, orphan.leftover)
        try:
            if orphan.path and orphan.path.is_dir() and not orphan.path.is_symlink():
                shutil.rmtree(orphan.path)
            elif orphan.path:
                orphan.path.unlink(missing_ok=True)
        except OSError as error:
            raise AnenasError(f"cannot remove {orphan.path}: {error.strerror or error}") from error


def leftover_studies_of(store: Path) -> list[str]:
    """Copies that were not finished, where there is a store at all."""
    return leftover_studies(store) if store.is_dir() and any(store.iterdir()) else []


def _summary(store: Path, name: str, runs: Sequence[OwnRun]) -> StudySummary:
    on_disk = size_of(study_folder(store, name))
    try:
        study = Study.load(store, name)
    except AnenasError as error:
        return StudySummary(name, "damaged", bytes=on_disk, problem=first_line(error))
    running = is_being_searched(store, name)
    best = min(study.completed, key=lambda trial: trial.evaluation.shortfall, default=None)
    return StudySummary(
        name=name,
        state="running" if running else "finished" if study.has_ended else "stopped",
        begun=min((trial.started for trial in study.finished), default=None),
        ended=max((trial.ended for trial in study.finished), default=None),
        data=study.settings.data,
        space=study.settings.space,
        chip=study.settings.chip,
        counts={str(state): count for state, count in study.counts.items()},
        metric=study.settings.metric,
        best=best.evaluation.score if best else None,
        bytes=on_disk + sum(run.bytes for run in runs_of(runs, study.id)),
    )


def _runs_of(store: Path, name: str, runs: Sequence[OwnRun]) -> list[OwnRun]:
    """Those of a study, which may be too damaged to tell its id."""
    try:
        return runs_of(runs, Study.load(store, name).id)
    except AnenasError:
        return [run for run in runs if run.study == name]


def _files_of_no_study(store: Path, names: Sequence[str]) -> list[Orphan]:
    folders = sorted((store / "studies").glob("*")) if (store / "studies").is_dir() else []
    return [
        Orphan("files of no study", size_of(path), path)
        for path in folders
        if path.is_dir() and path.name not in names and not is_being_searched(store, path.name)
    ]


def _runs_of_no_study(store: Path, names: Sequence[str]) -> list[Orphan]:
    runs, here = own_runs(store), f"{socket.gethostname()}:{store}"
    ours = {run.study_id for run in runs if run.store == here}  # another store may log to this database
    known = {run.study_id for name in names for run in _runs_of(store, name, runs)}
    lost: dict[str, list[OwnRun]] = {}
    for run in runs:
        if run.study_id in ours - known and not is_being_searched(store, run.study):
            lost.setdefault(run.study, []).append(run)
    return [
        Orphan(
            f"{len(found)} MLflow runs of '{study}', which is no study",
            sum(one.bytes for one in found),
            runs=tuple(found),
        )
        for study, found in lost.items()
    ]


def _unfinished(store: Path, names: Sequence[str]) -> list[Orphan]:
    """What a killed process was writing: in the store, and in the folders of studies that nobody searches."""
    idle = [study_folder(store, name) for name in names if not is_being_searched(store, name)]
    found = [path for folder in (store, *idle) for path in folder.glob(f"{UNFINISHED}*")]
    found = [path for path in found if time.time() - path.stat().st_mtime > _ABANDONED]
    found += [folder / "data" for folder in idle if (folder / "data").is_dir()]
    return [Orphan("left by a process that was killed", size_of(path), path) for path in sorted(found)]

"""Tables of files: a row for each, with its path and its labels."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas._files import expanded, is_file
from anenas.data._class_folders import Files, expected_class
from anenas.data._format import InputFormat
from anenas.data._layout import split_of
from anenas.data._passed_over import some_of
from anenas.data._raw import PARTS, Examples, RawData, file_safe
from anenas.data._table_rows import Row, columns_of, rows_of
from anenas.inputs import InputKind
from anenas.tasks import Cells, Task, task_of_cells

PATH_COLUMNS = ("path", "file_name", "file", "filename", "image")
_LABEL_COLUMNS = ("label", "labels", "class", "target")
_GROUP_COLUMNS = ("group", "subject")
_SHOWN = 10
_SAID = (*PATH_COLUMNS, "split", *_GROUP_COLUMNS)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FileTable:
    """What a table says of files.

    Attributes:
        title: What it is called in messages.
        task: What its labels are of.
        names: Of the classes or targets.
        files: By split.
    """

    title: str
    task: Task
    names: tuple[str, ...]
    files: dict[str, Files]


def is_file_table(path: Path) -> bool:
    """Whether a table has a column of paths, as its header says; False where it cannot be read."""
    return any(name in PATH_COLUMNS for name in columns_of(path))


def read_file_table(path: Path, task: Task | None = None, part: str | None = None) -> FileTable:
    """A table of files and labels.

    Its columns are a path (`path`, `file_name`, `file`, `filename` or `image`), below the table's folder unless it is
    absolute; `split` (train, validation, test, or what they are usually called), if there is one; `group` or `subject`,
    which are held out whole; and labels. A column called `label`, `labels`, `class` or `target` is the label, and
    others are left out, which is logged. Its values are classes; several of them are separated by |; numbers with a
    point are to be predicted. Without such a column all others are labels: of classes, where all are 0 or 1, or
    numbers.

    Args:
        path: .csv, .tsv, .jsonl or .parquet.
        task: What the labels are of; by default what they look like.
        part: The split that all its files are of; by default its column says so, or they are for training.

    Raises:
        AnenasError: If it is not as described; it names the row, the header being row 1, or the line of a .jsonl file.
    """
    rows = list(rows_of(path))
    if not rows:
        raise AnenasError(f"'{path}' has no rows; expected one per file")
    columns = list(rows[0][1])
    chosen = [name for name in columns if name in PATH_COLUMNS]
    if len(chosen) != 1:
        found = f"found {some_of(columns, _SHOWN)}" if not chosen else f"found {' and '.join(chosen)}"
        raise AnenasError(f"'{path}', row 1: expected one column of paths, called {' or '.join(PATH_COLUMNS)}, {found}")
    members = _members(path, rows, part)
    files = _files(path, rows, chosen[0])
    label_columns = _label_columns(path, columns)
    task, labels, names = _labels(path, rows, label_columns, task)
    grouped = next((name for name in _GROUP_COLUMNS if name in columns), None)
    groups = np.array([row[grouped] for _, row in rows]) if grouped else None
    return FileTable(
        path.resolve().stem if path.stem != "metadata" else path.resolve().parent.name,
        task,
        names,
        {
            part: Files(
                [files[i] for i in of],
                labels[of],
                tuple(rows[i][1][chosen[0]] for i in of),
                None if groups is None else groups[of],
            )
            for part, of in members.items()
        },
    )


def read_split_tables(tables: Mapping[str, Path], task: Task | None = None) -> FileTable:
    """A table for each split, in the folder of the files that it names.

    Args:
        tables: By split, "train" among them.
        task: See `read_file_table`.

    Raises:
        AnenasError: One is not as `read_file_table` has it, or has labels that training lacks.
    """
    whole = read_file_table(tables["train"], task, "train")
    files = {}
    for part, path in tables.items():
        one = whole if part == "train" else read_file_table(path, whole.task, part)
        held, folder = one.files[part], path.parent.name
        names = tuple(f"{folder}/{name}" for name in held.names)
        files[part] = dataclasses.replace(held, labels=_relabelled(path, held.labels, one, whole), names=names)
    return FileTable(tables["train"].resolve().parents[1].name, whole.task, whole.names, files)


def _relabelled(path: Path, labels: NDArray[Any], one: FileTable, whole: FileTable) -> NDArray[Any]:
    """The labels of a table by the classes or targets of the training table."""
    if unknown := [name for name in one.names if name not in whole.names]:
        raise AnenasError(
            f"'{path}': the training table has no {unknown[0]}; {expected_class(unknown[0], whole.names)}"
        )
    try:
        return whole.task.arrange(labels, one.names, whole.names)
    except AnenasError as error:
        raise AnenasError(f"'{path}': {error}") from error


def raw_of_file_table(
    path: Path,
    kind: InputKind,
    wanted: InputFormat,
    read: Callable[[str, Mapping[str, Files], InputFormat], dict[str, Examples]],
) -> RawData:
    """The data set of a table of files.

    Args:
        path: Of the table.
        kind: Of the files.
        wanted: The format that they are brought to.
        read: Reads them, by split.

    Raises:
        AnenasError: The table is not as `read_file_table` describes, or a file cannot be read.
    """
    return _raw_of(read_file_table(path, wanted.task), kind, wanted, read)


def raw_of_split_tables(
    tables: Mapping[str, Path],
    kind: InputKind,
    wanted: InputFormat,
    read: Callable[[str, Mapping[str, Files], InputFormat], Mapping[str, Examples]],
) -> RawData:
    """The data set of a table of files for each split, see `read_split_tables` and `raw_of_file_table`."""
    return _raw_of(read_split_tables(tables, wanted.task), kind, wanted, read)


def _raw_of(
    found: FileTable,
    kind: InputKind,
    wanted: InputFormat,
    read: Callable[[str, Mapping[str, Files], InputFormat], Mapping[str, Examples]],
) -> RawData:
    examples = read(found.title, found.files, wanted)
    return RawData.of_parts(file_safe(found.title), kind, found.names, examples, task=found.task)


def _members(path: Path, rows: Sequence[tuple[int, Row]], whole: str | None) -> dict[str, NDArray[np.int64]]:
    """The places of the rows of each split that there is."""
    parts = []
    for number, row in rows:
        said = row.get("split", whole or "train")
        part = said if said in PARTS else split_of(said)
        if part is None:
            raise AnenasError(f"'{path}', row {number}: the split is '{said}'; expected {', '.join(PARTS)}")
        if whole and part != whole:
            raise AnenasError(
                f"'{path}', row {number}: the split is '{said}', but the table is in the folder of {whole}"
            )
        parts.append(part)
    if not whole and "train" not in parts:
        raise AnenasError(f"'{path}': no row has the split `train`")
    found = np.array(parts)
    return {part: np.flatnonzero(found == part) for part in PARTS if part in parts}


def _files(path: Path, rows: Sequence[tuple[int, Row]], column: str) -> list[Path]:
    """The file of each row.

    Raises:
        AnenasError: If some are not there, naming up to ten, or one is named twice.
    """
    files = [path.parent / expanded(row[column]) for _, row in rows]
    missing = [
        f"{row[column] or 'an empty path'} (row {number})"
        for (number, row), file in zip(rows, files, strict=True)
        if not row[column] or not is_file(file)
    ]
    if missing:
        raise AnenasError(
            f"'{path}': {len(missing):,} of {len(rows):,} files are not there: {some_of(missing, _SHOWN)}; paths are "
            f"relative to {path.parent}"
        )
    first: dict[Path, int] = {}
    for (number, row), file in zip(rows, files, strict=True):
        if (before := first.setdefault(file, number)) != number:
            raise AnenasError(f"'{path}', row {number}: {row[column]} is in row {before} as well; keep one of them")
    return files


def _label_columns(path: Path, columns: Sequence[str]) -> list[str]:
    others = [name for name in columns if name not in _SAID]
    named = [name for name in others if name in _LABEL_COLUMNS]
    if len(named) > 1:
        raise AnenasError(f"'{path}', row 1: {' and '.join(named)} could both be the label; keep only one of them")
    if named and len(others) > 1:
        left_out = some_of([name for name in others if name not in named], _SHOWN)
        _log.info(f"'{path}': the label is column {named[0]}; left out: {left_out}")
    if not others:
        raise AnenasError(f"'{path}', row 1: no labels; expected a column `label`, or one column per class or number")
    return named or others


def _labels(
    path: Path, rows: Sequence[tuple[int, Row]], columns: Sequence[str], task: Task | None
) -> tuple[Task, NDArray[Any], tuple[str, ...]]:
    """The task of the rows, its labels, and the name of each class or number."""
    for number, row in rows:
        if empty := [name for name in columns if not row[name]]:
            raise AnenasError(f"'{path}', row {number}: {empty[0]} is empty; every file needs one")
    each = [tuple(row[name] for name in columns) for _, row in rows]
    cells = Cells(f"'{path}'", tuple(columns), each, [number for number, _ in rows])
    found, looks = (task, "") if task else task_of_cells(cells)
    if looks:
        _log.info(f"'{path}': its labels are {looks}, so the task is {found} (`task` overrides this)")
    return found, *found.read_cells(cells)

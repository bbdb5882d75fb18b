"""Rows of results, each a dataclass of texts and numbers, in a CSV file that grows from one run to the next."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

Row = TypeVar("Row")


def read_rows(path: Path, kind: type[Row]) -> list[Row]:
    """The rows of a file, whose columns are the fields of `kind`; none where there is no file yet."""
    if not path.is_file():
        return []
    types = get_type_hints(kind)
    with path.open(newline="") as file:
        return [kind(**{name: types[name](text) for name, text in row.items()}) for row in csv.DictReader(file)]


def write_rows(path: Path, rows: Iterable[Any]) -> None:
    """Write rows, all of one kind and at least one, whole or not at all."""
    rows = list(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with unfinished.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([field.name for field in fields(rows[0])])
        writer.writerows(map(astuple, rows))
    unfinished.replace(path)

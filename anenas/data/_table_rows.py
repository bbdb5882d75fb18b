"""Tables of any usual format as rows of text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from anenas._errors import AnenasError, first_line
from anenas.data._charset import encoding_of

SEPARATOR = "|"
"""Of several labels in one cell."""

Row = Mapping[str, str]
"""The cells of a row by the names of their columns."""


def rows_of(path: Path) -> Iterator[tuple[int, Row]]:
    """Each row with its number, every cell as text; the header is row 1.

    Args:
        path: .csv, .tsv, .jsonl or .parquet.

    Raises:
        AnenasError: If it is not as its suffix says.
    """
    readers: dict[str, Callable[[Path], Iterator[tuple[int, Row]]]] = {".jsonl": _of_jsonl, ".parquet": _of_parquet}
    return readers.get(path.suffix.lower(), _of_csv)(path)


def _of_csv(path: Path) -> Iterator[tuple[int, Row]]:
    encoding = encoding_of(path)
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    reader = csv.reader(io.StringIO(path.read_bytes().decode(encoding), newline=""), delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if twice := [name for name in header if header.count(name) > 1 or not name]:
            raise AnenasError(f"'{path}', row 1: column '{twice[0]}' is there twice or has no name; give each its own")
        for number, row in enumerate(reader, 2):
            if not row:
                continue
            if len(row) != len(header):
                raise AnenasError(f"'{path}', row {number}: {len(row)} columns, but the header has {len(header)}")
            yield number, dict(zip(header, (cell.strip() for cell in row), strict=True))
    except csv.Error as error:
        raise AnenasError(f"'{path}', line {reader.line_num}: {error}; write it as CSV again") from error


def _of_jsonl(path: Path) -> Iterator[tuple[int, Row]]:
    columns: list[str] = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(filter(str.strip, file), 2):
            try:
                row = json.loads(line)
            except ValueError as error:
                raise AnenasError(f"'{path}', line {number - 1}: {first_line(error)}; expected an object") from error
            if not isinstance(row, dict) or (columns and list(row) != columns):
                raise AnenasError(
                    f"'{path}', line {number - 1}: expected an object with {', '.join(columns) or 'names'}"
                )
            columns = list(row)
            yield number, {name: _text(value) for name, value in row.items()}


def _text(value: Any) -> str:
    """A value of JSON as a cell: a list is several labels."""
    if isinstance(value, list):
        return SEPARATOR.join(map(str, value)) + (SEPARATOR if len(value) < 2 else "")
    return "" if value is None else str(int(value) if isinstance(value, bool) else value)


def _of_parquet(path: Path) -> Iterator[tuple[int, Row]]:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise AnenasError(f"'{path}' cannot be read as Parquet ({first_line(error)}); write it again") from error
    for number, row in enumerate(table.to_pylist(), 2):
        yield number, {str(name): _text(value) for name, value in row.items()}

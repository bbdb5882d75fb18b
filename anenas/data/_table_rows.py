"""Tables of any usual format as rows of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from anenas._errors import AnenasError, first_line
from anenas._json import read_json
from anenas.tables import columns_of_table, encoding_of, header_of, with_points
from anenas.tasks import SEPARATOR

Row = Mapping[str, str]
"""The cells of a row by the names of their columns."""


def rows_of(path: Path) -> Iterator[tuple[int, Row]]:
    """Each row with its number, every cell as text; the header is row 1, or else the first line.

    Args:
        path: .csv, .tsv, .jsonl or .parquet.

    Raises:
        AnenasError: If it is not as its suffix says.
    """
    readers: dict[str, Callable[[Path], Iterator[tuple[int, Row]]]] = {".jsonl": _of_jsonl, ".parquet": _of_parquet}
    return readers.get(path.suffix.lower(), _of_csv)(path)


def columns_of(path: Path) -> tuple[str, ...]:
    """The names of its columns; none where it cannot be read."""
    if path.suffix.lower() not in (".jsonl", ".parquet"):
        return header_of(path)
    try:
        return tuple(next(iter(rows_of(path)))[1])
    except (AnenasError, OSError, StopIteration):
        return ()


def _of_csv(path: Path) -> Iterator[tuple[int, Row]]:
    columns, numbers = columns_of_table(path)
    columns |= with_points(path, columns, numbers)
    for number, cells in zip(numbers, zip(*columns.values(), strict=True), strict=True):
        yield number, dict(zip(columns, cells, strict=True))


def _of_jsonl(path: Path) -> Iterator[tuple[int, Row]]:
    columns: list[str] = []
    with path.open(encoding=encoding_of(path)) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = read_json(line)
            except ValueError as error:
                raise AnenasError(f"'{path}', line {number}: {first_line(error)}; expected an object") from error
            if not isinstance(row, dict) or (columns and list(row) != columns):
                raise AnenasError(f"'{path}', line {number}: expected an object with {', '.join(columns) or 'names'}")
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

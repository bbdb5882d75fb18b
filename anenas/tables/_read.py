"""The one reader of tables of text: their encoding, what stands between columns, and rows that hold nothing."""

from __future__ import annotations

import contextlib
import csv
import itertools
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anenas._errors import AnenasError
from anenas.tables._charset import declared_encoding, encoding_of
from anenas.tables._dialect import delimiter_of, name_of, said_delimiter

_log = logging.getLogger(__name__)

_SAMPLE = 65_536  # characters that tell what stands between columns
_CELL = 131_072  # characters of a cell: more is a quotation mark that is not closed
_CHUNK = 65_536  # rows that are in memory at once
_NO_TEXT = {
    b"PK\x03\x04": "a workbook or another archive",
    b"\xd0\xcf\x11\xe0": "a workbook of an old Excel",
    b"\x1f\x8b": "compressed",
    b"PAR1": "a Parquet file",
}


@dataclass
class Table:
    """An open table. Make one with `open_table`.

    Attributes:
        path: Of its file.
        header: The names of its columns; those without a name are left out, and none is there twice unless it was
            asked for.
        delimiter: What stands between columns, in words.
    """

    path: Path
    header: tuple[str, ...]
    delimiter: str
    _reader: Any = field(repr=False)
    _places: Sequence[int] = field(repr=False)

    def chunks(self, size: int = _CHUNK) -> Iterator[tuple[list[int], list[Sequence[str]]]]:
        """Some rows at a time, with their numbers; the header is row 1, a row of several lines is one.

        Rows without anything in them are left out; those that hold delimiters are counted and told.

        Raises:
            AnenasError: If a row has more or fewer columns than the header, or quotation marks do not close.
        """
        number, hollow = 1, 0
        try:
            while read := list(itertools.islice(self._reader, size)):
                numbers, rows = [], []
                for cells in read:
                    number += 1
                    if not "".join(cells).strip():
                        hollow += len(cells) > 1
                        continue
                    numbers.append(number)
                    rows.append(self._named(number, cells))
                if rows:
                    yield numbers, rows
        except csv.Error as error:
            raise AnenasError(f"'{self.path}', line {self._reader.line_num}: {error}; write it as CSV again") from error
        if hollow:
            _log.info(f"'{self.path}': empty rows skipped: {hollow:,}")

    def rows(self) -> Iterator[tuple[int, Sequence[str]]]:
        """Each row with its number, likewise."""
        for numbers, rows in self.chunks():
            yield from zip(numbers, rows, strict=True)

    @property
    def _width(self) -> int:
        """Columns up to the last one with a name."""
        return self._places[-1] + 1

    def _named(self, number: int, cells: list[str]) -> Sequence[str]:
        """The cells of the columns with names."""
        if len(cells) == len(self._places) == self._width:
            return cells
        if len(cells) < self._width or "".join(cells[self._width :]).strip():
            raise AnenasError(
                f"'{self.path}', row {number}: {len(cells)} columns, but the header has {self._width}; quote cells "
                f"that contain {self.delimiter}"
            )
        for place in {*range(1, self._width)} - {*self._places}:
            if cells[place].strip():
                raise AnenasError(
                    f"'{self.path}', row 1: column {place + 1} has no name but has a value in row {number}"
                )
        return [cells[place] for place in self._places]


@contextlib.contextmanager
def open_table(path: Path, *, cell: int = _CELL, distinct: bool = True) -> Iterator[Table]:
    """A table of text, with commas, semicolons or tabs between columns, in any usual encoding.

    A first column without a name, which is how pandas writes its index, is left out and told; others without one must
    be empty.

    Args:
        path: Of the file.
        cell: The most characters of one cell.
        distinct: Whether columns of one name are an error.

    Raises:
        AnenasError: If it cannot be read, is no text, or has two columns of one name.
    """
    limit = csv.field_size_limit(cell)
    try:
        with path.open(encoding=_encoding(path), newline="") as file:
            usual = "\t" if path.suffix.lower() == ".tsv" else ","
            said = said_delimiter(file.readline(_SAMPLE))
            start = file.tell() if said else 0
            file.seek(start)
            delimiter = said or delimiter_of(file.read(_SAMPLE), usual)
            file.seek(start)
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            yield _table(path, reader, delimiter, distinct)
    except OSError as error:
        raise AnenasError(f"cannot read '{path}': {error.strerror or error}") from error
    finally:
        csv.field_size_limit(limit)


def columns_of_table(path: Path) -> tuple[dict[str, list[str]], list[int]]:
    """The cells of each column by its name, without blanks around them, and the numbers of the rows.

    Raises:
        AnenasError: As `open_table` and `Table.chunks` do.
    """
    with open_table(path) as table:
        numbered = list(table.rows())
        cells = {name: [row[i].strip() for _, row in numbered] for i, name in enumerate(table.header)}
    return cells, [number for number, _ in numbered]


def header_of(path: Path) -> tuple[str, ...]:
    """The names of the columns of a table, from its beginning; none where it cannot be read."""
    with contextlib.suppress(OSError, csv.Error):
        encoding = declared_encoding(path) or "utf-8"
        with path.open(encoding=encoding, errors="replace", newline="") as file:
            sample = file.read(_SAMPLE)
        first, _, rest = sample.partition("\n")
        said = said_delimiter(first)
        sample = rest if said else sample
        lines = sample.splitlines(keepends=True)
        return tuple(map(str.strip, next(csv.reader(lines, delimiter=said or delimiter_of(sample, ",")), [])))
    return ()


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    if what := next((what for mark, what in _NO_TEXT.items() if start.startswith(mark)), None):
        raise AnenasError(f"'{path}' is {what}, not a text table; save it as CSV in UTF-8")
    return encoding_of(path)


def _table(path: Path, reader: Any, delimiter: str, distinct: bool) -> Table:
    try:
        names = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise AnenasError(f"'{path}', line {reader.line_num}: {error}; write it as CSV again") from error
    if not any(names):
        raise AnenasError(f"'{path}' is empty, or starts with an empty row; expected a header with column names")
    if not names[0]:
        _log.info(f"'{path}': the first column has no name, like an index written by pandas: ignored")
    places = [place for place, name in enumerate(names) if name]
    header = tuple(names[place] for place in places)
    if distinct and (twice := next((name for name in header if header.count(name) > 1), None)):
        raise AnenasError(f"'{path}', row 1: two columns have the name '{twice}'; give each its own name")
    return Table(path, header, name_of(delimiter), reader, places)

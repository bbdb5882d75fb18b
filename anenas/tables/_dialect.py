"""What stands between the columns of a table."""

from __future__ import annotations

import contextlib
import csv
import itertools
import re

# The bar is not among them: it stands between the labels of one cell.
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_LOOKED_AT = 20  # rows below the header

_SAID = re.compile(r"\"?sep=([,;\t|])\"?[,;\t]*\r?\n?", re.IGNORECASE)


def said_delimiter(line: str) -> str | None:
    """What a first line of "sep=;" says, as Excel writes and reads it; None of any other line."""
    found = _SAID.fullmatch(line)
    return found[1] if found else None


def delimiter_of(sample: str, usual: str) -> str:
    """The delimiter that makes most columns of the header, and as many of the rows below it.

    csv.Sniffer looks for what is as frequent in every line, which takes letters and decimal commas for it.

    Args:
        sample: The beginning of a table.
        usual: For a table of one column, and where another is no better.
    """

    def fit(delimiter: str) -> tuple[float, int, bool]:
        rows = _first_rows(sample, delimiter)
        if not rows or len(rows[0]) < 2:
            return 0.0, 0, delimiter == usual
        alike = sum(len(row) == len(rows[0]) for row in rows[1:])
        return alike / max(1, len(rows) - 1), len(rows[0]), delimiter == usual

    return max(_DELIMITERS, key=fit)


def name_of(delimiter: str) -> str:
    """In words, such as "commas"."""
    return _DELIMITERS.get(delimiter, f"'{delimiter}'")


def _first_rows(sample: str, delimiter: str) -> list[list[str]]:
    """The first rows of a sample that are not empty; the last of it may be cut and is left out."""
    lines = sample.splitlines(keepends=True)
    reader = csv.reader(lines if len(lines) < 3 else lines[:-1], delimiter=delimiter)
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        rows.extend(itertools.islice(filter(None, reader), _LOOKED_AT + 1))
    return rows

"""Numbers of a table as people's languages write them: with decimal commas, and separators of thousands."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError

_log = logging.getLogger(__name__)

_EMPTY = frozenset(
    ("", "nan", "-nan", "na", "n/a", "<na>", "#n/a", "#na", "null", "none", "?")  # what pandas takes for none, and "?"
)
_THOUSANDS = ",.'’ \u00a0\u202f"
_MINUS = "\u2212"
_GROUPED = re.compile(
    rf"(?P<whole>[+-]?[1-9]\d{{0,2}}(?P<mark>[{_THOUSANDS}])\d{{3}}(?:(?P=mark)\d{{3}})*)"
    rf"(?:(?!(?P=mark))(?P<point>[.,])(?P<rest>\d*))?(?P<power>[eE][+-]?\d+)?"
)
_PLAIN = re.compile(r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?")
_Cell = tuple[str, int, str]  # column, row and text


class Numbers:
    """Reads the numbers of one table, which has one decimal sign.

    "0,5" and "1.234,5" have a decimal comma, "0.5" and "1,234.5" a point. "1,234" is 1.234 where other cells have
    decimal commas; where none tells it is refused, as is what may be thousands in a table of the other sign: nobody
    knows by a factor of 1,000 what it is.

    Args:
        path: Of the table, for messages.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._first: dict[str, _Cell] = {}  # the first number with a decimal comma, and with a point
        self._told: set[str] = set()

    def look(self, columns: Mapping[str, Sequence[str]], lines: Sequence[int]) -> None:
        """Learn from some rows what the decimal sign is; `read` looks at what it reads.

        Raises:
            AnenasError: If there are both.
        """
        joined = {name: "\n".join(cells) for name, cells in columns.items()}
        if "," not in self._first and not any("," in text for text in joined.values()):
            columns = (
                {} if "." in self._first else {name: columns[name] for name, text in joined.items() if "." in text}
            )
            for name, cells in columns.items():
                point = next(
                    (i for i, cell in enumerate(cells) if "." in cell and _PLAIN.fullmatch(_plain(cell))), None
                )
                if point is not None:
                    self._first["."] = name, lines[point], cells[point].strip()
                    return
            return
        for name, cells in columns.items():
            if "," in self._first and "." not in joined[name]:  # that there are commas is known
                continue
            for line, cell in zip(lines, cells, strict=True):
                if sign := _decimal_sign(_plain(cell)):
                    self._first.setdefault(sign, (name, line, cell.strip()))
        if len(self._first) == 2:
            (name, line, cell), (other, above, with_point) = self._first[","], self._first["."]
            raise AnenasError(
                f"'{self._path}', row {line}: {name} is '{cell}', with a decimal comma, but {other} is '{with_point}' "
                f"in row {above}, with a decimal point; write all numbers with points"
            )
        if "," in self._first:
            _, line, cell = self._first[","]
            self._tell("decimal", f"numbers have decimal commas, as '{cell}' in row {line}")

    def read(
        self, columns: Mapping[str, Sequence[str]], lines: Sequence[int], otherwise: float | None = None
    ) -> NDArray[np.float64]:
        """The numbers of some rows, (rows, columns), NaN where a cell is empty.

        Args:
            columns: The cells of each by its name.
            lines: The numbers of the rows.
            otherwise: What a cell is that holds no finite number; None is an error.

        Raises:
            AnenasError: If a cell holds no finite number, or one that may be either of two.
        """
        self.look(columns, lines)
        values = np.empty((len(lines), len(columns)))
        for i, (name, cells) in enumerate(columns.items()):
            read = self._at_once(cells)
            values[:, i] = read or [self._number((name, *one)) for one in zip(lines, cells, strict=True)]
        if otherwise is not None:
            return np.where(np.isinf(values), otherwise, values)
        with np.errstate(over="ignore"):
            beyond = np.argwhere(np.isinf(values.astype(np.float32)))
        if len(beyond):
            row, i = beyond[0]
            name, cells = list(columns.items())[i]
            raise AnenasError(
                f"'{self._path}', row {lines[row]}: {name} is '{cells[row].strip()}'; expected a finite number"
            )
        return values

    def _at_once(self, cells: Sequence[str]) -> list[float]:
        """The numbers of cells that hold nothing but such as Python knows, and empty ones; none of any other."""
        joined = "".join(cells)
        if "_" in joined:  # which Python reads over
            return []
        if "," in self._first:
            if "." in joined:
                return []
            cells = [cell.replace(",", ".") for cell in cells]
        try:
            return [float(cell or math.nan) for cell in cells]
        except ValueError:
            return []

    def _number(self, cell: _Cell) -> float:
        """Infinity where a cell holds no number."""
        text = _plain(cell[2])
        if text.lower() in _EMPTY:
            return math.nan
        decimal = "," if "," in self._first else "."
        if _PLAIN.fullmatch(text) and ("." if decimal == "," else ",") not in text:
            return float(text.replace(",", "."))
        found = _GROUPED.fullmatch(text)
        if found is None:
            return math.inf
        mark = found["mark"]
        if mark in ",." and found["whole"].count(mark) == 1 and found["point"] is None:
            raise AnenasError(
                f"'{self._path}', row {cell[1]}: {cell[0]} is '{text}', which may be {text.replace(mark, '.')} or "
                f"{text.replace(mark, '')}; write numbers with a decimal point and no thousands separator"
            )
        self._tell("thousands", f"what is between thousands is left out, as in '{text}' in row {cell[1]}")
        return float(found["whole"].replace(mark, "") + "." + (found["rest"] or "") + (found["power"] or ""))

    def _tell(self, what: str, line: str) -> None:
        """Once for each table."""
        if what not in self._told:
            self._told.add(what)
            _log.info(f"'{self._path}': {line}")


def with_points(path: Path, columns: Mapping[str, Sequence[str]], lines: Sequence[int]) -> dict[str, list[str]]:
    """Of a table's columns, those that hold nothing but numbers, some with commas, as they are with points.

    Args:
        path: Of the table, for messages.
        columns: All of it.
        lines: The numbers of its rows.

    Raises:
        AnenasError: If one of the numbers may be either of two.
    """
    chosen = {name: cells for name, cells in columns.items() if _is_of_numbers(cells)}
    values = Numbers(path).read(chosen, lines)
    return {
        name: ["" if math.isnan(value) else repr(value) for value in values[:, i].tolist()]
        for i, name in enumerate(chosen)
    }


def are_words(cells: Iterable[str]) -> bool:
    """Whether cells hold words and no numbers: a letter in some, a digit in none, which ends the look at the first."""
    there = False
    for text in map(_plain, cells):
        if any(map(str.isdigit, text)):
            return False
        there = there or (text.lower() not in _EMPTY and any(map(str.isalpha, text)))
    return there


def _is_of_numbers(cells: Sequence[str]) -> bool:
    texts = [text for cell in cells if (text := _plain(cell)).lower() not in _EMPTY]
    return any("," in text for text in texts) and all(_PLAIN.fullmatch(t) or _GROUPED.fullmatch(t) for t in texts)


def _plain(cell: str) -> str:
    return cell.strip().replace(_MINUS, "-")


def _decimal_sign(text: str) -> str | None:
    """What a number tells of the decimal sign of its table; None where it tells nothing."""
    if "," not in text and "." not in text:
        return None
    if found := _GROUPED.fullmatch(text):
        if found["point"]:
            return found["point"]
        mark, count = found["mark"], found["whole"].count(found["mark"])
        return None if count == 1 or mark not in ",." else "," if mark == "." else "."
    return next((sign for sign in ",." if sign in text), None) if _PLAIN.fullmatch(text) else None

"""Labels of tables, as tasks read them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError

SEPARATOR = "|"
"""Between the classes of a cell."""


@dataclass(frozen=True)
class Cells:
    """The columns of a table that hold labels.

    Attributes:
        where: The table, for messages.
        names: Of the columns.
        rows: A cell for each column, none of them empty.
        numbers: Of the rows, for messages.
    """

    where: str
    names: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numbers: Sequence[int]

    @property
    def are_several(self) -> bool:
        """Whether cells of one column name several classes."""
        return len(self.names) == 1 and any(SEPARATOR in cell for (cell,) in self.rows)

    @property
    def are_names(self) -> bool:
        """Whether they are one column of names, or of whole numbers, which name classes too."""
        cells = [cell for row in self.rows for cell in row]
        return len(self.names) == 1 and (not all(map(_is_number, cells)) or all(map(_is_whole, cells)))

    @property
    def are_flags(self) -> bool:
        """Whether all are 0 or 1."""
        return all(_is_number(cell) and float(cell) in (0, 1) for row in self.rows for cell in row)

    def one(self) -> list[str]:
        """The cells of the only column.

        Raises:
            AnenasError: If there are several.
        """
        if len(self.names) > 1:
            raise AnenasError(
                f"{self.where}: a single class per input needs one column of labels, called label; found "
                f"{', '.join(self.names)}"
            )
        return [cell for (cell,) in self.rows]

    def values(self) -> NDArray[np.float64]:
        """(N, columns): each cell as a number.

        Raises:
            AnenasError: If one is none; it names the row.
        """
        return np.array(
            [
                [self._number(number, name, cell) for name, cell in zip(self.names, row, strict=True)]
                for number, row in zip(self.numbers, self.rows, strict=True)
            ]
        )

    def _number(self, number: int, column: str, cell: str) -> float:
        if not _is_number(cell):
            raise AnenasError(
                f"{self.where}, row {number}: {column} is '{cell}'; expected a number, or class names in a column "
                "called label"
            )
        return float(cell)


def numbered(labels: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The classes, sorted, by value if all are whole numbers; and the index of each label's class."""
    are_numbers = all(label.isascii() and label.isdecimal() for label in labels)
    classes = sorted(set(labels), key=lambda label: (int(label), label) if are_numbers else (0, label))
    numbers = {name: i for i, name in enumerate(classes)}
    return tuple(classes), np.array([numbers[label] for label in labels], np.int64)


def separated(cells: Sequence[str]) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Which classes each cell names, (N, K), and the classes."""
    each = [[label.strip() for label in cell.split(SEPARATOR) if label.strip()] for cell in cells]
    names, _ = numbered(list(itertools.chain(*each)))
    places = {name: i for i, name in enumerate(names)}
    labels = np.zeros((len(cells), len(names)), np.uint8)
    for i, found in enumerate(each):
        labels[i, [places[label] for label in found]] = 1
    return labels, names


def _is_number(cell: str) -> bool:
    try:
        return np.isfinite(float(cell)).item()
    except ValueError:
        return False


def _is_whole(cell: str) -> bool:
    return cell.lstrip("+-").isdecimal()

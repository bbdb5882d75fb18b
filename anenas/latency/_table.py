"""A table of operation latencies as a latency source."""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from anenas._errors import AnenasError
from anenas.ane import Chip, fixed_us, get_chip, program_cost
from anenas.graph import Graph, Op, Tensor
from anenas.latency._base import Latency
from anenas.tables import Numbers, columns_of_table

_FIXED = "prediction"
_COLUMNS = ("operation", "chip", "us")
_MICROSECONDS = ("us", "low_us", "high_us")
# Conversions at a program's edges and the look-up of a label, which only exported programs have.
_PASSED_OVER = ("cast", "classify")

_BEYOND = math.sqrt(1000)

_log = logging.getLogger(__name__)

Range = tuple[float, float, float]


def operation_key(op: Op) -> str:
    """The key of an operation in a table: kind, shapes of inputs, outputs and weight, and attributes.

    For example "conv 1x3x32x32 > 1x16x16x16 16x3x3x3 dilation=1x1 groups=1 stride=2x2". Compressed weights have their
    format appended: "16x3x3x3:palette4".
    """
    shapes = ("+".join(_sizes(tensor.shape) for tensor in tensors) for tensors in (op.inputs, op.outputs))
    weight = [_weight(op.weights[0])] if op.weights else []
    attributes = (f"{name}={_sizes(value)}" for name, value in sorted(op.attributes.items()))
    return " ".join([op.kind, " > ".join(shapes), *weight, *attributes])


class TableLatency:
    """The sum of a table's latencies of a program's operations and of its fixed cost.

    The table is a CSV file with the columns `operation`, `chip` and `us`, microseconds. Operations are given by
    `operation_key`; `anenas profile MODEL --json` prints the keys of a model's operations. The row "prediction" holds
    the fixed cost of a prediction. Casts and the look-up of a label are free. Optional columns `low_us` and `high_us`
    are added up to the ends of the interval; without them the sum claims to be exact.

    Args:
        rows: By (operation, chip), microseconds with the lower and upper end of their interval.
        version: Changes with the rows.
        title: Name of the table in errors.
    """

    name = "table"

    def __init__(self, rows: Mapping[tuple[str, str], Range], version: str, title: str = "the table") -> None:
        self._rows, self.version, self._title = dict(rows), version, title
        self._asked_about: set[str] = set()

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """A table from its file.

        Raises:
            AnenasError: If it cannot be read, lacks a column, or has duplicate or invalid rows.
        """
        path = Path(path)
        columns, lines = columns_of_table(path)
        if missing := [column for column in _COLUMNS if column not in columns]:
            raise AnenasError(f"'{path}': no column {', '.join(missing)}; expected {', '.join(_COLUMNS)}")
        rows: dict[tuple[str, str], Range] = {}
        ranges = _ranges(path, columns, lines)
        for number, operation, chip, us in zip(lines, columns["operation"], columns["chip"], ranges, strict=True):
            try:
                key = operation, get_chip(chip).name
            except AnenasError as error:
                raise AnenasError(f"'{path}', row {number}: {error}") from error
            if key in rows:
                raise AnenasError(f"'{path}', row {number}: {' on '.join(key)} appears twice")
            rows[key] = us
        return cls(rows, hashlib.sha256(path.read_bytes()).hexdigest()[:8], str(path))

    def latency(self, graph: Graph, chip: Chip, package: Path | None = None) -> Latency:
        """The sum over the operations; `package` is ignored.

        Raises:
            AnenasError: If one of them is not in the table.
        """
        keys = [_FIXED, *(operation_key(op) for op in graph.ops if op.kind not in _PASSED_OVER)]
        if missing := list(dict.fromkeys(key for key in keys if (key, chip.name) not in self._rows)):
            more = f", nor for {len(missing) - 1} other operations" if len(missing) > 1 else ""
            raise AnenasError(f"{self._title} has no row for '{missing[0]}' on {chip.name}{more}")
        rows = [self._rows[key, chip.name] for key in keys]
        ms, low_ms, high_ms = (math.fsum(us) / 1000 for us in zip(*rows, strict=True))
        self._ask_about(ms, graph, chip)
        return Latency(ms, low_ms, high_ms, chip.full_name, self.name, self.version, fixed_ms=rows[0][0] / 1000)

    def _ask_about(self, ms: float, graph: Graph, chip: Chip) -> None:
        """Ask, once a chip, about a sum that is nearer to a thousandth of what is estimated, or a thousand times it."""
        if chip.name in self._asked_about:
            return
        self._asked_about.add(chip.name)
        estimated_ms = (fixed_us(chip) + program_cost(graph, chip).us) / 1000
        if not 1 / _BEYOND < ms / estimated_ms < _BEYOND:
            unit = "milliseconds" if ms < estimated_ms else "nanoseconds"
            _log.warning(
                f"'{self._title}': {ms:.3g} ms on {chip.name} according to the table, but the estimate is "
                f"{estimated_ms:.3g}: is us in {unit}? Give microseconds"
            )


def _ranges(path: Path, columns: Mapping[str, Sequence[str]], lines: Sequence[int]) -> list[Range]:
    """Microseconds with their interval, of each row."""
    given = [column for column in _MICROSECONDS if column in columns]
    read = Numbers(path).read({column: columns[column] for column in given}, lines).tolist()
    ranges = []
    for number, row in zip(lines, read, strict=True):
        found = dict(zip(given, row, strict=True))
        us = found["us"]
        low_us, high_us = (us if math.isnan(value := found.get(name, us)) else value for name in _MICROSECONDS[1:])
        if not 0 <= low_us <= us <= high_us:
            raise AnenasError(
                f"'{path}', row {number}: expected 0 ≤ low_us ≤ us ≤ high_us, got {low_us:g}, {us:g} and {high_us:g}"
            )
        ranges.append((us, low_us, high_us))
    return ranges


def _sizes(sizes: int | tuple[int, ...]) -> str:
    return "x".join(map(str, sizes)) if isinstance(sizes, tuple) else str(sizes)


def _weight(tensor: Tensor) -> str:
    return _sizes(tensor.shape) + (f":{tensor.storage.form}" if tensor.storage else "")

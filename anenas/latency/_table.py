"""A table of operation latencies as a latency source."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from anenas._errors import AnenasError
from anenas.ane import Chip, get_chip
from anenas.graph import Graph, Op, Tensor
from anenas.latency._base import Latency

_FIXED = "prediction"
_COLUMNS = ("operation", "chip", "us")
# Conversions at a program's edges and the look-up of a label, which only exported programs have.
_PASSED_OVER = ("cast", "classify")

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

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """A table from its file.

        Raises:
            AnenasError: If it cannot be read, lacks a column, or has duplicate or invalid rows.
        """
        try:
            content = Path(path).read_bytes()
            reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
            lines = list(reader)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise AnenasError(f"cannot read {path}: {error}") from error
        if missing := [column for column in _COLUMNS if column not in (reader.fieldnames or ())]:
            raise AnenasError(f"{path}: no column {', '.join(missing)}; expected {', '.join(_COLUMNS)}")
        rows: dict[tuple[str, str], Range] = {}
        for number, line in enumerate(lines, start=1):
            try:
                key, us = _row(line)
            except (AnenasError, ValueError, TypeError) as error:
                raise AnenasError(f"{path}, row {number}: {error}") from error
            if key in rows:
                raise AnenasError(f"{path}, row {number}: {' on '.join(key)} is there twice")
            rows[key] = us
        return cls(rows, hashlib.sha256(content).hexdigest()[:8], str(path))

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
        return Latency(ms, low_ms, high_ms, chip.full_name, self.name, self.version)


def _row(line: Mapping[str, str | None]) -> tuple[tuple[str, str], Range]:
    us, low_us, high_us = (float(line.get(column) or line["us"] or "") for column in ("us", "low_us", "high_us"))
    if not 0 <= low_us <= us <= high_us < math.inf:
        raise ValueError(f"expected 0 ≤ low_us ≤ us ≤ high_us, got {low_us:g}, {us:g} and {high_us:g}")
    return ((line["operation"] or "").strip(), get_chip(line["chip"] or "").name), (us, low_us, high_us)


def _sizes(sizes: int | tuple[int, ...]) -> str:
    return "x".join(map(str, sizes)) if isinstance(sizes, tuple) else str(sizes)


def _weight(tensor: Tensor) -> str:
    return _sizes(tensor.shape) + (f":{tensor.storage.form}" if tensor.storage else "")

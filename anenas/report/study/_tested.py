"""What a shipped model gets right and wrong, as the report beside its package tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from anenas.report.evaluation import Figure

_MOST = 40  # classes of a matrix that can be read
_FIGURES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "mean_average_precision": "mean average precision",
    "calibration_error": "calibration error",
}
_COLUMNS = {"support": "inputs", "right": "right", "wrong": "wrong", "missed": "missed"}
_SHARES = {"precision": "precision", "recall": "recall", "f1": "F1", "average_precision": "average precision"}
_SHADES = 5


@dataclass(frozen=True)
class Tested:
    """What a page shows of it.

    Attributes:
        about: What was judged on what.
        inputs: How many.
        figures: Name, value and interval of each.
        title: Of the table.
        columns: Of it.
        rows: Of each cell what it is sorted by, and its text.
        names: Of the matrix' columns.
        confusion: A row for each class: counts, and how dark each is, from 0 to 5.
        notes: What is not shown.
    """

    about: str
    inputs: int
    figures: list[tuple[str, str, str]]
    title: str = ""
    columns: list[str] = field(default_factory=list)
    rows: list[list[tuple[Any, str]]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    confusion: list[tuple[str, list[tuple[int, int]]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def tested(report: Mapping[str, Any]) -> Tested:
    """The report of classes or numbers, as `write_report` wrote it.

    Raises:
        KeyError, TypeError, ValueError: If it is none.
    """
    about = f"{report['model']} on {report['data']}: the {report['split']} split, {report['inputs']:,} inputs"
    figures = [_figure(name, report[name]) for name in (*_FIGURES, *_others(report)) if name in report]
    records = report.get("classes") or report.get("numbers") or []
    columns, rows = _table(records)
    matrix, names = report.get("confusion"), [str(one["name"]) for one in records]
    notes = [str(note) for note in report.get("notes", ())]
    if matrix and len(matrix) > _MOST:
        notes.append(f"A matrix of {len(matrix)} classes would not be readable; the report beside the package has it.")
        matrix = None
    return Tested(
        about=about,
        inputs=report["inputs"],
        figures=figures,
        title="Classes" if report.get("classes") else "Numbers",
        columns=columns,
        rows=rows,
        names=names,
        confusion=[(name, _shaded(row)) for name, row in zip(names, matrix, strict=True)] if matrix else [],
        notes=notes,
    )


def _others(report: Mapping[str, Any]) -> list[str]:
    """Metrics besides its own."""
    return [name for name, one in report.items() if name not in _FIGURES and isinstance(one, dict) and "value" in one]


def _figure(name: str, value: Any) -> tuple[str, str, str]:
    is_fraction = name in _FIGURES or name.partition("@")[0] in ("recall", "precision", "f1")
    one = Figure(**value, is_fraction=is_fraction) if isinstance(value, dict) else Figure(value)
    return _FIGURES.get(name, name.replace("_", " ")), str(one), one.interval


def _table(records: Any) -> tuple[list[str], list[list[tuple[Any, str]]]]:
    if not records:
        return [], []
    fields = [name for name in records[0] if isinstance(records[0][name], int | float) or name in _SHARES]
    fields = [name for name in fields if not name.endswith(("_low", "_high"))]
    titles = {**_COLUMNS, **_SHARES}
    rows = [[(str(one["name"]), str(one["name"])), *(_cell(name, one[name]) for name in fields)] for one in records]
    return ["name", *(titles.get(name, name.replace("_", " ")) for name in fields)], rows


def _cell(name: str, value: float | None) -> tuple[Any, str]:
    if value is None:
        return "", "–"
    return value, f"{value:.1%}" if name in _SHARES else f"{value:,}" if isinstance(value, int) else f"{value:.3g}"


def _shaded(row: list[int]) -> list[tuple[int, int]]:
    """Counts, and how dark each is by its share of the row."""
    whole = sum(row) or 1
    return [(int(count), -(-count * _SHADES // whole) if count else 0) for count in row]

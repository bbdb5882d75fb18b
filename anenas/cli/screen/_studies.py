"""Studies of a store as a table, and one of them in full."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from anenas._errors import plain
from anenas._sizes import megabytes
from anenas.api import StudyDetails, StudySummary
from anenas.cli.screen._text import print_line
from anenas.tasks import find_metric

_STYLES = {"running": "green", "finished": "", "stopped": "yellow", "damaged": "red"}
_NUMBERS = ("done", "stopped", "failed", "best", "disk")
_SPARE = ("space", "failed", "chip", "age", "stopped", "data")  # what is left out first where there is no room
_WIDEST = 1_000
_UNITS = (("days", 86400), ("h", 3600), ("min", 60))


def print_studies(console: Console, studies: Sequence[StudySummary]) -> None:
    """A table of studies, with as many columns as there is room for; below it, why one of them cannot be read."""
    for count in range(len(_SPARE) + 1):
        table = _table(studies, _SPARE[:count])
        if Measurement.get(console, console.options.update(max_width=_WIDEST), table).maximum <= console.width:
            break
    console.print(table)
    for study in studies:
        if study.problem:
            print_line(console, f"{plain(study.name)}: {study.problem}")


def _table(studies: Sequence[StudySummary], left_out: Sequence[str]) -> Table:
    rows = [_row(study) for study in studies]
    table = Table(box=SIMPLE_HEAD)
    for name in (name for name in rows[0] if name not in left_out):
        table.add_column(name, justify="right" if name in _NUMBERS else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell for name, cell in row.items() if name not in left_out))
    return table


def _row(study: StudySummary) -> dict[str, str]:
    style = _STYLES[study.state]
    return {
        "study": escape(plain(study.name)),
        "begun": _date(study.begun),
        "age": _age(study.ended),
        "state": f"[{style}]{study.state}[/]" if style else study.state,
        "data": escape(_first(study.data)),
        "space": escape(_first(study.space)),
        "chip": escape(study.chip),
        "done": str(study.counts.get("completed", "")),
        "stopped": str(study.counts.get("stopped", "")),
        "failed": str(study.counts.get("failed", "")),
        "best": _best(study),
        "disk": megabytes(study.bytes),
    }


def print_study(console: Console, found: StudyDetails) -> None:
    """A study in full."""
    summary = found.summary
    counts = ", ".join(f"{count} {state}" for state, count in summary.counts.items() if count) or "none"
    best = f"{find_metric(summary.metric).title} {_best(summary)}" if summary.best is not None else ""
    lines = {
        "study": plain(summary.name),
        "state": f"{summary.state}{_ago(summary)}",
        "trials": counts,
        "best": best,
        "database": found.database,
        "files": str(found.folder),
        "on disk": ", ".join(f"{megabytes(size)} {kind}" for kind, size in found.sizes.items() if size),
        "MLflow": f"{found.runs} runs in the store's own database" if found.runs else "",
        "continue": found.command,
    }
    for name, value in lines.items():
        if value:
            console.print(f"{name:<9} {value}", markup=False, highlight=False, soft_wrap=True)
    console.print("settings", markup=False, highlight=False)
    for name, value in found.settings.items():
        console.print(f"  {name:<14} {_value(value)}", markup=False, highlight=False, soft_wrap=True)


def _value(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(
            f"{name} {part:g}" if isinstance(part, float) else f"{name} {part}" for name, part in value.items()
        )
    return str(value)


def _first(text: str) -> str:
    """A name without the digest behind it."""
    return plain(text.rpartition(" ")[0] or text)


def _best(study: StudySummary) -> str:
    return "" if study.best is None else find_metric(study.metric).words(study.best)


def _date(seconds: float | None) -> str:
    return "" if seconds is None else f"{datetime.fromtimestamp(seconds):%Y-%m-%d}"


def _age(seconds: float | None) -> str:
    if seconds is None:
        return ""
    passed = max(time.time() - seconds, 0.0)
    unit, size = next(((unit, size) for unit, size in _UNITS if passed >= 2 * size), ("s", 1))
    return f"{passed / size:.0f} {unit}"


def _ago(study: StudySummary) -> str:
    return f", last trial {_age(study.ended)} ago" if study.ended else ""

"""What models get right and wrong."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from anenas.cli.screen._text import print_line
from anenas.models import Evaluated
from anenas.report.evaluation import Column, Report

_ROWS = 30  # classes that are listed; of more only the worst
_WORST = 10  # inputs


def print_evaluated(console: Console, one: Evaluated) -> None:
    """The figures of one model, each class or number, and the inputs that it is most wrong about."""
    report = one.report
    print_line(console, f"{one.model} on {one.about[0]}")
    for note in one.notes:
        print_line(console, note)
    console.print()
    width = max(18, *map(len, report.figures))
    for name, figure in report.figures.items():
        interval = f"  ({figure.interval}, 95 % interval)" if figure.interval else ""
        print_line(console, f"  {name:{width}} {figure}{interval}")
    if sheet := report.sheet(_ROWS):
        table = _table()
        for column in sheet.columns:
            _add(table, column)
        for row in sheet.rows:
            table.add_row(*map(escape, row))
        console.print(table)
        if sheet.left_out:
            print_line(console, f"{sheet.left_out}; JSON has all")
    for remark in report.remarks:
        print_line(console, remark)
    _print_worst(console, report)


def print_evaluations(console: Console, study: str, found: Sequence[Evaluated]) -> None:
    """The models of a study side by side, each with what it is worst at."""
    print_line(console, f"{study} on {found[0].about[0]}")
    for note in found[0].notes:
        print_line(console, note)
    table = _table()
    table.add_column("model")
    for place, name in enumerate(found[0].report.figures):
        table.add_column(name.replace(" ", "\n", 1), justify="right", no_wrap=True)
        if not place:
            table.add_column("95 %\ninterval", justify="right", no_wrap=True)
    table.add_column(next((one.report.weakest[0] for one in found if one.report.weakest), ""))
    for one in found:
        first, *rest = one.report.figures.values()
        weakest = one.report.weakest
        cells = (str(first), first.interval, *map(str, rest), weakest[1] if weakest else "")
        table.add_row(one.model, *map(escape, cells))
    console.print(table)
    for remark in found[0].report.remarks:
        print_line(console, remark)


def _print_worst(console: Console, report: Report) -> None:
    worst = report.worst(_WORST)
    if worst is None:
        return
    if not worst.inputs:
        print_line(console, "none is wrong")
        return
    table = Table(title=worst.title.lower(), title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1))
    table.add_column("file" if report.names else "input", overflow="fold")
    for column in worst.columns:
        _add(table, column)
    for one in worst.inputs:
        table.add_row(*map(escape, (str(one.index) if one.file is None else one.file, *one.cells)))
    console.print(table)


def _table() -> Table:
    return Table(box=SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, pad_edge=False)


def _add(table: Table, column: Column) -> None:
    if column.is_text:
        table.add_column(column.title, overflow="ellipsis", max_width=30)  # wraps where numbers need its room
    else:
        table.add_column(column.title.replace("95 % interval", "95 %\ninterval"), justify="right", no_wrap=True)

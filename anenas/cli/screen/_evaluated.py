"""What models get right and wrong."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from anenas.cli.screen._text import print_line
from anenas.models import Evaluated
from anenas.report.evaluation import Column, Report, Sheet

_ROWS = 30  # classes that are listed; of more only the worst
_WORST = 10  # inputs
_NAME = 8  # letters of a name at least
_WIDEST = 1000


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
        _print_sheet(console, sheet)
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


def _print_sheet(console: Console, sheet: Sheet) -> None:
    """All of it, or, where that is wider than the console, without its details, which is said."""
    table = _sheet_table(sheet.columns, sheet.rows)
    natural = console.measure(table, options=console.options.update(width=_WIDEST)).maximum
    if natural <= console.width:
        console.print(table)
        return
    shown = [place for place, column in enumerate(sheet.columns) if not column.is_detail]
    rows = [[row[place] for place in shown] for row in sheet.rows]
    console.print(_sheet_table([sheet.columns[place] for place in shown], rows))
    if len(shown) < len(sheet.columns):
        print_line(console, f"{natural} columns wide, it shows 95 % intervals as well; so does JSON")


def _sheet_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Table:
    table = _table()
    for column in columns:
        _add(table, column)
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def _print_worst(console: Console, report: Report) -> None:
    worst = report.worst(_WORST)
    if worst is None:
        return
    if not worst.inputs:
        print_line(console, "no input is wrong")
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
    if column.is_text:  # wraps where numbers need its room
        table.add_column(column.title, overflow="ellipsis", min_width=_NAME, max_width=30)
    else:
        title = "95 %\ninterval" if column.title == "95 % interval" else column.title.replace(" ", "\n", 1)
        table.add_column(title, justify="right", no_wrap=True)

"""A data set and what is of concern about it."""

from __future__ import annotations

from collections.abc import Callable

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from anenas.api import DataReport
from anenas.cli.screen._text import STYLES, counted, print_line

_CLASSES, _AFFECTED = 20, 10


def print_data(console: Console, report: DataReport, in_words: Callable[[str], str]) -> None:
    """How many inputs each class has in each split, and a paragraph for each concern, the worst first.

    Args:
        console: What to print to.
        report: The data set.
        in_words: Makes what is typed of parameters of the library.
    """
    size = "x".join(map(str, report.input_shape))
    print_line(console, f"{report.data}: {report.kind} of {size}{_classes(report)}")
    console.print(_table(report))
    for concern in report.concerns:
        console.print(f"[{STYLES['warning']}]{concern.check}[/]", highlight=False)
        print_line(console, f"    {concern.message}")
        for line in concern.lines[:_AFFECTED]:
            print_line(console, f"      {line}")
        if (more := len(concern.affected) - _AFFECTED) > 0:
            print_line(console, f"      and {more:,} more: --json lists them")
        print_line(console, f"    → {in_words(concern.fix)}")
    print_line(console, counted(len(report.concerns), "possible problem") if report.concerns else "no problems found")


def _classes(report: DataReport) -> str:
    count = sum(bool(name) for name in report.counts["train"])
    return f", {count:,} classes" if count else ""


def _table(report: DataReport) -> Table:
    """A row for each class, if there are few, and one for all."""
    table = Table(box=SIMPLE_HEAD)
    table.add_column("class")
    for part in report.counts:
        table.add_column(part, justify="right", no_wrap=True)
    classes = [name for name in report.counts["train"] if name]
    for name in classes if len(classes) <= _CLASSES else ():
        table.add_row(name, *(f"{counts[name]:,}" for counts in report.counts.values()))
    if len(classes) > _CLASSES:
        for what, pick in (("smallest class", min), ("largest class", max)):
            each = [[count for name, count in counts.items() if name] for counts in report.counts.values()]
            table.add_row(what, *(f"{pick(counts):,}" for counts in each))
    table.add_row("all", *(f"{counts.get('', sum(counts.values())):,}" for counts in report.counts.values()))
    return table

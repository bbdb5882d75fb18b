"""What classifiers get right and wrong."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from anenas.cli.screen._text import print_line
from anenas.models import Evaluated
from anenas.report.classes import Average, ClassFigures, ClassReport, absent_line, named_averages, percent

_CLASSES = 30  # that are listed; of more only the worst
_WRONG = 10  # inputs


def print_evaluated(console: Console, one: Evaluated) -> None:
    """The figures of one model, each class, and the inputs that it is most confidently wrong about."""
    report = one.report
    print_line(console, f"{one.model} on {one.about[0]}")
    for note in one.notes:
        print_line(console, note)
    console.print()
    for name, figure in named_averages(report):
        print_line(console, f"  {name:18} {_with_interval(figure)}")
    print_line(console, f"  {'calibration error':18} {percent(report.calibration_error)}")
    _print_classes(console, report)
    if absent := absent_line(report):
        print_line(console, absent)
    _print_wrong(console, report)


def print_evaluations(console: Console, study: str, found: Sequence[Evaluated]) -> None:
    """The models of a study side by side, each with the class that it recognises least."""
    print_line(console, f"{study} on {found[0].about[0]}")
    for note in found[0].notes:
        print_line(console, note)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, pad_edge=False)
    table.add_column("model")
    for heading in ("accuracy", "95 %\ninterval", "balanced\naccuracy", "macro\nF1", "calibration\nerror"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("least recognised")
    for one in found:
        report = one.report
        accuracy = report.accuracy
        worst = min((c for c in report.by_class if c.recall is not None), key=lambda c: c.recall or 0.0)
        table.add_row(
            one.model,
            percent(accuracy.value),
            _interval(accuracy),
            percent(report.balanced_accuracy.value),
            percent(report.macro_f1.value),
            percent(report.calibration_error),
            f"{escape(worst.name)}, {percent(worst.recall)}",
        )
    console.print(table)
    if absent := absent_line(found[0].report):
        print_line(console, absent)


def _print_classes(console: Console, report: ClassReport) -> None:
    classes = list(report.by_class)
    if len(classes) > _CLASSES:
        classes = sorted((one for one in classes if one.support), key=lambda one: one.f1 or 0.0)[:_CLASSES]
    taken = {one.label: one for one in reversed(report.most_confused(len(report.classes) ** 2))}
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, pad_edge=False)
    table.add_column("class", overflow="ellipsis", no_wrap=True, max_width=30)
    for heading in ("inputs", "precision", "recall", "95 %\ninterval", "F1"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("most taken for", overflow="ellipsis", no_wrap=True)
    for one in classes:
        other = taken.get(one.name)
        table.add_row(
            escape(one.name),
            f"{one.support:,}",
            percent(one.precision),
            percent(one.recall),
            _of_recall(one),
            percent(one.f1),
            f"{escape(other.predicted)}, {other.count:,}" if other else "",
        )
    console.print(table)
    if len(report.by_class) > _CLASSES:
        print_line(console, f"the {len(classes)} with the lowest F1 of {len(report.by_class):,} classes; JSON has all")


def _print_wrong(console: Console, report: ClassReport) -> None:
    wrong = report.most_wrong(_WRONG)
    if not wrong:
        print_line(console, "none is wrong")
        return
    table = Table(
        title="most confidently wrong", title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1)
    )
    table.add_column("file" if report.names else "input", overflow="fold")
    for heading in ("class", "taken for"):
        table.add_column(heading, overflow="ellipsis", no_wrap=True, max_width=30)
    table.add_column("with", justify="right", no_wrap=True)
    for one in wrong:
        name = str(one.index) if one.file is None else one.file
        table.add_row(*map(escape, (name, one.label, one.predicted)), percent(one.probability))
    console.print(table)


def _with_interval(figure: Average) -> str:
    return f"{percent(figure.value)}  ({_interval(figure)}, 95 % interval)"


def _interval(figure: Average) -> str:
    return f"{100 * figure.low:.1f}–{percent(figure.high)}"


def _of_recall(one: ClassFigures) -> str:
    if one.recall_low is None or one.recall_high is None:
        return ""
    return f"{100 * one.recall_low:.1f}–{percent(one.recall_high)}"

"""What a person at a terminal sees: progress while a search runs, tables when it has ended."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from anenas._api import SearchResult
from anenas.search import Record, Study, picks


class SearchProgress:
    """A bar on a terminal; elsewhere, as in a log file, a line for each trial. Both on standard error.

    Args:
        trials: Completed trials that make it full; None where only time bounds them.
    """

    def __init__(self, trials: int | None) -> None:
        self._trials = trials
        self._console = Console(stderr=True, soft_wrap=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("trials {task.fields[figures]}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("starting", total=trials, figures="", left="")
        self._started = time.monotonic()
        self._at_start: int | None = None
        self._told = 0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._bar.stop()

    def say(self, line: str) -> None:
        """A line of its own above the bar."""
        self._console.print(line, markup=False, highlight=False)

    def changed(self, study: Study) -> None:
        """Show how far the study is."""
        completed = len(study.completed)
        if self._at_start is None:
            self._at_start, self._told = completed, len(study.records)
        done = completed - self._at_start
        elapsed = time.monotonic() - self._started
        left = ""
        if done and self._trials:
            left = f"about {_duration(elapsed / done * (self._trials - completed))} left"
        self._bar.update(self._task, description="searching", completed=completed, figures=_figures(study), left=left)
        for record in study.records[self._told :]:
            if record.state == "failed":
                self.say(f"trial {record.number} failed: {record.reason}")
            elif record.state == "completed" and not self._console.is_terminal:
                self.say(f"[{completed}/{self._trials or '…'}] {_describe(record)} {left}".rstrip())
        self._told = len(study.records)


def _figures(study: Study) -> str:
    counts = study.counts
    parts = [f"{counts[state]} {state}" for state in ("infeasible", "failed", "repeated") if counts[state]]
    if front := study.front:
        parts.append(f"best {front[-1].point[0]:.1%}, fastest {front[0].point[1]:.3f} ms")
    return "· " + ", ".join(parts) if parts else ""


def _describe(record: Record) -> str:
    accuracy, latency_ms = record.point
    return f"trial {record.number}: {accuracy:.1%}, {latency_ms:.3f} ms, {record.architecture}"


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def print_front(console: Console, result: SearchResult, chip: str) -> None:
    """The Pareto front as a table, most accurate first, and below it each architecture in a line of its own."""
    table = Table(title=f"Pareto front of {result.study}", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column("trial", justify="right")
    table.add_column("accuracy", justify="right")
    table.add_column("test", justify="right")
    table.add_column(f"{chip} latency (90 %)", justify="right", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("exported as", no_wrap=True)
    names: dict[int, list[str]] = {}
    for name, i in picks([(model.accuracy, model.latency_ms) for model in result.front]).items():
        names.setdefault(result.front[i].trial, []).append(name)
    for model in reversed(result.front):
        table.add_row(
            str(model.trial),
            f"{model.accuracy:.2%}",
            "" if model.test_accuracy is None else f"{model.test_accuracy:.2%}",
            f"{model.latency_ms:.3f} ms ({model.latency_low_ms:.2f}–{model.latency_high_ms:.2f})",
            f"{model.size_mb:.2f} MB",
            ", ".join(names.get(model.trial, [])),
        )
    console.print(table)
    for model in reversed(result.front):
        console.print(f"{model.trial:5}  {model.architecture}", highlight=False, soft_wrap=True)
    console.print()


def print_scores(console: Console, result: dict[str, Any]) -> None:
    """What `bench_latency` found, as a table."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), collapse_padding=True)
    for heading in ("set", "chip"):
        table.add_column(heading, no_wrap=True)
    for heading in ("rows", "Spear-\nman", "of\nMACs", "median\nerror", "±10 %", "±25 %", "covered"):
        table.add_column(heading, justify="right")
    for row in result["sets"]:
        ranks = ["" if row[key] is None else f"{row[key]:.2f}" for key in ("spearman", "spearman_macs")]
        shares = [f"{row[key]:.0%}" for key in ("median_error", "within_10", "within_25", "coverage")]
        table.add_row(row["set"], row["soc"], str(row["n"]), *ranks, *shares)
    console.print(table)
    for reason, count in result["skipped"].items():
        console.print(f"skipped {count}: {reason}", highlight=False)

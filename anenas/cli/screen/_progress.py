"""Bars while something runs."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from rich.console import RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from anenas._durations import duration
from anenas._progress import shown_by
from anenas._sizes import size_in_words
from anenas.cli._log import error_console
from anenas.cli.screen._plot import plot
from anenas.search import CompletedTrial, FinishedTrial, Study
from anenas.tasks import find_metric

_SHOWN = 6  # trials that run
_TELLING = 3  # completed trials that tell how long others take, whatever waits at a rung
_ROOM = 20  # rows of a terminal from which on there is a plot
_HEIGHT, _WIDEST, _NARROWEST, _FEWEST = 6, 56, 20, 2  # of the plot, and trials in it

_log = logging.getLogger(__name__)


class _BarAndLines(Progress):
    """A bar with lines below it, made anew at each refresh.

    Args:
        columns: Of the bar.
        lines: Makes the lines.
    """

    def __init__(self, *columns: ProgressColumn, lines: Callable[[], list[str]], **options: Any) -> None:
        self._lines = lines
        super().__init__(*columns, **options)

    def get_renderables(self) -> Iterable[RenderableType]:
        """See `Progress`."""
        yield from super().get_renderables()
        for line in self._lines():
            yield Text(line, no_wrap=True, overflow="ellipsis")


class _Bar:
    """A bar on a terminal and nothing elsewhere, on standard error.

    Args:
        columns: Of the bar.
        lines: What stands below it.
    """

    def __init__(self, *columns: ProgressColumn, lines: Callable[[], list[str]] = list) -> None:
        self._has_bar = error_console().is_terminal and _log.isEnabledFor(logging.INFO)
        self._bar = _BarAndLines(
            *columns, lines=lines, console=error_console(), disable=not self._has_bar, refresh_per_second=4
        )

    def __enter__(self) -> Self:
        if self._has_bar:
            self._bar.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._has_bar:  # one that is disabled prints an empty line in rich 13
            self._bar.stop()


class SearchProgress(_Bar):
    """A bar on a terminal, with what runs, the best so far and a plot below it; elsewhere, as in a log file, a line for
    each trial. Both on standard error.

    Args:
        trials: Completed trials that make it full; None where only time bounds them.
    """

    def __init__(self, trials: int | None) -> None:
        self._study: Study | None = None
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            lines=self._lines,
        )
        self._reading = ExitStack()
        self._trials = trials
        self._task = self._bar.add_task("starting", total=trials, figures="trials", left="")
        self._started = time.monotonic()
        self._at_start: int | None = None
        self._told = 0
        self._since: dict[int, float] = {}  # when each trial that runs was first seen to

    def __enter__(self) -> Self:
        if self._has_bar:
            self._reading.enter_context(shown_by(self._show_reading))
        return super().__enter__()

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._reading.close()
        self._study = None  # only the bar stays
        super().__exit__(*error)

    def _show_reading(self, what: str, done: int, count: int) -> None:
        """What is long before the first trial."""
        self._bar.update(self._task, description=what, completed=done, total=count, figures="")

    def on_update(self, study: Study) -> None:
        """Show how far the study is."""
        completed = len(study.completed)
        if self._at_start is None:
            self._at_start, self._told = completed, len(study.finished)
        self._study = study
        done = completed - self._at_start
        elapsed = time.monotonic() - self._started
        left = ""
        # What is paused was not in vain, but is not done: after few trials it would count for most of the time.
        can_tell = done >= _TELLING or (done and all(trial.is_probed for trial in study.paused.values()))
        if can_tell and self._trials and completed < self._trials:
            left = f"about {duration(elapsed / done * (self._trials - completed))} left"
        self._show(study, completed, left)
        for trial in study.finished[self._told :]:
            if trial.state == "failed":
                _log.warning(f"trial {trial.number} failed: {trial.reason}")
            elif trial.state in ("completed", "stopped") and not self._has_bar:
                _log.info(f"[{completed}/{self._trials or '…'}] {_describe(trial)}{f', {left}' if left else ''}")
        self._told = len(study.finished)

    def _show(self, study: Study, completed: int, left: str) -> None:
        """The search by its trials, a later phase by its models."""
        phase, total, figures = study.phase, self._trials, "trials"
        if phase.count is not None:
            completed, total, left = phase.done, phase.count, ""
            figures = "passes" if phase.name == "probing" else "models"
            if phase.seconds and phase.done < phase.count:
                left = f"at most about {duration(phase.seconds)} in all"
        self._bar.update(
            self._task, description=phase.name, completed=completed, total=total, figures=figures, left=left
        )

    def _lines(self) -> list[str]:
        """What stands below the bar; rich asks for it in a thread of its own."""
        study = self._study
        if study is None:
            return []
        lines = [f"  {name:8} {text}" for name, text in self._entries(study) if text]
        return lines + (_plotted(study, error_console().width) if error_console().height >= _ROOM else [])

    def _entries(self, study: Study) -> list[tuple[str, str]]:
        running = self._running(study) if study.phase.count is None else ""  # in later phases those are given up
        return [("so far", _counted(study)), ("found", _best(study)), ("running", running)]

    def _running(self, study: Study) -> str:
        """Each trial that runs, the rung it goes on from, and its step, or how long it has run where nothing tells."""
        running = [
            trial for trial in study.trials if not isinstance(trial, FinishedTrial) and trial.number not in study.paused
        ]
        now = time.monotonic()
        self._since = {trial.number: self._since.get(trial.number, now) for trial in running}
        told = []
        for trial in running[:_SHOWN]:
            at = f" on from {trial.budget_fraction:.0%}" if trial.rungs else ""
            steps = study.steps(trial)
            far = f"step {steps[0]} of {steps[1]}" if steps else duration(now - self._since[trial.number])
            told.append(f"#{trial.number}{at} {far}")
        return ", ".join(told) + (f" and {len(running) - _SHOWN} more" if len(running) > _SHOWN else "")


class TrainingProgress(_Bar):
    """A bar for one training on a terminal; elsewhere a line for each tenth of it. Both on standard error."""

    def __init__(self) -> None:
        columns = (MofNCompleteColumn(), TextColumn("steps"), TimeElapsedColumn())
        super().__init__(TextColumn("training"), BarColumn(bar_width=24), *columns)
        self._task: TaskID | None = None

    def on_step(self, step: int, steps: int) -> None:
        """Show how far the training is."""
        if self._task is None:
            self._task = self._bar.add_task("training", total=steps)
        self._bar.update(self._task, completed=step)
        if not self._has_bar and step * 10 // steps > (step - 1) * 10 // steps:
            _log.info(f"training: {step} of {steps} steps")


def _counted(study: Study) -> str:
    """How trials ended, and what waits at a rung."""
    counts = study.counts
    parts = [f"{counts[state]} {state}" for state in ("completed", "stopped") if counts[state]]
    parts += [f"{len(study.paused)} paused at a rung"] if study.paused else []
    parts += [f"{counts[state]} {state}" for state in ("infeasible", "failed", "repeated") if counts[state]]
    return ", ".join(parts)


def _best(study: Study) -> str:
    """The best by each objective, of several chips by the first; before any has completed that of the rungs."""
    if picks := study.picks:
        parts = []
        chips = sum(objective.is_latency for objective in study.objectives)
        for i, objective in enumerate(study.objectives):
            if objective.is_latency and objective.chip and chips > 1:
                continue
            trial = picks[objective.best]
            of = f" on the first of {chips} chips" if objective.is_latency and chips > 1 else ""
            parts.append(f"{objective.describe_best(study.point(trial)[i])}{of} (#{trial.number})")
        return ", ".join(parts)
    known = [(trial.rungs[-1], trial.number) for trial in study.trials if trial.rungs]
    if not known:
        return ""
    rung, number = min(known, key=lambda one: one[0].shortfall)
    at = f"after {rung.budget_fraction:.0%} of its training" if rung.budget_fraction else "before its training"
    return f"{study.metric.words(rung.score)} {at} (#{number})"


def _plotted(study: Study, width: int) -> list[str]:
    """The score of each completed trial over its latency, those of the front as large dots."""
    completed = study.completed
    if len(completed) < _FEWEST:
        return []

    def point(trial: CompletedTrial) -> tuple[float, float]:
        return trial.evaluation.estimate.latency.ms, -trial.evaluation.shortfall

    scores = sorted((trial.evaluation for trial in completed), key=lambda one: one.shortfall)
    best, worst = (study.metric.words(one.score) for one in (scores[0], scores[-1]))
    times = [trial.evaluation.estimate.latency.ms for trial in completed]
    margin = max(len(best), len(worst), 8)
    across = min(width - margin - 6, _WIDEST)
    if across < _NARROWEST:
        return []
    rows = plot([*map(point, completed)], [*map(point, study.front)], across, _HEIGHT)
    labels = [best, *[""] * (len(rows) - 2), worst]
    drawn = [f"  {label:>{margin}} │{row}" for label, row in zip(labels, rows, strict=True)]
    ends = f"{min(times):.3f}{f'{max(times):.3f} ms':>{across - len(f'{min(times):.3f}')}}"
    return [*drawn, f"  {'':{margin}} └{'─' * across}", f"  {'● front':>{margin}}  {ends}"]


def _describe(trial: FinishedTrial) -> str:
    """One short line; the architecture is in the records, and shown with -v."""
    e = trial.evaluation
    assert e
    state = f"{trial.state} ({trial.reason})" if trial.reason else trial.state
    figures = f"{find_metric(e.metric).words(e.score)}, {e.estimate.latency.ms:.3f} ms"
    whole = f", {trial.architecture}" if _log.isEnabledFor(logging.DEBUG) else ""
    return f"#{trial.number}: {figures}, {size_in_words(e.estimate.size_mb)}, {state}{whole}"

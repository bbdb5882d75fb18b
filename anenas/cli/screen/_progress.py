"""Bars while something runs."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TaskID, TextColumn, TimeElapsedColumn

from anenas._durations import duration
from anenas._progress import shown_by
from anenas.cli._log import error_console
from anenas.search import FinishedTrial, Study
from anenas.tasks import find_metric

_log = logging.getLogger(__name__)


class _Bar:
    """A bar on a terminal and nothing elsewhere, on standard error.

    Args:
        columns: Of the bar.
    """

    def __init__(self, *columns: ProgressColumn) -> None:
        self._has_bar = error_console().is_terminal and _log.isEnabledFor(logging.INFO)
        self._bar = Progress(*columns, console=error_console(), disable=not self._has_bar)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._bar.stop()


class SearchProgress(_Bar):
    """A bar on a terminal; elsewhere, as in a log file, a line for each trial. Both on standard error.

    Args:
        trials: Completed trials that make it full; None where only time bounds them.
    """

    def __init__(self, trials: int | None) -> None:
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
        )
        self._reading = ExitStack()
        self._trials = trials
        self._task = self._bar.add_task("starting", total=trials, figures="trials", left="")
        self._started = time.monotonic()
        self._at_start: int | None = None
        self._told = 0

    def __enter__(self) -> Self:
        if self._has_bar:
            self._reading.enter_context(shown_by(self._show_reading))
        return super().__enter__()

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._reading.close()
        super().__exit__(*error)

    def _show_reading(self, what: str, done: int, count: int) -> None:
        """What is long before the first trial."""
        self._bar.update(self._task, description=what, completed=done, total=count, figures="")

    def on_update(self, study: Study) -> None:
        """Show how far the study is."""
        completed = len(study.completed)
        if self._at_start is None:
            self._at_start, self._told = completed, len(study.finished)
        done = completed - self._at_start
        elapsed = time.monotonic() - self._started
        left = ""
        if (
            done and self._trials and all(trial.is_probed for trial in study.paused.values())
        ):  # what is paused was not in vain, but is not done
            left = f"about {duration(elapsed / done * (self._trials - completed))} left"
        self._show(study, completed, f"trials {_figures(study)}", left)
        for trial in study.finished[self._told :]:
            if trial.state == "failed":
                _log.warning(f"trial {trial.number} failed: {trial.reason}")
            elif trial.state in ("completed", "stopped") and not self._has_bar:
                _log.info(f"[{completed}/{self._trials or '…'}] {_describe(trial)} {left}".rstrip())
        self._told = len(study.finished)

    def _show(self, study: Study, completed: int, figures: str, left: str) -> None:
        """The search by its trials, a later phase by its models."""
        phase, total = study.phase, self._trials
        if phase.count is not None:
            completed, total, left = phase.done, phase.count, ""
            known = [trial.shipped for trial in study.front] + [trial.rungs[-1] for trial in study.paused.values()]
            best = min(known, key=lambda one: one.shortfall, default=None)
            figures = "passes" if phase.name == "probing" else "models"
            figures += f" · best {study.metric.words(best.score)}" if best else ""
            if phase.seconds and phase.done < phase.count:
                left = f"at most about {duration(phase.seconds)} in all"
        self._bar.update(
            self._task, description=phase.name, completed=completed, total=total, figures=figures, left=left
        )


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


def _figures(study: Study) -> str:
    counts = study.counts
    parts = [f"{len(study.paused)} paused"] if study.paused else []
    parts += [f"{counts[state]} {state}" for state in ("stopped", "infeasible", "failed", "repeated") if counts[state]]
    if study.front:
        parts += [o.describe_best(study.point(study.picks[o.best])[i]) for i, o in enumerate(study.objectives)]
    return "· " + ", ".join(parts) if parts else ""


def _describe(trial: FinishedTrial) -> str:
    e = trial.evaluation
    assert e
    stopped = f"stopped at {trial.reason}, " if trial.state == "stopped" else ""
    score = find_metric(e.metric).words(e.score)
    return f"trial {trial.number}: {stopped}{score}, {e.estimate.latency.ms:.3f} ms, {trial.architecture}"

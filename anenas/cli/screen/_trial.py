"""One trial, whole."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from anenas._durations import duration
from anenas._sizes import size_in_words
from anenas.api import FrontModel, ShownTrial
from anenas.cli.screen._legend import picks_legend, states_legend
from anenas.cli.screen._text import print_line
from anenas.tasks import Metric, find_metric


def print_trial(console: Console, trial: ShownTrial, command: str) -> None:
    """State and reason, figures with errors and intervals, rungs, what it began with, seconds, network and files.

    Args:
        console: What to print to.
        trial: The trial.
        command: That exports it.
    """
    metric = find_metric(trial.metric)
    names = f" {', '.join(trial.called)}" if trial.called else ""
    console.print(f"#{trial.trial}{names} of {trial.study}", style="bold", highlight=False, soft_wrap=True)
    reason = f": {trial.reason}" if trial.reason else ""
    place = ", on the front" if trial.on_front else ", not on the front" if trial.state == "completed" else ""
    _entry(console, "state", f"{trial.state}{place}{reason} ({states_legend([trial.state]).partition(': ')[2]})")
    if trial.called:
        _entry(console, "called", picks_legend(trial.called))
    if trial.model:
        _print_figures(console, trial.model, metric, trial.chip)
    elif trial.estimate:
        latency = trial.estimate["latency"]
        _entry(console, metric.title, f"{metric.words(trial.estimate['score'])} when it was left")
        told = f"{latency['ms']:.3f} ms ({latency['low_ms']:.2f}–{latency['high_ms']:.2f}) on {latency['chip']}"
        _entry(console, "latency", f"{told}, of the architecture")
        _entry(console, "size", f"{size_in_words(trial.estimate['size_mb'])}, of the architecture")
    for rung in trial.rungs:
        at = "when it was probed" if not rung.budget_fraction else f"after {rung.budget_fraction:.3g} of its training"
        _entry(console, "rung", f"{metric.words(rung.score, rung.score_error)} {at}")
    _entry(console, "began with", _began(trial))
    if trial.seconds:
        steps = ", ".join(f"{step} {took:.1f}" for step, took in trial.seconds.items())
        _entry(console, "took", f"{duration(sum(trial.seconds.values()))}, in seconds: {steps}")
    if trial.ended:
        _entry(console, "ended", time.strftime("%Y-%m-%d %H:%M", time.localtime(trial.ended)))
    if trial.verified:
        _entry(console, "verified", _verified(trial))
    _print_network(console, trial)
    if trial.state == "completed":
        _entry(console, "files", ", ".join(trial.files) or "gone")
        if trial.files:
            console.print(f"  {'in':10} {next(iter(trial.files.values())).parent}", highlight=False, soft_wrap=True)
            console.print(f"  {'export it':10} {command}", highlight=False, soft_wrap=True)


def _print_figures(console: Console, model: FrontModel, metric: Metric, chip: str) -> None:
    score = metric.words(model.score, model.score_error)
    _entry(console, metric.title, f"{score} on validation, as the search compared")
    if model.final_score is not None:
        _entry(console, "final", f"{metric.words(model.final_score)} after final training, on validation")
    if model.test_score is not None:
        _entry(console, "test", f"{metric.words(model.test_score)} of what ships")
    others = {name: find_metric(name) for name in model.metrics if name != metric.name}
    if others:
        values = [f"{other.title} {other.words(model.metrics[name])}" for name, other in others.items()]
        _entry(console, "also", ", ".join(values))
    for name, latency in model.latency_by_chip.items():
        told = f"{latency.ms:.3f} ms, 90 % interval {latency.low_ms:.2f}–{latency.high_ms:.2f}"
        _entry(console, "latency", f"{told}, on {name or chip}, by {latency.origin}")
    _entry(console, "size", f"{size_in_words(model.size_mb)}, {model.params:,} weights, {model.macs:,} MACs")
    tiny = "; so small that Core ML may keep it on the CPU" if model.is_tiny else ""
    _entry(console, "on engine", f"{model.residency:.0%} of its time{tiny}")
    _entry(console, "trained", model.trained)


def _began(trial: ShownTrial) -> str:
    if trial.donor is None and not trial.origin:
        return "random weights"
    told = trial.origin or f"trial {trial.donor}"
    return f"the weights of {told}" + (f", {trial.inherited:.0%} of its own came from there" if trial.inherited else "")


def _verified(trial: ShownTrial) -> str:
    """How far the exported program is from the network."""
    told = []
    for key, value in trial.verified.items():
        precision, _, what = key.partition("_")
        told.append(
            f"{precision} names the same class for {value:.2%}"
            if what == "agreement"
            else f"{precision} is off by {value:.1g} at most"
        )
    return "the program against the network: " + ", ".join(told)


def _print_network(console: Console, trial: ShownTrial) -> None:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), collapse_padding=True)
    for heading in ("part", "block", "gives"):
        table.add_column(heading, overflow="fold")
    for part in trial.parts:
        table.add_row(part.name, part.what, _shape(part.shape))
    console.print(table, highlight=False)
    console.print(trial.architecture, highlight=False, markup=False, soft_wrap=True)


def _shape(shape: Sequence[int] | None) -> str:
    return "" if shape is None else "×".join(map(str, shape))


def _entry(console: Console, name: str, text: str) -> None:
    print_line(console, text, lead=f"  {name:10} ")

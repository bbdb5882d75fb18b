"""Measurements, and how good the latency estimate is beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from anenas.cli.screen._text import NAMED, counted, print_line
from anenas.measure import Calibrated, CoreAIUnits, Measured

_SCORES = ("Spear-\nman", "of\nMACs", "median\nerror", "±10 %", "±25 %", "covered")


def print_measured(console: Console, measured: Sequence[Measured]) -> None:
    """Each measurement beside its estimate, and below the operations that Core ML places elsewhere than we do."""
    for one in measured:
        recording = one.recording
        low_ms, high_ms = recording.interval_ms
        print_line(console, f"{recording.model} on {recording.device} ({recording.chip}), {recording.os}")
        rounds, count = len(recording.predict_ms), sum(map(len, recording.predict_ms))
        print_line(
            console,
            f"    measured   {recording.median_ms:.3f} ms ({low_ms:.3f}–{high_ms:.3f}), the median of {count} "
            f"predictions in {counted(rounds, 'round')}, {recording.compute_units}",
        )
        if one.predicted is not None:
            error = one.predicted.ms / recording.median_ms - 1
            print_line(
                console,
                f"    predicted  {one.predicted.ms:.3f} ms ({one.predicted.low_ms:.2f}–{one.predicted.high_ms:.2f}) by "
                f"{one.predicted.origin}, {error:+.0%}",
            )
        if recording.output_errors:
            worst = max(recording.output_errors.values())
            print_line(console, f"    outputs    error {worst:.2g} of their spread")
        if one.agreement is not None:
            agreed = one.agreement
            print_line(
                console,
                f"    placement  agrees on {agreed.ops:.0%} of {counted(agreed.compared, 'operation')}, "
                f"{agreed.macs:.0%} of the multiply-accumulates",
            )
            for difference in agreed.differences[:NAMED]:
                said = "on the engine" if difference.on_engine else f"off it: {difference.why}"
                print_line(
                    console,
                    f"        {difference.op.name} ({difference.op.kind}): planned on {difference.preferred}, "
                    f"predicted {said}",
                )
            if (more := len(agreed.differences) - NAMED) > 0:
                print_line(console, f"        and {more} more (--json has them)")
        if one.core_ai is not None:
            _print_core_ai(console, one.core_ai)
        for note in one.notes:
            print_line(console, f"    note       {note}")
        print_line(console, f"    with       {recording.tool}, {recording.date}")


def _print_core_ai(console: Console, core_ai: CoreAIUnits) -> None:
    """Where Core AI would run its operations, and below what the engine refuses."""
    units = ", ".join(f"{count} on {unit}" for unit, count in core_ai.units.items())
    predicted = ""
    if core_ai.predicted is not None:
        predicted = f"; predicted {core_ai.predicted[0]} of Core ML's {core_ai.predicted[1]} on the engine"
    print_line(console, f"    Core AI    {counted(sum(core_ai.units.values()), 'operation')}: {units}{predicted}")
    for refused, count in list(core_ai.refused.items())[:NAMED]:
        print_line(console, f"        {count} {refused.operation} on {refused.unit}: {refused.reason}")
    if (more := len(core_ai.refused) - NAMED) > 0:
        print_line(console, f"        and {more} more (--json has them)")


def print_calibration(console: Console, result: Calibrated) -> None:
    """How good the model was on the device, and how good it has become."""
    device = result.device
    console.print(f"{device.name}, {device.chip}: calibrated on {device.models} models", style="bold", highlight=False)
    console.print(
        f"operations take {device.scale:.2f} times as long as estimated for {device.chip}, the fixed cost of a "
        f"prediction {device.fixed:.2f} times",
        highlight=False,
    )
    table = Table(box=SIMPLE_HEAD)
    table.add_column("")
    for heading in _SCORES:
        table.add_column(heading, justify="right")
    table.add_row("before", *_score_cells(result.before))
    table.add_row("after, each one left out", *_score_cells(result.after))
    console.print(table)
    _print_skipped(console, result.skipped)
    console.print(f"use it as --chip {device.name}; a new latency is within a factor of {device.interval:.2f}")


def print_scores(console: Console, result: dict[str, Any]) -> None:
    """What `bench_latency` found, as a table."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), collapse_padding=True)
    for heading in ("set", "chip"):
        table.add_column(heading, no_wrap=True)
    for heading in ("rows", *_SCORES):
        table.add_column(heading, justify="right")
    for row in result["sets"]:
        table.add_row(row["set"], row["soc"], str(row["n"]), *_score_cells(row))
    console.print(table)
    _print_skipped(console, result["skipped"])
    if result["compression"]:
        table = Table(title="compressed programs, faster by", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1))
        for heading in ("model", "chip", "set", "form"):
            table.add_column(heading, no_wrap=True)
        for heading in ("published", "predicted"):
            table.add_column(heading, justify="right")
        for row in result["compression"]:
            speedups = [f"{row[f'{which}_speedup']:.2f}×" for which in ("published", "predicted")]
            table.add_row(row["model"], row["soc"], row["set"], row["form"], *speedups)
        console.print(table)


def _score_cells(scores: dict[str, Any]) -> list[str]:
    ranks = ["" if scores[key] is None else f"{scores[key]:.2f}" for key in ("spearman", "spearman_macs")]
    return ranks + [f"{scores[key]:.0%}" for key in ("median_error", "within_10", "within_25", "coverage")]


def _print_skipped(console: Console, skipped: dict[str, int]) -> None:
    for reason, count in skipped.items():
        console.print(f"skipped {count}: {reason}", highlight=False)

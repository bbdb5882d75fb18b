"""How far a program is from what it was made of."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from anenas.cli.screen._text import STYLES, counted, print_line
from anenas.coreml import MARGIN, RUNS, Verification
from anenas.mil import Event

# What a float16 result is off by rounding alone, twice.
_PARTED = 2e-3
_DERIVED = (
    f"{MARGIN} times what rounding every result at random moves the values around it by, in {RUNS} runs; of integers "
    "and labels, what it changes"
)


def print_verification(console: Console, package: str, result: Verification) -> None:
    """The difference of each output in both precisions, what float16 loses, and the verdict."""
    print_line(console, f"{package} against {result.against}, {counted(result.samples, 'sample')}")
    table = Table(box=SIMPLE_HEAD)
    table.add_column("output", no_wrap=True)
    for heading in ("precision", "largest", "allowed", "mean", "relative", "cosine", "top 1"):
        table.add_column(heading, justify="right")
    for precision, differences in {"fp32": result.fp32, "fp16": result.fp16}.items():
        for one in differences:
            top1 = "" if one.top1 is None else f"{one.top1:.0%}"
            derived = one.allowed is not None
            largest = f"{one.found if derived and one.beyond else one.largest:.2g}"
            figures = [f"{one.mean:.2g}", f"{one.relative:.2g}", f"{one.cosine:.5f}", top1]
            table.add_row(one.name, precision, largest, f"{one.allowed:.2g}" if derived else "", *figures)
    console.print(table)
    if any(one.allowed is not None for one in (*result.fp32, *result.fp16)):
        print_line(console, f"allowed, at the value nearest to it or furthest beyond: {_DERIVED}")
    if result.layers:
        parted = next((one for one in result.layers if not one.relative <= _PARTED), None)
        worst = max(result.layers, key=lambda one: one.relative)
        said = f"first at {parted.name} by {parted.relative:.2g}" if parted else "nowhere"
        print_line(
            console,
            f"of {len(result.layers)} operations, the largest difference is {worst.relative:.2g} at {worst.name}; more "
            f"than {_PARTED:g}: {said}",
        )
    if flushed := flushed_line(result.lost):
        print_line(console, flushed)
    for problem in result.problems:
        console.print(f"[{STYLES['error']}]differs[/]  {problem}", highlight=False, soft_wrap=True)
    if result.passed and any(map(math.isfinite, result.tolerances.values())):
        console.print("[bold green]equal[/]    within what is allowed")
    elif result.passed:
        print_line(
            console, "its weights are others by intent, so differences are reported and not judged; nothing overflows"
        )


def flushed_line(lost: Sequence[Event]) -> str | None:
    """How many values became zero, and where the most; None where none did."""
    flushed = [event for event in lost if event.kind == "denormal"]
    if not flushed:
        return None
    most = max(flushed, key=lambda event: event.count)
    values, ops = sum(event.count for event in flushed), counted(len(flushed), "operation")
    return f"float16 flushes {values:,} values to zero at {ops}, most at {most.op} ({most.op_type})"

"""What weights take in other forms."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from anenas.models import FormResult


def print_forms(console: Console, rows: Sequence[dict[str, str]]) -> None:
    """The forms that weights can be compressed to."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1))
    for heading in ("form", "needs", "what it is"):
        table.add_column(heading, no_wrap=heading != "what it is")
    for row in rows:
        table.add_row(row["form"], row["needs"], row["tells"])
    console.print(table)


def print_compressed(console: Console, chip: str, results: Sequence[FormResult], *, is_sweep: bool) -> None:
    """What forms of weights make of a package."""
    measured = any(result.accuracy is not None for result in results)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), collapse_padding=True)
    for heading in ("form", "needs"):
        table.add_column(heading, no_wrap=True)
    headings = ("MB", f"{chip} ms", "differs", *(["accuracy"] if measured else []))
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for one in results:
        cells = [f"{one.bytes / 1e6:.2f}", f"{one.latency.ms:.3f}", f"{one.difference:.2g}"]
        cells += ["" if one.accuracy is None else f"{one.accuracy:.2%}"] if measured else []
        table.add_row(one.form, one.target, *cells, "front" if one.on_front else "")
    console.print(table)
    after = results[-1]
    if not is_sweep:
        kept = f", {after.weights_kept} small ones and vectors are kept" if after.weights_kept else ""
        console.print(f"{after.weights} weights compressed{kept}")
        if after.target != results[0].target:
            console.print(f"needs {after.target}; before, {results[0].target} was enough", style="yellow")
    told = "differs: change of the outputs on random inputs, as a share of their standard deviation"
    console.print(told, style="dim", highlight=False, soft_wrap=True)

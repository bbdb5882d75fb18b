"""How much of a known front samplers find."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from anenas.bench import SearchScores
from anenas.cli.screen._text import counted, print_line


def print_search_scores(console: Console, scores: Sequence[SearchScores]) -> None:
    """The fraction of the true front's hypervolume that each sampler found: mean ± standard deviation over seeds."""
    first = scores[0]
    known = "" if first.known is None else f", objective {first.known} known of any candidate"
    print_line(console, f"{first.table}{known}")
    print_line(console, f"fraction of the true front's hypervolume, mean ± sd of {counted(len(first.curves), 'seed')}")
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), collapse_padding=True)
    table.add_column("evaluations", no_wrap=True)
    for heading in (*map(str, first.checkpoints), "repeated", "ms each"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in scores:
        fractions = [one.curves[:, n - 1] for n in one.checkpoints]
        cells = [f"{one.mean():.3f}±{one.std():.3f}".replace("0.", ".") for one in fractions]
        table.add_row(one.sampler, *cells, str(one.repeated), f"{1000 * one.seconds_per_suggestion:.0f}")
    console.print(table)

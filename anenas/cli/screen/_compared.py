"""Studies side by side."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from anenas.api import Comparison
from anenas.cli.screen._text import print_line
from anenas.tasks import find_metric


def print_comparison(console: Console, found: Comparison) -> None:
    """A row for each study, what half of the seeds attain, and whether kinds differ by more than noise."""
    kinds = {one.kind for one in found.studies}
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), collapse_padding=True)
    table.add_column("study", overflow="fold")
    for heading in ("kind", "seed", "completed", "front", "of it on\nthe joint", "hyper-\nvolume"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in found.studies:
        counts = (one.kind, one.seed, one.completed, len(one.front), len(one.on_joint_front))
        table.add_row(one.study, *map(str, counts), f"{one.hypervolume:.4f}")
    console.print(table)
    point = ", ".join(f"{name} {value:.4g}" for name, value in found.reference_point.items())
    print_line(console, f"hypervolume: of the box from the ideal point to the reference point {point}")
    print_line(console, "on the joint front: models that no trial of another study dominates")
    if len(kinds) < len(found.studies):
        print_line(console, "kind: the same if settings differ only in the seed")
    metric = find_metric(found.metric)
    for surface in found.attained:
        steps = ", ".join(f"{metric.words(score)} in {ms:.3f} ms" for ms, score in surface.points)
        print_line(console, f"median attainment of the {surface.studies} studies of kind {surface.kind}: {steps}")
    for line in found.verdicts:
        print_line(console, line)

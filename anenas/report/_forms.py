"""Size and quality of weight formats, as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from anenas._files import replacing

_BLUE, _GREY = "#1f6feb", "#8c959f"


def write_forms_png(points: Sequence[tuple[str, float, float, bool]], quality: str, path: Path) -> None:
    """Size and quality of each form, the smallest at the top, those on the front in colour.

    Args:
        points: For each form its name, its size in MB, its quality, and whether it is on the front.
        quality: Label of the quality's axis.
        path: Of the picture.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 1.2 + 0.28 * len(points)), dpi=150, layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    names, sizes, values, fronts = zip(*sorted(points, key=lambda point: -point[1]), strict=True)
    colors = [_BLUE if on_front else _GREY for on_front in fronts]
    for axes, figures, label in ((left, sizes, "package, MB"), (right, values, quality)):
        axes.hlines(range(len(names)), 0, figures, color=colors, linewidth=1.5)
        axes.scatter(figures, range(len(names)), color=colors, s=30, zorder=3)
        for row, number in enumerate(figures):
            axes.annotate(f"{number:.3g}", (number, row), (6, -3), textcoords="offset points", fontsize=7)
        axes.set_xlabel(label)
        axes.set_xlim(0, 1.15 * max(figures) or 1)
        axes.grid(axis="x", color="#e5e7eb", linewidth=0.8)
        axes.set_axisbelow(True)
    left.set_yticks(range(len(names)), names, fontsize=8)
    for tick, color in zip(left.get_yticklabels(), colors, strict=True):
        tick.set_color(color)
    figure.suptitle("Blue: no other format is both smaller and better", fontsize=9, color=_BLUE)
    with replacing(path) as unfinished:
        figure.savefig(unfinished, format="png")

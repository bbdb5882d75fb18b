"""What forms of weights cost and gain, as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

_BLUE, _GREY = "#1f6feb", "#8c959f"


def write_forms_png(points: Sequence[tuple[str, float, float, bool]], quality: str, path: Path) -> None:
    """Size against quality of each form, those on the front in colour.

    Args:
        points: Of each form its name, its size in MB, its quality, and whether it is on the front.
        quality: What the quality is, for the axis.
        path: Of the picture.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for chosen, color, label in ((False, _GREY, "other forms"), (True, _BLUE, "front")):
        found = [point for point in points if point[3] == chosen]
        if found:
            sizes, values = [size for _, size, _, _ in found], [value for _, _, value, _ in found]
            axes.scatter(sizes, values, s=40, color=color, label=label, zorder=3 + chosen)
        for name, size, value, _ in found:
            place = {"xytext": (5, 5), "textcoords": "offset points"}
            axes.annotate(name, (size, value), **place, fontsize=7, color=color)
    axes.set_xlabel("package, MB")
    axes.set_ylabel(quality)
    axes.grid(color="#e5e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.legend(frameon=False)
    unfinished = path.with_name(f".{path.name}.unfinished")
    figure.savefig(unfinished, format="png")
    unfinished.replace(path)

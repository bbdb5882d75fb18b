"""The confusion matrix as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anenas.report.evaluation._drawing import EMPTY, INK, save, short

if TYPE_CHECKING:
    from anenas.report.evaluation._of_class import ClassReport

_NUMBERED = 30  # classes up to which each cell shows its number
_NAMED = 150  # classes up to which each row has a name


def draw_confusion(report: ClassReport, path: Path) -> None:
    """Each class as a row, coloured by the share of its inputs that each prediction takes, with counts where they fit.

    Rows of classes without inputs are grey. From 150 classes on rows have numbers: the places of the classes.
    """
    from matplotlib import colormaps
    from matplotlib.colors import PowerNorm
    from matplotlib.figure import Figure

    confusion, count = report.confusion, len(report.classes)
    truth = confusion.sum(1, keepdims=True)
    shares = np.where(truth > 0, confusion / np.maximum(truth, 1), np.nan)
    inches = min(max(0.42 * count if count <= _NUMBERED else 0.11 * count, 2.6), 13)
    figure = Figure(figsize=(inches + 2.6, inches + 1.9), dpi=150 if count <= _NUMBERED else 200, layout="constrained")
    axes = figure.subplots()
    colours = colormaps["Blues"].with_extremes(bad=EMPTY)
    # Of many classes each takes few of another's inputs: with a root they are seen.
    scale = PowerNorm(1 if count <= _NUMBERED else 0.5, 0, 1)
    image = axes.imshow(shares, cmap=colours, norm=scale, interpolation="nearest")
    size = 8.0 if count <= 15 else 6.5 if count <= _NUMBERED else min(6.0, 62 * inches / count)
    if count <= _NUMBERED:
        for row, column in np.argwhere(confusion):
            colour = "white" if shares[row, column] > 0.55 else INK
            number = f"{confusion[row, column]:,}"
            axes.text(
                column, row, number, ha="center", va="center", color=colour, fontsize=size - max(len(number) - 3, 0)
            )
    if count <= _NAMED:
        _name(axes, range(count), [short(name) for name in report.classes], size)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("class")
    bar = figure.colorbar(image, ax=axes, shrink=0.7, label="share of the class's inputs")
    bar.outline.set_visible(False)
    axes.set_title(f"{len(report):,} inputs, {report.accuracy.value:.1%} of them right", fontsize=10, loc="left")
    save(figure, path)


def _name(axes: Any, places: Sequence[int], names: Sequence[str], size: float) -> None:
    axes.set_xticks(places, names, rotation=90, fontsize=size)
    axes.set_yticks(places, names, fontsize=size)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_parse_math(False)  # a class may be called "$"

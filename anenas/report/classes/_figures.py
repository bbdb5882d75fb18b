"""A classification as pictures: its confusion matrix and its calibration."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from anenas._files import replacing
from anenas.report.classes._report import ClassReport

_BLUE, _GREY, _EMPTY = "#1f6feb", "#9aa5b1", "#eceef1"
_NUMBERED = 30  # classes up to which each cell shows its number
_NAMED = 150  # classes up to which each row has a name
_NAME = 22  # letters of a name


def write_confusion_png(report: ClassReport, path: Path) -> None:
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
    colours = colormaps["Blues"].with_extremes(bad=_EMPTY)
    # Of many classes each takes few of another's inputs: with a root they are seen.
    scale = PowerNorm(1 if count <= _NUMBERED else 0.5, 0, 1)
    image = axes.imshow(shares, cmap=colours, norm=scale, interpolation="nearest")
    size = 8.0 if count <= 15 else 6.5 if count <= _NUMBERED else min(6.0, 62 * inches / count)
    if count <= _NUMBERED:
        for row, column in np.argwhere(confusion):
            colour = "white" if shares[row, column] > 0.55 else "#24292f"
            number = f"{confusion[row, column]:,}"
            axes.text(
                column, row, number, ha="center", va="center", color=colour, fontsize=size - max(len(number) - 3, 0)
            )
    if count <= _NAMED:
        _name(axes, range(count), [_short(name) for name in report.classes], size)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("class")
    bar = figure.colorbar(image, ax=axes, shrink=0.7, label="share of the class's inputs")
    bar.outline.set_visible(False)
    axes.set_title(f"{len(report):,} inputs, {report.accuracy.value:.1%} of them right", fontsize=10, loc="left")
    _save(figure, path)


def write_calibration_png(report: ClassReport, path: Path) -> None:
    """Accuracy against confidence, and below it how many inputs have each confidence."""
    from matplotlib.figure import Figure

    bins = report.calibration
    figure = Figure(figsize=(5.2, 5.6), dpi=150, layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], color=_GREY, linestyle=":", label="as sure as it is right")
    middles = [(one.low + one.high) / 2 for one in bins]
    width = bins[0].high - bins[0].low
    upper.bar(middles, [one.accuracy for one in bins], width, color=_BLUE, alpha=0.25, edgecolor="white")
    points = ([one.confidence for one in bins], [one.accuracy for one in bins])
    upper.plot(*points, color=_BLUE, marker="o", markersize=4, linewidth=1.2, label="this classifier")
    upper.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="share that is right")
    upper.set_title(f"expected calibration error {report.calibration_error:.1%}", fontsize=10, loc="left")
    upper.legend(loc="upper left", frameon=False, fontsize=8)
    lower.bar(middles, [one.count for one in bins], width, color=_GREY, edgecolor="white")
    lower.set(xlabel="probability of the predicted class", ylabel="inputs")
    for axes in (upper, lower):
        axes.grid(alpha=0.25)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    _save(figure, path)


def _short(name: str) -> str:
    """Its beginning and its end: classes that begin alike end in what tells them apart."""
    return name if len(name) <= _NAME else f"{name[: _NAME // 2]}…{name[-_NAME // 2 + 1 :]}"


def _name(axes: object, places: Sequence[int], names: Sequence[str], size: float) -> None:
    axes.set_xticks(places, names, rotation=90, fontsize=size)  # type: ignore[attr-defined]
    axes.set_yticks(places, names, fontsize=size)  # type: ignore[attr-defined]
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):  # type: ignore[attr-defined]
        label.set_parse_math(False)  # a class may be called "$"


def _save(figure: object, path: Path) -> None:
    with replacing(path) as unfinished, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # an emoji; the tables have the names
        figure.savefig(unfinished, format="png")  # type: ignore[attr-defined]

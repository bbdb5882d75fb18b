"""The calibration as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from anenas.report.evaluation._calibration import Bin
from anenas.report.evaluation._drawing import BLUE, GREY, plain, save


class _Calibrated(Protocol):
    @property
    def calibration(self) -> Sequence[Bin]: ...

    @property
    def calibration_error(self) -> float: ...


def draw_calibration(report: _Calibrated, path: Path, *, axis: str, share: str, counted: str = "inputs") -> None:
    """How often it is so against the probability that it is, and below it how many have each probability.

    Args:
        report: Of probabilities.
        path: Of the picture.
        axis: What the probabilities are of, in words.
        share: What is so, in words.
        counted: What is counted, in words.
    """
    from matplotlib.figure import Figure

    bins = report.calibration
    figure = Figure(figsize=(5.2, 5.6), dpi=150, layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="perfectly calibrated")
    middles = [(one.low + one.high) / 2 for one in bins]
    width = bins[0].high - bins[0].low
    upper.bar(middles, [one.accuracy for one in bins], width, color=BLUE, alpha=0.25, edgecolor="white")
    points = ([one.confidence for one in bins], [one.accuracy for one in bins])
    upper.plot(*points, color=BLUE, marker="o", markersize=4, linewidth=1.2, label="this classifier")
    upper.set(xlim=(0, 1), ylim=(0, 1.02), ylabel=share)
    upper.set_title(f"expected calibration error {report.calibration_error:.1%}", fontsize=10, loc="left")
    upper.legend(loc="upper left", frameon=False, fontsize=8)
    lower.bar(middles, [one.count for one in bins], width, color=GREY, edgecolor="white")
    lower.set(xlabel=axis, ylabel=counted)
    for axes in (upper, lower):
        plain(axes)
    save(figure, path)

"""Predicted numbers beside true ones, as pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anenas.report.evaluation._drawing import BLUE, GREY, RED, plain, save, short

if TYPE_CHECKING:
    from anenas.report.evaluation._of_numbers import NumberReport

_MOST = 12  # numbers that are drawn, those with the lowest R²
_POINTS = 5000  # of a number; of more inputs as many at random, always the same
_BARS = 30


def draw_predicted(report: NumberReport, path: Path) -> None:
    """A panel for each number: what was predicted against what is true, where the line is what is right."""
    figure, panels = _panels(report, 1)
    for place, (axes,) in panels:
        true, predicted = (array[_some(report), place].astype(np.float64) for array in (report.labels, report.scores))
        ends = [min(true.min(), predicted.min()), max(true.max(), predicted.max())]
        axes.plot(ends, ends, color=GREY, linestyle=":", linewidth=1)
        axes.scatter(true, predicted, s=8, color=BLUE, alpha=_alpha(len(true)), linewidths=0)
        one = report.by_number[place]
        _title(axes, f"{short(one.name)}: RMSE {one.rmse}, R² {one.r2}")
        axes.set(xlabel="true", ylabel="predicted")
        plain(axes)
    save(figure, path)


def draw_residuals(report: NumberReport, path: Path) -> None:
    """Two panels for each number: errors against what was predicted, and beside it how often there are which."""
    figure, panels = _panels(report, 2)
    for place, (left, right) in panels:
        some = _some(report)
        predicted, errors = report.scores[some, place].astype(np.float64), report.errors[some, place]
        left.axhline(0, color=GREY, linestyle=":", linewidth=1)
        left.scatter(predicted, errors, s=8, color=BLUE, alpha=_alpha(len(errors)), linewidths=0)
        one = report.by_number[place]
        left.axhline(one.bias, color=RED, linewidth=1)
        _title(left, f"{short(one.name)}: bias {one.bias:.3g} (red)")
        left.set(xlabel="predicted", ylabel="predicted minus true")
        right.hist(report.errors[:, place], bins=_BARS, orientation="horizontal", color=GREY, edgecolor="white")
        right.set(xlabel="inputs", ylim=left.get_ylim())
        right.tick_params(labelleft=False)
        for axes in (left, right):
            plain(axes)
    save(figure, path)


def _panels(report: NumberReport, each: int) -> tuple[Any, Iterator[tuple[int, Any]]]:
    """A figure, and for each number that is drawn its place and its panels."""
    from matplotlib.figure import Figure

    places = sorted(range(len(report.classes)), key=lambda place: report.by_number[place].r2.value)[:_MOST]
    places.sort()
    across = min(len(places), 3 if each == 1 else 2)
    down = math.ceil(len(places) / across)
    width = 4.2 if each == 1 else 5.6
    figure = Figure(figsize=(width * across, 3.8 * down), dpi=150, layout="constrained")
    ratios = [1.0] * across if each == 1 else [3.0, 1.0] * across
    panels = figure.subplots(down, across * each, squeeze=False, width_ratios=ratios)
    groups = panels.reshape(down * across, each)
    for unused in groups[len(places) :].ravel():
        unused.set_axis_off()
    if len(report.classes) > _MOST:
        figure.suptitle(f"the {_MOST} with the lowest R² of {len(report.classes):,} numbers", fontsize=10)
    return figure, zip(places, groups, strict=False)


def _title(axes: Any, text: str) -> None:
    axes.set_title(text, fontsize=9, loc="left", parse_math=False)


def _some(report: NumberReport) -> Any:
    """The inputs that are drawn."""
    if len(report) <= _POINTS:
        return slice(None)
    return np.random.default_rng(0).choice(len(report), _POINTS, replace=False)


def _alpha(points: int) -> float:
    return min(0.8, max(0.15, 150 / points))

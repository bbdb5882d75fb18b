"""What is right, wrong and missed of each class, as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from anenas.report.evaluation._drawing import BLUE, GREY, RED, plain, save, short

if TYPE_CHECKING:
    from anenas.report.evaluation._of_classes import LabelReport

_MOST = 60  # classes, those with most inputs


def draw_counts(report: LabelReport, path: Path) -> None:
    """A bar for each class: to the right of 0 its inputs, found or missed, to the left those wrongly said to be its.

    Of more than 60 classes those with the lowest F1.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    shown = list(report.by_class)
    if len(shown) > _MOST:
        shown = sorted((one for one in shown if one.support), key=lambda one: one.f1 or 0.0)[:_MOST]
    figure = Figure(figsize=(7.2, 1.6 + 0.3 * len(shown)), dpi=150, layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(shown))
    right = [one.right for one in shown]
    axes.barh(places, right, color=BLUE, label="right")
    axes.barh(places, [one.missed for one in shown], left=right, color=GREY, label="missed")
    axes.barh(places, [-one.wrong for one in shown], color=RED, label="wrongly said")
    axes.axvline(0, color="white", linewidth=1)
    axes.set_yticks(places, [short(one.name) for one in shown], fontsize=8)
    for label in axes.get_yticklabels():
        label.set_parse_math(False)
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(lambda value, _: f"{abs(value):,.0f}")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("inputs")
    part = f", the {_MOST} classes with the lowest F1" if len(report.classes) > _MOST else ""
    axes.set_title(f"{len(report):,} inputs, macro F1 {report.macro_f1}{part}", fontsize=10, loc="left")
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    plain(axes)
    save(figure, path)

"""Progress of searches, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from anenas._files import replacing


def write_curves_png(curves: Mapping[str, np.ndarray], title: str, path: Path) -> None:
    """Mean and spread of each search over its seeds, as a picture.

    Args:
        curves: By the sampler's name, (seeds, evaluations).
        title: Above the picture.
        path: Where it goes.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), dpi=150, layout="constrained")
    axes = figure.subplots()
    for name, fractions in curves.items():
        evaluations = np.arange(1, fractions.shape[1] + 1)
        mean, spread = fractions.mean(0), fractions.std(0)
        (line,) = axes.plot(evaluations, mean, label=name, linewidth=1.8)
        axes.fill_between(evaluations, mean - spread, mean + spread, color=line.get_color(), alpha=0.12, linewidth=0)
    axes.set_ylim(0.6, 1.005)
    axes.set_xlabel("evaluations")
    axes.set_ylabel("fraction of the true front's hypervolume")
    axes.set_title(title, fontsize=11, loc="left")
    axes.legend(loc="lower right", frameon=False)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    with replacing(path) as new:
        figure.savefig(new)

"""What the figures have in common."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

RESULTS = Path(__file__).parents[2] / "experiments" / "results"
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#888888"

plt.rcParams.update(
    {
        "svg.hashsalt": "anenas",
        "svg.fonttype": "path",
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
    }
)


def axes(width: float = 6.4, height: float = 3.6) -> Axes:
    """One pair of axes; sizes in inches."""
    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def save(name: str) -> None:
    """Write the figure as an SVG beside this file, the same bytes each time."""
    plt.savefig(Path(__file__).with_name(f"{name}.svg"), metadata={"Date": None})
    print(f"{name}.svg")

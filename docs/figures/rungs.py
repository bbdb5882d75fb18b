"""How well a pause ranks networks, from `results/training_correlation.csv`: `python docs/figures/rungs.py`."""

from __future__ import annotations

import collections
import csv

from _style import BLUE, ORANGE, RESULTS, axes, save
from scipy.stats import kendalltau


def main() -> None:
    """Draw it."""
    accuracies: dict[str, dict[str, float]] = collections.defaultdict(dict)
    with (RESULTS / "training_correlation.csv").open() as file:
        for row in csv.DictReader(file):
            accuracies[row["what"]][row["architecture"]] = float(row["accuracy"])
    pauses = sorted((what for what in accuracies if what.endswith("of 2 epochs")), key=lambda what: float(what[:6]))
    plot, in_all = axes(), set(accuracies["8 epochs"])
    for end, colour in ((pauses[-1], BLUE), ("8 epochs", ORANGE)):
        taus = []
        for pause in pauses:
            both = sorted(in_all & set(accuracies[pause]))
            taus.append(kendalltau([accuracies[pause][a] for a in both], [accuracies[end][a] for a in both]).statistic)
        label = f"with the order after {'2 epochs' if end == pauses[-1] else end}"
        plot.plot([float(pause[:6]) for pause in pauses], taus, "o-", color=colour, label=label)
    plot.axvline(0.125, ls=":", color="black", lw=1)
    plot.annotate("the default rung", (0.125, 0.05), (0.135, 0.05))
    plot.set(xscale="log", xlabel="part of the training at which it is paused", ylabel="Kendall's τ", ylim=(0, 1.03))
    plot.set_xticks([0.0156, 0.0625, 0.125, 0.25, 0.5, 1], ["1/64", "1/16", "1/8", "1/4", "1/2", "1"])
    plot.set_xticks([], minor=True)
    plot.legend()
    save("rungs")


if __name__ == "__main__":
    main()

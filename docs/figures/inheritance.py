"""What inherited weights are worth, from `experiments/results/training_inheritance.csv`: run as the others."""

from __future__ import annotations

import collections
import csv
from statistics import mean

from _style import BLUE, GREY, RESULTS, axes, save


def main() -> None:
    """Draw it."""
    accuracies: dict[tuple[str, str], list[float]] = collections.defaultdict(list)
    with (RESULTS / "training_inheritance.csv").open() as file:
        for row in csv.DictReader(file):
            epochs, _, way = row["what"].partition(" epochs, ")
            accuracies[way, epochs].append(100 * float(row["accuracy"]))
    plot = axes()
    for way, colour in (("from scratch", GREY), ("inherited", BLUE)):
        epochs = sorted((epochs for one, epochs in accuracies if one == way), key=float)
        means = [mean(accuracies[way, number]) for number in epochs]
        plot.plot([float(number) for number in epochs], means, "o-", color=colour, label=way)
    plot.set(xlabel="epochs", ylabel="accuracy, mean of eight networks, %", xscale="log")
    plot.set_xticks([0.25, 0.5, 1, 2], ["¼", "½", "1", "2"])
    plot.set_xticks([], minor=True)
    plot.legend()
    save("inheritance")


if __name__ == "__main__":
    main()

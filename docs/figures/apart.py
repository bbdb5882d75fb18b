"""Networks of one search with what is known of each: `python docs/figures/apart.py`.

Trials of `experiments/results/rungs.csv`; accuracies of 2,000 validation images; latencies are alike within the ratio
of the shipped calibration.
"""

from __future__ import annotations

import csv
import math

from _style import BLUE, GREY, RESULTS, axes, save

from anenas.ane import calibration

IMAGES = 2000


def main() -> None:
    """Draw it."""
    with (RESULTS / "rungs.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["seed"] == "0" and row["state"] == "completed"]
    plot, apart = axes(), calibration().apart
    for row in rows:
        ms, accuracy = float(row["latency_ms"]), float(row["accuracy"])
        error = math.sqrt(accuracy * (1 - accuracy) / IMAGES)
        plot.errorbar(ms, 100 * accuracy, 100 * error, fmt="o", ms=4, lw=1, color=BLUE)
    fastest = min(float(row["latency_ms"]) for row in rows)
    step, edge = 0, fastest * 0.99
    while edge < max(float(row["latency_ms"]) for row in rows):
        if step % 2 == 0:
            plot.axvspan(edge, edge * apart, color=GREY, alpha=0.15, lw=0)
        step, edge = step + 1, edge * apart
    plot.set(xlabel="estimated latency on A15, ms", ylabel="accuracy ± standard error, %", xscale="log")
    plot.set_xticks([0.35, 0.4, 0.5, 0.6, 0.7], ["0.35", "0.4", "0.5", "0.6", "0.7"])
    plot.set_xticks([], minor=True)
    plot.set_title(f"a band is as wide as a ratio of {apart:.2f}", fontsize=9)
    save("apart")


if __name__ == "__main__":
    main()

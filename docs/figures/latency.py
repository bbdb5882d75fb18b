"""Published latencies against the estimates of the shipped constants: `python docs/figures/latency.py` (a minute)."""

from __future__ import annotations

from _style import BLUE, GREY, ORANGE, RESULTS, axes, save

from anenas.bench._latency import read_published
from anenas.latency import CalibratedLatency

COLOURS = {"A14": BLUE, "A15": ORANGE, "A16": "#009e73", "A17 Pro": "#cc79a7"}


def main() -> None:
    """Draw it."""
    published, _ = read_published(RESULTS.parent / "published_latencies.csv")
    plot, source, told = axes(6.4, 4.2), CalibratedLatency(), set()
    for row in published:
        chip = row.chip.name.partition("@")[0]
        if chip not in COLOURS or row.chip.system < 16:
            continue
        estimate = source.latency(row.graph, row.chip)
        spread = [[estimate.ms - estimate.low_ms], [estimate.high_ms - estimate.ms]]
        label = None if chip in told else chip
        told.add(chip)
        plot.errorbar(
            row.ms, estimate.ms, spread, fmt="o", ms=3.5, lw=0.6, alpha=0.75, color=COLOURS[chip], label=label
        )
    plot.plot([0.1, 100], [0.1, 100], color=GREY, lw=0.8, zorder=0)
    limits = (0.1, 60)
    plot.set(xscale="log", yscale="log", xlim=limits, ylim=limits, aspect="equal")
    plot.set(xlabel="published, ms", ylabel="estimated with 90 % interval, ms")
    plot.legend()
    save("latency")


if __name__ == "__main__":
    main()

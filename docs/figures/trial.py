"""The way of one trial: `python docs/figures/trial.py`."""

from __future__ import annotations

from _style import BLUE, GREY, ORANGE, axes, save

STEPS = (
    ("suggest", "the sampler learns from\nall trials so far"),
    ("estimate", "rules, size, latency;\nmicroseconds"),
    ("train an eighth", "from weights of the\nmost similar trial"),
    ("train in full", "one in three goes on"),
    ("convert, verify", "the file that ships\nis what is scored"),
)
ENDS = {1: "infeasible:\na limit or rule is broken", 2: "stopped:\nothers are better"}


def main() -> None:
    """Draw it."""
    plot = axes(7.6, 2.5)
    plot.set(xlim=(-0.5, len(STEPS) - 0.5), ylim=(-1.5, 0.75))
    plot.axis("off")
    for i, (name, what) in enumerate(STEPS):
        plot.text(
            i, 0, name, ha="center", va="center", weight="bold", color="white", bbox={"boxstyle": "round", "fc": BLUE}
        )
        plot.text(i, 0.32, what, ha="center", va="bottom", fontsize=7.5)
        if i + 1 < len(STEPS):
            plot.annotate("", (i + 0.56, 0), (i + 0.43, 0), arrowprops={"arrowstyle": "->"})
        if i in ENDS:
            plot.annotate("", (i, -0.6), (i, -0.2), arrowprops={"arrowstyle": "->", "color": ORANGE})
            plot.text(i, -0.65, ENDS[i], ha="center", va="top", fontsize=7.5, color=ORANGE)
    last = len(STEPS) - 1
    plot.plot([last, last, 0], [-0.2, -1.25, -1.25], color=GREY, lw=1)
    plot.annotate("", (0, -0.2), (0, -1.27), arrowprops={"arrowstyle": "->", "color": GREY})
    plot.text(last / 2, -1.3, "every result is told to the sampler", ha="center", va="top", fontsize=7.5, color=GREY)
    save("trial")


if __name__ == "__main__":
    main()

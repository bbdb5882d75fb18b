"""Fronts of several studies over each other, as a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from anenas._files import replacing
from anenas.search import Study

# Okabe and Ito's colours, told apart by those who are colour-blind too, and a marker for each.
_STYLES = (("#0072B2", "o"), ("#D55E00", "s"), ("#009E73", "^"), ("#CC79A7", "D"), ("#E69F00", "v"), ("#56B4E9", "P"))


def write_comparison_png(
    studies: Sequence[Study], attained: Mapping[str, Sequence[tuple[float, float]]], path: Path
) -> None:
    """Plot the score of each study's front over the main latency, and surfaces that half of the studies attain.

    Args:
        studies: With the same metric and chip.
        attained: (latency in ms, score) of each surface, by what it is called.
        path: Of the picture.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), dpi=150, layout="constrained")
    axes = figure.subplots()
    metric = studies[0].metric
    scale = 100 if metric.is_fraction else 1
    for i, study in enumerate(studies):
        color, marker = _STYLES[i % len(_STYLES)]
        trials = sorted(study.front, key=lambda trial: trial.evaluation.estimate.latency.ms)
        times = [trial.evaluation.estimate.latency.ms for trial in trials]
        scores = [scale * trial.evaluation.score for trial in trials]
        errors = [scale * (trial.evaluation.score_error or 0.0) for trial in trials]
        axes.errorbar(times, scores, errors, fmt="none", ecolor=color, alpha=0.3, zorder=2)
        axes.scatter(times, scores, color=color, marker=marker, s=36, label=f"{study.name} ({len(trials)})", zorder=3)
    for name, points in attained.items():
        if points:
            times, scores = [ms for ms, _ in points], [scale * score for _, score in points]
            axes.step(times, scores, where="post", color="#444444", linewidth=1.2, label=name, zorder=1)
    axes.set_xlabel(f"estimated latency on {studies[0].settings.chip} (ms)")
    axes.set_ylabel(f"validation {metric.label}, with standard errors")
    axes.set_title(f"Fronts of {len(studies)} studies", fontsize=11, loc="left")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(fontsize=8, frameon=False, loc="outside lower center", ncols=2)  # inside it would hide models
    with replacing(path) as unfinished:
        figure.savefig(unfinished, format="png")

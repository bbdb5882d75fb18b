"""How the hypervolume of a front grew with time."""

from __future__ import annotations

from dataclasses import dataclass

from anenas.report._axis import Axis
from anenas.report._plot import Plot
from anenas.search import Study

_UNITS = ((2 * 3600, 3600, "hours"), (120, 60, "minutes"), (0, 1, "seconds"))


@dataclass(frozen=True)
class ProgressPlot:
    """The hypervolume after each completed trial.

    Attributes:
        plot: Its frame.
        path: Of the line, which steps up at the end of a trial.
        ends: Where it is after each trial that made it larger, with words.
    """

    plot: Plot
    path: str
    ends: list[tuple[float, float, str]]


def progress_plot(study: Study) -> ProgressPlot | None:
    """The drawing; None before the second trial has completed, or where no trial has a time."""
    trials, volumes = study.completed, study.hypervolumes
    seconds = busy_seconds([(trial.started, trial.ended) for trial in study.finished], [t.ended for t in trials])
    if len(trials) < 2 or not seconds[-1]:
        return None
    scale, unit = next((scale, unit) for least, scale, unit in _UNITS if seconds[-1] >= least)
    times = [one / scale for one in seconds]
    name = f"hypervolume: {volumes[0]:.4g} after the first trial, {volumes[-1]:.4g} after {times[-1]:.3g} {unit}"
    x = Axis(f"{unit} of search", 0.0, times[-1] * 1.03, 0, 1)
    y = Axis("hypervolume", 0.0, volumes[-1] * 1.08 or 1.0, 0, 1)
    plot = Plot.of(name, x, y)
    path, ends, last = f"M{plot.x.start},{plot.y.start}", [], 0.0
    for trial, time, volume in zip(trials, times, volumes, strict=True):
        path += f"H{plot.x.at(time)}V{plot.y.at(volume)}"
        if volume > last:
            ends.append((plot.x.at(time), plot.y.at(volume), f"trial {trial.number}: {volume:.4g}, {time:.3g} {unit}"))
            last = volume
    return ProgressPlot(plot, f"{path}H{plot.x.at(x.high)}", ends)


def busy_seconds(spans: list[tuple[float, float]], times: list[float]) -> list[float]:
    """Of each time, how many seconds before it at least one of the spans was going on.

    So a search that was stopped, and went on a day later, has not taken a day.
    """
    merged: list[list[float]] = []
    for start, end in sorted(span for span in spans if span[0]):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return [sum(max(0.0, min(end, time) - start) for start, end in merged) for time in times]

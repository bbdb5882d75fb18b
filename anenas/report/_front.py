"""The Pareto front of a study as a table, a picture and an interactive page."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anenas._files import replacing
from anenas.latency import Latency
from anenas.search import CompletedTrial, Objective, Study
from anenas.tasks import Metric

_GREY, _BLUE, _ORANGE = "#9aa5b1", "#1f6feb", "#bc4c00"
_REFERENCE = "reference: the whole network"
_BARS = ", bars: standard error"
_FIXED = "what any prediction costs"
_STEPS = 2  # that can be told apart are on an axis of latencies at least
_WIDE = 8  # from this ratio of its ends on an axis is logarithmic


def write_front_csv(study: Study, path: Path) -> None:
    """One row for each trial of the front, the best by the first objective last."""
    chips = list(study.front[0].evaluation.estimate.latency_by_chip) if study.front else []
    others = [f"latency_ms@{chip}" for chip in chips[1:]]
    metric = study.settings.metric
    fields = ["trial", "architecture", metric, f"{metric}_error", f"final_{metric}", f"test_{metric}", "latency_ms",
              "latency_low_ms", "latency_high_ms", *others, "residency", "size_mb", "macs", "params", "trained_steps",
              "total_steps", "estimated_latency_ms", "measured_on", "engine_placement"]  # fmt: skip
    with replacing(path) as new, new.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(fields)
        for trial in study.front:
            e = trial.evaluation.estimate
            main, *more = e.latency_by_chip.values()
            test = "" if trial.test_score is None else trial.test_score
            final = trial.shipped.score if trial.final else ""
            steps = [trial.evaluation.trained_steps, trial.evaluation.total_steps]
            latencies = [main.ms, main.low_ms, main.high_ms, *(latency.ms for latency in more)]
            score, error = trial.evaluation.score, trial.evaluation.score_error
            row = [trial.number, trial.architecture, score, "" if error is None else error, final, test, *latencies]
            figures = [e.residency, e.size_mb, e.macs, e.params, *steps, trial.evaluation.estimated_latency.ms]
            writer.writerow([*row, *figures, *_measured(trial)])


def _measured(trial: CompletedTrial) -> list[str | float]:
    """On which device and how much of it on the engine; empty where its latency is an estimate."""
    known = trial.evaluation.measurement
    if not known or not known.latency:
        return ["", ""]
    return [known.latency.device or known.place, "" if known.placement is None else known.placement]


def write_trials_csv(study: Study, path: Path) -> None:
    """One row for every finished trial, including those stopped, infeasible, repeated or failed, and why."""
    with replacing(path) as new, new.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        names = [objective.name for objective in study.objectives]
        writer.writerow(["trial", "state", "reason", "architecture", *names, "budget_fraction"])
        for trial in study.finished:
            trained = trial.evaluation if trial.state in ("completed", "stopped") else None
            point = study.objectives.point(trained) if trained else ()
            figures = [*point, trained.budget_fraction] if trained else [""] * (len(names) + 1)
            writer.writerow([trial.number, trial.state, trial.reason, trial.architecture, *figures])


def write_front_png(study: Study, path: Path) -> None:
    """Plot the first objective of every completed trial against each other one; with two, the front is a staircase."""
    from matplotlib.figure import Figure

    y, against = _axes(study)
    figure = Figure(figsize=(8 if len(against) == 1 else 5 * len(against), 5), dpi=150, layout="constrained")
    panels = figure.subplots(1, len(against), sharey=True, squeeze=False)[0]
    completed, front = study.completed, study.front
    called: dict[int, list[str]] = {}
    for name, trial in study.picks.items():
        called.setdefault(trial.number, []).append(name)
    reference = [study.reference] if study.reference else []
    for panel, x in zip(panels, against, strict=True):
        if completed:
            layers = ((completed, _GREY, 28, f"{len(completed)} trials"), (front, _BLUE, 44, f"front ({len(front)})"))
            for zorder, (trials, color, size, label) in zip((2, 4), layers, strict=True):
                panel.scatter(x.of(trials), y.of(trials), color=color, s=size, label=label, zorder=zorder)
            if errors := y.standard_errors(front):
                panel.errorbar(x.of(front), y.of(front), errors, fmt="none", ecolor=_BLUE, alpha=0.5, zorder=3)
            for trial in front:
                if trial.number in called:
                    panel.annotate(
                        ", ".join(called[trial.number]),
                        (x.of([trial])[0], y.of([trial])[0]),
                        xytext=(6, -12),
                        textcoords="offset points",
                        fontsize=9,
                    )
            if reference:
                style = {"marker": "D", "facecolors": "none", "edgecolors": _ORANGE, "linewidths": 1.5}
                panel.scatter(x.of(reference), y.of(reference), s=90, label=_REFERENCE, zorder=5, **style)
        if completed and len(study.objectives) == 2:
            farthest = max(x.of(completed)) if x.less_is_better else min(x.of(completed))
            panel.step(
                [*x.of(front), farthest],
                [*y.of(front), y.of(front)[-1]],
                where="post",
                color=_BLUE,
                linewidth=1.5,
                zorder=3,
            )
        scale = x.scale(completed)
        panel.set_xscale("log" if scale.logarithmic else "linear")
        if scale.limits:
            panel.set_xlim(*scale.limits)
        if scale.fixed:
            panel.axvline(scale.fixed, color=_GREY, linestyle=":", label=_FIXED)
        panel.set_xlabel(x.label)
        panel.grid(alpha=0.25)
        panel.spines[["top", "right"]].set_visible(False)
    if completed:
        handles, labels = panels[0].get_legend_handles_labels()
        # Outside: inside it would hide trials.
        figure.legend(handles, labels, loc="outside upper right", ncols=len(handles), frameon=False)
    panels[0].set_ylabel(y.label + (_BARS if y.standard_errors(front) else ""))
    panels[0].set_title(study.name, fontsize=11, loc="left")
    with replacing(path) as new:
        figure.savefig(new)


def write_front_page(study: Study, path: Path) -> None:
    """The same as one self-contained page: hover over a point to read its trial, architecture and figures."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    y, against = _axes(study)
    completed, front = study.completed, study.front
    on_front = {trial.number for trial in front}
    others = [trial for trial in completed if trial.number not in on_front]
    lines = "markers+lines" if len(study.objectives) == 2 else "markers"
    figure = make_subplots(1, len(against), shared_yaxes=True, figure=go.Figure(), horizontal_spacing=0.03)
    for column, x in enumerate(against, start=1):
        layers: list[tuple[list[CompletedTrial], str, str, dict[str, Any]]] = [
            (others, "trials", "markers", {"color": _GREY, "size": 9}),
            (front, "Pareto front", lines, {"color": _BLUE, "size": 9}),
        ]
        if study.reference:
            diamond = {"color": _ORANGE, "size": 14, "symbol": "diamond-open"}
            layers.append(([study.reference], _REFERENCE, "markers", diamond))
        for shown, name, mode, marker in layers:
            figure.add_scatter(
                x=x.of(shown),
                y=y.of(shown),
                mode=mode,
                name=name,
                legendgroup=name,
                showlegend=column == 1,
                line={"shape": "hv", "color": marker["color"]},
                marker=marker,
                error_x=x.intervals(shown),
                error_y={"type": "data", "array": y.standard_errors(shown), "thickness": 1},
                hovertext=[_hover(trial, study.metric) for trial in shown],
                hoverinfo="text",
                row=1,
                col=column,
            )
        scale = x.scale(completed)
        axis = {"type": "log"} if scale.logarithmic else {"range": scale.limits}
        figure.update_xaxes(title=x.label, **axis, row=1, col=column)
        if scale.fixed:
            figure.add_vline(
                scale.fixed, line={"color": _GREY, "dash": "dot"}, annotation_text=_FIXED, row=1, col=column
            )
    figure.update_yaxes(title=y.label + (_BARS if y.standard_errors(front) else ""), row=1, col=1)
    figure.update_layout(
        title=study.name,
        template="plotly_white",
        legend={"orientation": "h", "x": 1, "y": 1.02, "xanchor": "right", "yanchor": "bottom"},
        updatemenus=[
            {
                "type": "buttons",
                "direction": "right",
                "x": 0,
                "xanchor": "left",
                "y": 1.02,
                "yanchor": "bottom",
                "buttons": [
                    {"label": "points", "method": "restyle", "args": [{"error_x.visible": False}]},
                    {"label": "90 % intervals", "method": "restyle", "args": [{"error_x.visible": True}]},
                ],
            }
        ],
    )
    figure.write_html(path, include_plotlyjs=True, default_height="92vh")


@dataclass(frozen=True)
class _Scale:
    """What part of an axis is shown, and how.

    Attributes:
        logarithmic: Whether equal distances are equal ratios.
        limits: Its ends; None where points decide.
        fixed: Where what any prediction costs is; None where there is no such thing.
    """

    logarithmic: bool = False
    limits: tuple[float, float] | None = None
    fixed: float | None = None


@dataclass(frozen=True)
class _Axis:
    """One objective of the study as an axis."""

    objective: Objective
    chip: str
    is_measured: bool = False  # of latencies on the main chip: some were

    @property
    def label(self) -> str:
        # The label of an objective for the study's first chip does not name it.
        label = self.objective.label
        if self.is_measured and not self.objective.chip:
            label = label.replace("estimated latency", "latency")
        return label if self.objective.chip else label.replace("latency", f"latency on {self.chip}")

    @property
    def less_is_better(self) -> bool:
        return self.objective.figure.direction == "minimize"

    def of(self, trials: list[CompletedTrial]) -> list[float]:
        """Their values, in the unit of the label."""
        return [(self.objective.value(t.evaluation) or 0.0) * self.objective.figure.scale for t in trials]

    def scale(self, trials: list[CompletedTrial]) -> _Scale:
        """So that a latency that is not told apart from another is seen to be near it, and sizes far apart are seen."""
        values = self.of(trials)
        if not trials or min(values) <= 0:
            return _Scale()
        if not self.objective.is_latency:
            return _Scale(logarithmic=self.less_is_better and max(values) > _WIDE * min(values))
        latencies = self._latencies(trials)
        fixed, apart = latencies[0].fixed_ms, max(one.apart for one in latencies)
        low = min(fixed or math.inf, *values)
        high = max(*values, low * apart**_STEPS)
        margin = 0.03 * (high - low) or 0.03 * low
        return _Scale(limits=(low - margin, high + margin), fixed=fixed or None)

    def _latencies(self, trials: list[CompletedTrial]) -> list[Latency]:
        estimates = [trial.evaluation.estimate for trial in trials]
        return [e.latency_by_chip[self.objective.chip] if self.objective.chip else e.latency for e in estimates]

    def intervals(self, trials: list[CompletedTrial]) -> dict[str, Any] | None:
        """The 90 % intervals of latencies, as plotly's error bars."""
        if not self.objective.is_latency:
            return None
        found = self._latencies(trials)
        above, below = [one.high_ms - one.ms for one in found], [one.ms - one.low_ms for one in found]
        return {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "visible": False}

    def standard_errors(self, trials: list[CompletedTrial]) -> list[float] | None:
        """Of scores, in the unit of the label; None of other objectives, or where they are not known."""
        errors = [trial.evaluation.score_error for trial in trials]
        if not self.objective.is_score or None in errors:
            return None
        return [error * self.objective.figure.scale for error in errors if error is not None]


def _axes(study: Study) -> tuple[_Axis, list[_Axis]]:
    """The first objective, and what to draw it against: the others, or the latency where there are none."""
    first, *others = study.objectives
    others = others or [Objective("latency_ms" if first.name != "latency_ms" else "size_mb", 1.0)]
    chip, evaluations = study.settings.chip, [trial.evaluation for trial in study.completed]
    is_measured = any(one.measurement and one.measurement.latency for one in evaluations)
    return _Axis(first, chip, is_measured), [_Axis(other, chip, is_measured) for other in others]


def _hover(trial: CompletedTrial, metric: Metric) -> str:
    estimate = trial.evaluation.estimate
    latency = estimate.latency
    known = trial.evaluation.measurement
    measured = (
        f", measured on {known.latency.device}; estimated {known.estimated.ms:.3f} ms"
        if known and known.latency
        else ""
    )
    parts = "<br>".join(str(trial.architecture).split("-"))
    final = f", {metric.words(trial.shipped.score)} after final training" if trial.final else ""
    return (
        f"<b>trial {trial.number}</b><br>{metric.title} {metric.words(trial.evaluation.score)}{final}"
        f"<br>latency {latency.ms:.3f} ms ({latency.low_ms:.3f} to {latency.high_ms:.3f}){measured}"
        f"<br>size {estimate.size_mb:.2f} MB, {estimate.macs:,} multiply-accumulates<br>{parts}"
    )

"""The Pareto front of a study as a table, a picture and an interactive page."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anenas.search import Evaluation, Objective, Record, Study

_GREY, _BLUE = "#9aa5b1", "#1f6feb"


def write_front_csv(study: Study, path: Path) -> None:
    """One row for each trial of the front, the best by the first objective last."""
    others = [f"latency_ms@{chip}" for chip in _others(study)]
    fields = ["trial", "architecture", "accuracy", "test_accuracy", "latency_ms", "latency_low_ms", "latency_high_ms",
              *others, "residency", "size_mb", "macs", "parameters"]  # fmt: skip
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(fields)
        for record in study.front:
            e = _evaluation(record)
            latency = (e.latency.ms, e.latency.low_ms, e.latency.high_ms)
            test = "" if e.test_accuracy is None else e.test_accuracy
            figures = [*(other.ms for other in e.others.values()), e.residency, e.size_mb, e.macs, e.parameters]
            writer.writerow([record.number, record.architecture, e.accuracy, test, *latency, *figures])


def write_trials_csv(study: Study, path: Path) -> None:
    """One row for every answered trial: also what was stopped, infeasible, repeated or failed, and why."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        names = [objective.name for objective in study.objectives]
        writer.writerow(["trial", "state", "reason", "architecture", *names, "share"])
        for record in study.records:
            trained = record.evaluation if record.state in ("completed", "stopped") else None
            figures = [*study.point(record), trained.share] if trained else [""] * (len(names) + 1)
            writer.writerow([record.number, record.state, record.reason, record.architecture, *figures])


def write_front_png(study: Study, path: Path) -> None:
    """The first objective against each other one, of every completed trial; where there are two, the front is drawn as
    the staircase that it dominates.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    y, against = _axes(study)
    figure = Figure(figsize=(8 if len(against) == 1 else 5 * len(against), 5), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(against), sharey=True, squeeze=False)[0]
    completed, front = study.completed, study.front
    called: dict[int, list[str]] = {}
    for name, record in study.picks.items():
        called.setdefault(record.number, []).append(name)
    for panel, x in zip(panels, against, strict=True):
        if completed:
            layers = ((completed, _GREY, 28, f"{len(completed)} trials"), (front, _BLUE, 44, f"front ({len(front)})"))
            for zorder, (records, color, size, label) in zip((2, 4), layers, strict=True):
                panel.scatter(x.of(records), y.of(records), color=color, s=size, label=label, zorder=zorder)
            for record in front:
                if record.number in called:
                    panel.annotate(
                        ", ".join(called[record.number]),
                        (x.of([record])[0], y.of([record])[0]),
                        xytext=(6, -12),
                        textcoords="offset points",
                        fontsize=9,
                    )
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
        panel.set_xlabel(x.label)
        panel.grid(alpha=0.25)
        panel.spines[["top", "right"]].set_visible(False)
    if completed:
        handles, labels = panels[0].get_legend_handles_labels()
        # Outside: inside it would hide trials.
        figure.legend(handles[:2], labels[:2], loc="outside upper right", ncols=2, frameon=False)
    panels[0].set_ylabel(y.label)
    panels[0].set_title(study.name, fontsize=11, loc="left")
    figure.savefig(path)


def write_front_page(study: Study, path: Path) -> None:
    """The same as one self-contained page: hover over a point to read its trial, architecture and figures."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    y, against = _axes(study)
    completed, front = study.completed, study.front
    on_front = {record.number for record in front}
    others = [record for record in completed if record.number not in on_front]
    lines = "markers+lines" if len(study.objectives) == 2 else "markers"
    figure = make_subplots(1, len(against), shared_yaxes=True, figure=go.Figure(), horizontal_spacing=0.03)
    for column, x in enumerate(against, start=1):
        for records, name, color, mode in ((others, "trials", _GREY, "markers"), (front, "Pareto front", _BLUE, lines)):
            figure.add_scatter(
                x=x.of(records),
                y=y.of(records),
                mode=mode,
                name=name,
                legendgroup=name,
                showlegend=column == 1,
                line={"shape": "hv", "color": color},
                marker={"color": color, "size": 9},
                error_x=x.intervals(records),
                hovertext=[_hover(record) for record in records],
                hoverinfo="text",
                row=1,
                col=column,
            )
        figure.update_xaxes(title=x.label, row=1, col=column)
    figure.update_yaxes(title=y.label, row=1, col=1)
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
class _Axis:
    """One objective of the study as an axis."""

    objective: Objective
    chip: str

    @property
    def label(self) -> str:
        # The label of what is for the study's first chip names none.
        label = self.objective.label
        return label if self.objective.chip else label.replace("latency", f"latency on {self.chip}")

    @property
    def less_is_better(self) -> bool:
        return self.objective.metric.direction == "minimize"

    def of(self, records: list[Record]) -> list[float]:
        """Where they are on it, in the unit of the label."""
        return [(self.objective.value(_evaluation(r)) or 0.0) * self.objective.metric.scale for r in records]

    def intervals(self, records: list[Record]) -> dict[str, Any] | None:
        """The 90 % intervals of latencies, as plotly's error bars."""
        if not self.objective.name.startswith("latency_ms"):
            return None
        chip = self.objective.chip
        found = [_evaluation(r).others[chip] if chip else _evaluation(r).latency for r in records]
        above, below = [one.high_ms - one.ms for one in found], [one.ms - one.low_ms for one in found]
        return {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "visible": False}


def _axes(study: Study) -> tuple[_Axis, list[_Axis]]:
    """The first objective, and what to draw it against: the others, or the latency where there are none."""
    first, *others = study.objectives
    others = others or [Objective("latency_ms" if first.name != "latency_ms" else "size_mb", 1.0)]
    chip = study.settings["chip"]
    return _Axis(first, chip), [_Axis(other, chip) for other in others]


def _others(study: Study) -> list[str]:
    """The study's chips behind the first."""
    return list(_evaluation(study.front[0]).others) if study.front else []


def _hover(record: Record) -> str:
    e = _evaluation(record)
    parts = "<br>".join(str(record.architecture).split("-"))
    interval = f"{e.latency.low_ms:.3f} to {e.latency.high_ms:.3f}"
    return (
        f"<b>trial {record.number}</b><br>accuracy {e.accuracy:.2%}<br>latency {e.latency.ms:.3f} ms ({interval})"
        f"<br>size {e.size_mb:.2f} MB, {e.macs:,} multiply-accumulates<br>{parts}"
    )


def _evaluation(record: Record) -> Evaluation:
    assert record.evaluation
    return record.evaluation

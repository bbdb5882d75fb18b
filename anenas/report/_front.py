"""The Pareto front of a study as a table, a picture and an interactive page."""

from __future__ import annotations

import csv
from pathlib import Path

from anenas.search import Evaluation, Record, Study

_GREY, _BLUE = "#9aa5b1", "#1f6feb"


def write_front_csv(study: Study, path: Path) -> None:
    """One row for each trial of the front, fastest first."""
    fields = ["trial", "architecture", "accuracy", "test_accuracy", "latency_ms", "latency_low_ms", "latency_high_ms",
              "residency", "size_mb", "macs", "parameters"]  # fmt: skip
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(fields)
        for record in study.front:
            e = _evaluation(record)
            latency = (e.latency.ms, e.latency.low_ms, e.latency.high_ms)
            test = "" if e.test_accuracy is None else e.test_accuracy
            figures = [e.residency, e.size_mb, e.macs, e.parameters]
            writer.writerow([record.number, record.architecture, e.accuracy, test, *latency, *figures])


def write_trials_csv(study: Study, path: Path) -> None:
    """One row for every answered trial: also what was stopped, infeasible, repeated or failed, and why."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["trial", "state", "reason", "architecture", "accuracy", "latency_ms", "share"])
        for record in study.records:
            trained = record.evaluation if record.state in ("completed", "stopped") else None
            figures = (*record.point, trained.share) if trained else ("", "", "")
            writer.writerow([record.number, record.state, record.reason, record.architecture, *figures])


def write_front_png(study: Study, path: Path) -> None:
    """Accuracy against latency of every completed trial, the front drawn as the staircase that it dominates."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    completed, front = study.completed, study.front
    if completed:
        axes.scatter(*_columns(completed), color=_GREY, s=28, label=f"{len(completed)} trials", zorder=2)
        latency, accuracy = _columns(front)
        slowest = max(_columns(completed)[0])
        axes.step([*latency, slowest], [*accuracy, accuracy[-1]], where="post", color=_BLUE, linewidth=1.5, zorder=3)
        axes.scatter(*_columns(front), color=_BLUE, s=44, label=f"Pareto front ({len(front)})", zorder=4)
        names: dict[int, list[str]] = {}
        for name, record in study.picks.items():
            names.setdefault(record.number, []).append(name)
        for record in front:
            if record.number in names:
                axes.annotate(
                    ", ".join(names[record.number]),
                    (record.point[1], 100 * record.point[0]),
                    xytext=(6, -12),
                    textcoords="offset points",
                    fontsize=9,
                )
        figure.legend(loc="outside upper right", ncols=2, frameon=False)  # inside it would hide trials
    axes.set_xlabel(f"estimated latency on {study.settings['chip']} (ms)")
    axes.set_ylabel("validation accuracy (%)")
    axes.set_title(study.name, fontsize=11, loc="left")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)


def write_front_page(study: Study, path: Path) -> None:
    """The same as one self-contained page: hover over a point to read its trial, architecture and figures."""
    import plotly.graph_objects as go

    completed, front = study.completed, study.front
    on_front = {record.number for record in front}
    others = [record for record in completed if record.number not in on_front]
    figure = go.Figure()
    layers = ((others, "trials", _GREY, "markers"), (front, "Pareto front", _BLUE, "markers+lines"))
    for records, name, color, mode in layers:
        latency, accuracy = _columns(records)
        below = [latency_ms - _evaluation(r).latency.low_ms for latency_ms, r in zip(latency, records, strict=True)]
        above = [_evaluation(r).latency.high_ms - latency_ms for latency_ms, r in zip(latency, records, strict=True)]
        figure.add_scatter(
            x=latency,
            y=accuracy,
            mode=mode,
            name=name,
            line={"shape": "hv", "color": color},
            marker={"color": color, "size": 9},
            error_x={"type": "data", "symmetric": False, "array": above, "arrayminus": below, "visible": False},
            hovertext=[_hover(record) for record in records],
            hoverinfo="text",
        )
    figure.update_layout(
        title=study.name,
        template="plotly_white",
        xaxis_title=f"estimated latency on {study.settings['chip']} (ms)",
        yaxis_title="validation accuracy (%)",
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


def _columns(records: list[Record]) -> tuple[list[float], list[float]]:
    """Latencies in milliseconds, accuracies in percent."""
    return [record.point[1] for record in records], [100 * record.point[0] for record in records]


def _hover(record: Record) -> str:
    e = _evaluation(record)
    parts = "<br>".join(str(record.architecture).split("-"))
    interval = f"{e.latency.low_ms:.3f} to {e.latency.high_ms:.3f}"
    return (
        f"<b>trial {record.number}</b><br>accuracy {e.accuracy:.2%}<br>latency {e.latency.ms:.3f} ms ({interval})"
        f"<br>size {e.size_mb:.2f} MB, {e.macs / 1e6:.1f} M multiply-accumulates<br>{parts}"
    )


def _evaluation(record: Record) -> Evaluation:
    assert record.evaluation
    return record.evaluation

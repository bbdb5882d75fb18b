"""The Pareto front of a study as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anenas._files import replacing
from anenas.report._axis import tick_text
from anenas.report._labels import Box, place_labels
from anenas.report._objective_axis import ObjectiveAxis, objective_axes
from anenas.report._profile_view import WORDS
from anenas.search import CompletedTrial, Study, called_by_number
from anenas.tasks import find_metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Told apart without colours, too: by fill, shape and size (hues after Okabe and Ito).
_BLUE, _GREY, _QUIET, _ORANGE, _RED = "#0067a8", "#8b96a2", "#5b646e", "#b35900", "#b3261e"
_MARKS: dict[str, dict[str, Any]] = {
    "trials": {"s": 22, "color": _GREY, "alpha": 0.65, "linewidths": 0, "zorder": 2},
    "pareto": {"s": 38, "facecolors": "white", "edgecolors": _BLUE, "linewidths": 1.4, "zorder": 4},
    "front": {"s": 52, "color": _BLUE, "linewidths": 0, "zorder": 5},
    "reference": {"s": 80, "marker": "D", "facecolors": "none", "edgecolors": _ORANGE, "linewidths": 1.6, "zorder": 6},
}
_FONT = 8.5
_GAP = 7  # points between a mark and its label


def write_front_png(study: Study, path: Path) -> None:
    """Plot the first objective of every completed trial against each other one.

    Numbers are those of the trials. Nothing is drawn between networks, as nothing was found there.
    """
    from matplotlib.figure import Figure

    y, against = objective_axes(study)
    size = (8.2 if len(against) == 1 else 4.9 * len(against), 4.9)
    figure = Figure(figsize=size, dpi=160, layout="constrained")
    panels = figure.subplots(1, len(against), sharey=True, squeeze=False)[0]
    completed = study.completed
    for panel, x in zip(panels, against, strict=True):
        _frame(panel, x, y, completed, study.front)
        _draw(panel, x, y, study, _known(y, against))
    panels[0].set_ylabel(y.label, fontsize=10, parse_math=False)
    figure.suptitle(_title(study), fontsize=11, x=0.01, ha="left", parse_math=False)
    if completed:
        found = [dict(zip(*reversed(panel.get_legend_handles_labels()), strict=True)) for panel in panels]
        entries = {label: handle for one in reversed(found) for label, handle in one.items()}
        entries = dict(sorted(entries.items(), key=lambda entry: entry[0].startswith("beyond")))
        places: Any = {
            "loc": "outside lower left",
            "ncols": 3 if len(against) > 1 else 2,
            "frameon": False,
            "fontsize": _FONT,
        }
        figure.legend(entries.values(), entries.keys(), **places)
        figure.draw_without_rendering()  # before, no place is known
        figure.set_layout_engine("none")
        for panel, x in zip(panels, against, strict=True):
            _name(figure, panel, x, y, study)
    else:
        panels[0].text(0.5, 0.5, "no network has completed yet", transform=panels[0].transAxes, ha="center")
    with replacing(path) as new:
        figure.savefig(new)


def _title(study: Study) -> str:
    """What was searched, and how many networks there are."""
    data = study.settings.data.partition(" ")[0]
    counts, front = study.counts, len(study.front)
    told = [f"{counts['completed']} networks trained"]
    told += [f"{counts['stopped']} stopped early"] if counts["stopped"] else []
    told += [f"{counts['infeasible']} beyond a limit or rule"] if counts["infeasible"] else []
    what = f"{data} on {study.settings.chip}" if data else f"{study.name} on {study.settings.chip}"
    return f"{what}: {', '.join(told)}; {front} on the front"


def _frame(
    panel: Axes, x: ObjectiveAxis, y: ObjectiveAxis, trials: Sequence[CompletedTrial], front: Sequence[CompletedTrial]
) -> None:
    """Axes, limits and the fixed cost."""
    across, up = x.axis(trials, front), y.axis(trials, front)
    panel.set_xscale("log" if across.logarithmic else "linear")
    panel.set_yscale("log" if up.logarithmic else "linear")
    panel.set_xlim(across.low, across.high)
    panel.set_ylim(up.low, up.high)
    panel.minorticks_off()
    panel.set_xticks(across.round_values, [tick_text(value) for value in across.round_values])
    panel.set_yticks(up.round_values, [tick_text(value) for value in up.round_values])
    panel.tick_params(length=0, labelsize=9, labelcolor=_QUIET)
    panel.set_xlabel(x.label, fontsize=10, parse_math=False)
    panel.grid(color="#e6e9ed", linewidth=0.8)
    panel.set_axisbelow(True)
    panel.spines[["top", "right", "left"]].set_visible(False)
    panel.spines["bottom"].set_color("#c8ced6")
    shade: dict[str, Any] = {"color": _RED, "alpha": 0.08, "linewidth": 0}
    if x.limit is not None and across.low < x.limit < across.high:
        ends = (x.limit, across.high) if x.less_is_better else (across.low, x.limit)
        panel.axvspan(*ends, **shade, label=f"beyond {x.limit_words}")
    if y.limit is not None and up.low < y.limit < up.high:
        ends = (y.limit, up.high) if y.less_is_better else (up.low, y.limit)
        panel.axhspan(*ends, **shade, label=f"beyond {y.limit_words}")
    if fixed := x.fixed(trials):
        panel.axvline(fixed, color=_QUIET, linestyle=":", linewidth=1.2, label=WORDS["fixed"])


def _draw(panel: Axes, x: ObjectiveAxis, y: ObjectiveAxis, study: Study, known: str) -> None:
    """Every completed trial, and what is known of those of the front."""
    on_front = {trial.number for trial in study.front}
    reference = [study.reference] if study.reference else []
    pareto = [trial for trial in study.pareto if trial.number not in on_front]
    rest = on_front | {trial.number for trial in (*pareto, *reference)}
    layers = {
        "trials": ([trial for trial in study.completed if trial.number not in rest], "other networks"),
        "pareto": (pareto, "not measurably better"),
        "front": (study.front, "front"),
        "reference": (reference, "reference: the whole network"),
    }
    for layer, (trials, label) in layers.items():
        if trials:
            panel.scatter(
                [x.value(trial) for trial in trials], [y.value(trial) for trial in trials], label=label, **_MARKS[layer]
            )
    for i, trial in enumerate((*study.front, *reference)):
        color = _ORANGE if trial in reference else _BLUE
        style: dict[str, Any] = {
            "color": color,
            "alpha": 0.3,
            "linewidth": 1.1,
            "zorder": 3,
            "label": "" if i else known,
        }
        at_x, at_y = x.value(trial), y.value(trial)
        if ends := x.interval(trial):
            panel.plot(ends, (at_y, at_y), **style)
            style["label"] = ""
        if ends := y.interval(trial):
            panel.plot((at_x, at_x), ends, **style)


def _known(y: ObjectiveAxis, against: Sequence[ObjectiveAxis]) -> str:
    """What the bars are."""
    axes = [y, *against]
    said = ["90 % interval of the latency"] if any(one.objective.is_latency for one in axes) else []
    names = [find_metric(one.objective.name).title for one in axes if one.objective.is_score]
    return ", ".join([*said, *(f"standard error of the {name}" for name in names)])


def _name(figure: Figure, panel: Axes, x: ObjectiveAxis, y: ObjectiveAxis, study: Study) -> None:
    """Numbers and names beside marks, where they cover nothing."""
    from matplotlib.patheffects import withStroke

    called = called_by_number(study.picks)
    named = sorted(study.front, key=lambda trial: trial.number not in called)  # where there is no room for all, these
    texts = [" ".join([str(trial.number), *called.get(trial.number, [])[:1]]) for trial in named]
    scale, height = figure.dpi / 72, figure.bbox.height
    gap = _GAP * scale

    def place(trial: CompletedTrial) -> tuple[float, float]:
        across, up = panel.transData.transform((x.value(trial), y.value(trial)))
        return float(across), height - float(up)

    radius = 4 * scale
    points = [place(trial) for trial in study.completed]
    taken = [Box(a - radius, b - radius, a + radius, b + radius) for a, b in points]
    inside = panel.bbox
    bars = []
    for trial in named:
        a, b = place(trial)
        for axis, ends in ((0, x.interval(trial)), (1, y.interval(trial))):
            if ends:
                spans = [panel.transData.transform((end, end))[axis] for end in ends]
                low, high = sorted(span if axis == 0 else height - span for span in spans)
                bars.append(Box(low, b - 1, high, b + 1) if axis == 0 else Box(a - 1, low, a + 1, high))
    within = Box(inside.x0, height - inside.y1, inside.x1, height - inside.y0)
    sizes = [(0.62 * _FONT * scale * len(text), 1.25 * _FONT * scale) for text in texts]
    starts = [place(trial) for trial in named]
    to_data = panel.transData.inverted().transform

    def back(x: float, y: float) -> tuple[float, float]:
        across, up = to_data((x, height - y))
        return float(across), float(up)

    halo = [withStroke(linewidth=2.5, foreground="white")]
    for text, start, label in zip(texts, starts, place_labels(starts, sizes, taken, within, bars, gap), strict=True):
        if label and label.lead:
            (from_x, from_y), (to_x, to_y) = back(*start), back(*label.lead)
            panel.plot((from_x, to_x), (from_y, to_y), color=_GREY, linewidth=0.6, zorder=3)
        if label:
            panel.text(*back(label.x, label.y), text, fontsize=_FONT, color="#1f2328", zorder=7, path_effects=halo)

"""The front as drawings for a page: every trial by the first objective against each other one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from anenas.report._labels import Box, Label, place_labels
from anenas.report._objective_axis import ObjectiveAxis, objective_axes
from anenas.report._plot import Plot
from anenas.report._profile_view import WORDS
from anenas.report.study._trials import names_of
from anenas.search import CompletedTrial, Study

_RADIUS = {"trial": 4.0, "pareto": 5.0, "front": 6.5, "reference": 7.0}


@dataclass(frozen=True)
class Point:
    """A trial in a drawing.

    Attributes:
        number: Of the trial.
        state: "front" where it can be told apart, "pareto" where no other dominates it, "reference", or "trial".
        x: Its place.
        y: Likewise.
        radius: Of its mark.
        x_ends: Ends of the interval of what is to the right; None where nothing tells.
        y_ends: Likewise upwards.
    """

    number: int
    state: str
    x: float
    y: float
    radius: float
    x_ends: tuple[float, float] | None = None
    y_ends: tuple[float, float] | None = None


@dataclass(frozen=True)
class FrontPlot:
    """One drawing of the front.

    Attributes:
        plot: Its frame.
        points: The front's last, which are drawn above the others.
        labels: Text, and where it stands, with the place of its point.
        fixed: Where the fixed cost of any prediction is, in words as well; None where there is no such thing.
        beyond: What is beyond a limit: rectangles, with the words that stand in them.
        notes: What is not in the drawing, in words.
    """

    plot: Plot
    points: list[Point]
    labels: list[tuple[str, Label, Point]]
    fixed: tuple[float, str] | None = None
    beyond: list[tuple[Box, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def state_of(study: Study, trial: CompletedTrial) -> str:
    """What a trial is drawn as."""
    if study.reference and trial.number == study.reference.number:
        return "reference"
    if any(trial.number == one.number for one in study.front):
        return "front"
    return "pareto" if any(trial.number == one.number for one in study.pareto) else "trial"


def front_plots(study: Study, trials: Sequence[CompletedTrial], states: dict[int, str]) -> list[FrontPlot]:
    """A drawing for each objective but the first.

    Args:
        study: The study.
        trials: That are shown.
        states: `state_of` each, by number.
    """
    y, against = objective_axes(study)
    return [_drawn(study, x, y, trials, states) for x in against]


def _drawn(
    study: Study, x: ObjectiveAxis, y: ObjectiveAxis, trials: Sequence[CompletedTrial], states: dict[int, str]
) -> FrontPlot:
    name = f"{y.label} against {x.label}: {len(trials)} trials, {len(study.front)} of them on the front"
    plot = Plot.of(name, x.axis(trials, study.front), y.axis(trials, study.front))
    order = sorted(trials, key=lambda trial: list(_RADIUS).index(states[trial.number]))
    points = [_point(plot, x, y, trial, states[trial.number]) for trial in order]
    cost, beyond = x.fixed(trials), _beyond(plot, x, y)
    fixed = (plot.x.at(cost), WORDS["fixed"]) if cost else None
    return FrontPlot(
        plot,
        points,
        _labels(study, plot, points, _other_words(plot, fixed, beyond)),
        fixed,
        beyond,
        [f"{one.label}: the limit {one.limit_words} is beyond the axis" for one in (x, y) if _is_far(one, plot)],
    )


def _point(plot: Plot, x: ObjectiveAxis, y: ObjectiveAxis, trial: CompletedTrial, state: str) -> Point:
    x_ends, y_ends = (one.interval(trial) if state in ("front", "reference") else None for one in (x, y))
    return Point(
        trial.number,
        state,
        plot.x.at(x.value(trial)),
        plot.y.at(y.value(trial)),
        _RADIUS[state],
        (plot.x.at(x_ends[0]), plot.x.at(x_ends[1])) if x_ends else None,
        (plot.y.at(y_ends[0]), plot.y.at(y_ends[1])) if y_ends else None,
    )


def _other_words(plot: Plot, fixed: tuple[float, str] | None, beyond: Sequence[tuple[Box, str]]) -> list[Box]:
    """Where a drawing has words that belong to no point."""
    found = []
    if fixed:  # upright, to the left of its line
        at, words = fixed
        length, height = plot.label_size(words)
        top = plot.inside.top
        found.append(Box(at - 4 - height, top, at, top + 4 + length))
    for box, words in beyond:
        width, height = plot.label_size(words)
        found.append(Box(box.right - 4 - width, box.top, box.right, box.top + 4 + height))
    return found


def _labels(study: Study, plot: Plot, points: Sequence[Point], others: Sequence[Box]) -> list[tuple[str, Label, Point]]:
    called = names_of(study)
    named = [point for point in points if point.state in ("front", "reference")]
    named.sort(key=lambda point: point.number not in called)  # where there is no room for all, these
    texts = [" ".join([str(point.number), *called.get(point.number, [])[:1]]) for point in named]
    taken = [Box(p.x - p.radius, p.y - p.radius, p.x + p.radius, p.y + p.radius) for p in points] + [*others]
    bars = [Box(p.x_ends[0], p.y - 1, p.x_ends[1], p.y + 1) for p in named if p.x_ends]
    bars += [Box(p.x - 1, p.y_ends[1], p.x + 1, p.y_ends[0]) for p in named if p.y_ends]
    places = place_labels([(p.x, p.y) for p in named], [plot.label_size(t) for t in texts], taken, plot.inside, bars)
    return [(text, place, point) for text, place, point in zip(texts, places, named, strict=True) if place]


def _beyond(plot: Plot, x: ObjectiveAxis, y: ObjectiveAxis) -> list[tuple[Box, str]]:
    found, inside = [], plot.inside
    if x.limit is not None and plot.x.low < x.limit < plot.x.high:
        at = plot.x.at(x.limit)
        box = inside._replace(left=at) if x.less_is_better else inside._replace(right=at)
        found.append((box, f"limit {x.limit_words}"))
    if y.limit is not None and plot.y.low < y.limit < plot.y.high:
        at = plot.y.at(y.limit)
        box = inside._replace(bottom=at) if y.less_is_better else inside._replace(top=at)
        found.append((box, f"limit {y.limit_words}"))
    return found


def _is_far(one: ObjectiveAxis, plot: Plot) -> bool:
    axis = plot.x if plot.x.label == one.label else plot.y
    return one.limit is not None and not axis.low < one.limit < axis.high

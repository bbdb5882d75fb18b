"""Fronts of several studies over each other, as drawings for a page."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from anenas._sizes import size_in_words
from anenas.report._objective_axis import ObjectiveAxis, objective_axes
from anenas.report._plot import Plot
from anenas.search import CompletedTrial, Study

COLOURS = 6
"""Classes c0 to c5 of the style sheet."""
_RADIUS = 5.5
_SHAPES = (
    "M{0},0a{0},{0} 0 1 0 -{1},0a{0},{0} 0 1 0 {1},0z",  # a circle
    "M-{0},-{0}h{1}v{1}h-{1}z",  # a square
    "M0,-{0}L{0},{0}L-{0},{0}z",  # a triangle
    "M0,-{0}L{0},0L0,{0}L-{0},0z",  # a diamond
    "M0,{0}L{0},-{0}L-{0},-{0}z",  # a triangle on its point
    "M-{0},0h{1}M0,-{0}v{1}",  # a cross
)


@dataclass(frozen=True)
class Mark:
    """How the models of a study are drawn.

    Attributes:
        colour: Number of its colour, below `COLOURS`.
        path: Of its shape around (0, 0), for SVG.
        is_open: Whether it is drawn by lines that enclose nothing.
    """

    colour: int
    path: str
    is_open: bool


@dataclass(frozen=True)
class Point:
    """A model of a front.

    Attributes:
        mark: Of its study.
        x: Its place.
        y: Likewise.
        words: What it is.
        is_joint: Whether no trial of another study dominates it.
        x_ends: Ends of the interval of what is to the right; None where nothing tells.
        y_ends: Likewise upwards.
    """

    mark: Mark
    x: float
    y: float
    words: str
    is_joint: bool
    x_ends: tuple[float, float] | None
    y_ends: tuple[float, float] | None


@dataclass(frozen=True)
class FrontsPlot:
    """One drawing of all fronts.

    Attributes:
        plot: Its frame.
        points: Models of fronts, study by study, the fastest first.
        surfaces: What half of the studies of a kind attain: colour, path, and the surface in words.
    """

    plot: Plot
    points: list[Point]
    surfaces: list[tuple[int, str, str]]


def marks_of(kinds: Sequence[int]) -> list[Mark]:
    """A mark for each study by the number of its kind: where some share one, colours tell kinds and shapes studies."""
    by_kind = 1 < len(set(kinds)) < len(kinds)
    found = []
    for i, kind in enumerate(kinds):
        colour = (kind - 1 if by_kind else i) % COLOURS
        shape = kinds[:i].count(kind) if by_kind else i + i // COLOURS
        path = _SHAPES[shape % len(_SHAPES)].format(_RADIUS, 2 * _RADIUS)
        found.append(Mark(colour, path, not path.endswith("z")))
    return found


def fronts_plots(
    studies: Sequence[Study],
    kinds: Sequence[int],
    joint: Sequence[Collection[int]],
    surfaces: Mapping[int, Sequence[tuple[float, float]]],
) -> list[FrontsPlot]:
    """A drawing of all fronts for each objective but the first.

    Args:
        studies: That can be compared.
        kinds: The number of each one's kind, from 1.
        joint: Numbers of the trials of each that no trial of another dominates.
        surfaces: (latency in ms, score) that half of the studies of a kind attain, by its number.
    """
    first, against = objective_axes(studies[0])
    return [_drawn(studies, kinds, joint, surfaces, _without_limit(x), _without_limit(first)) for x in against]


def words_of(study: Study, trial: CompletedTrial) -> str:
    """The figures of a model for people."""
    estimate, metric = trial.evaluation.estimate, study.metric
    score = metric.words(trial.evaluation.score, trial.evaluation.score_error)
    return f"{metric.title} {score}, {estimate.latency.ms:.3f} ms, {size_in_words(estimate.size_mb)}"


def _without_limit(axis: ObjectiveAxis) -> ObjectiveAxis:
    return dataclasses.replace(axis, limit=None)  # studies may have had different ones


def _drawn(
    studies: Sequence[Study],
    kinds: Sequence[int],
    joint: Sequence[Collection[int]],
    surfaces: Mapping[int, Sequence[tuple[float, float]]],
    x: ObjectiveAxis,
    y: ObjectiveAxis,
) -> FrontsPlot:
    trials = [trial for study in studies for trial in study.pareto]
    fronts = [trial for study in studies for trial in study.front]
    name = f"{y.label} against {x.label}: the fronts of {len(studies)} studies, {len(fronts)} models"
    plot = Plot.of(name, x.axis(trials, fronts), y.axis(trials, fronts))
    points = []
    for study, mark, its in zip(studies, marks_of(kinds), joint, strict=True):
        for trial in sorted(study.front, key=x.value):
            x_ends, y_ends = x.interval(trial), y.interval(trial)
            on = ", on the joint front" if trial.number in its else ""
            points.append(
                Point(
                    mark,
                    plot.x.at(x.value(trial)),
                    plot.y.at(y.value(trial)),
                    f"{study.name}, trial {trial.number}{on}\n{words_of(study, trial)}",
                    trial.number in its,
                    (plot.x.at(x_ends[0]), plot.x.at(x_ends[1])) if x_ends else None,
                    (plot.y.at(y_ends[0]), plot.y.at(y_ends[1])) if y_ends else None,
                )
            )
    points.sort(key=lambda point: point.is_joint)  # drawn above the others
    is_of_surfaces = x.objective.is_latency and not x.objective.chip and y.objective.is_score
    drawn = surfaces.items() if is_of_surfaces else ()
    return FrontsPlot(plot, points, [_surface(plot, y, kinds, kind, steps) for kind, steps in drawn if steps])


def _surface(
    plot: Plot, y: ObjectiveAxis, kinds: Sequence[int], kind: int, steps: Sequence[tuple[float, float]]
) -> tuple[int, str, str]:
    """Where half of the studies of a kind have such a score, and step up to a better one."""
    scale = y.objective.figure.scale
    (x, top), *others = [(plot.x.at(ms), plot.y.at(scale * score)) for ms, score in steps]
    path = f"M{x},{top}" + "".join(f"H{x}V{top}" for x, top in others)
    colour = marks_of(kinds)[list(kinds).index(kind)].colour
    words = f"attained by half of the {list(kinds).count(kind)} studies of kind {kind}"
    return colour, f"{path}H{plot.x.end}", words

"""Choosing among the completed trials of a study: by limits, and by weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from anenas._errors import AnenasError, unknown
from anenas._pareto import front
from anenas.search._distinguish import front_told_apart, scores_told_apart
from anenas.search._objectives import FIGURES, Objective
from anenas.search._problem import LatencyBound, held_against, missed
from anenas.search._study import Study
from anenas.search._trial import CompletedTrial
from anenas.space import Limits, is_least

_Badness = Callable[[CompletedTrial], tuple[float, float]]


@dataclass(frozen=True)
class Choice:
    """The trial that was chosen, and how clearly.

    Attributes:
        trial: The one.
        held: What each limit is held against of it, by the limit's name: "latency_ms", "latency_ms@M2", "size_mb", ….
        kept: How many completed trials keep the limits.
        of: How many there are.
        runner_up: The next best that keeps the limits; None where no other does.
        apart_in: What tells the runner-up from it by more than chance, or than is known of estimates: the score, and
            latency and size, or what has weights; empty where nothing does.
        utility: Of the trial and of the runner-up, where weights chose; see `choose_by_weights`.
    """

    trial: CompletedTrial
    held: Mapping[str, float]
    kept: int
    of: int
    runner_up: CompletedTrial | None
    apart_in: tuple[str, ...]
    utility: tuple[float, ...] = ()


def within(study: Study, limits: Limits, bound: LatencyBound | None = None) -> list[CompletedTrial]:
    """The completed trials that keep limits, beyond those of the search.

    Args:
        study: The study.
        limits: To be kept.
        bound: What of a latency its limit is held against; by default as in the search.

    Raises:
        AnenasError: If one is of a metric that the trials do not tell.
    """
    for name in limits.bounds if study.completed else ():
        _objective(study, name)
    the_bound = bound or _bound(study)
    return [one for one in study.completed if not missed(one.evaluation, limits, the_bound)]


def front_within(study: Study, limits: Limits, bound: LatencyBound | None = None) -> list[CompletedTrial]:
    """The front of those that keep limits, in the order of `Study.front`, likewise."""
    kept = within(study, limits, bound)
    pareto = [kept[i] for i in front(study.objectives.losses(map(study.point, kept)))]
    return [pareto[i] for i in front_told_apart([one.evaluation for one in pareto], study.objectives)]


def choose_within(study: Study, limits: Limits, bound: LatencyBound | None = None) -> Choice:
    """The best by the study's metric of those that keep limits; of equals the fastest.

    Raises:
        AnenasError: If none has completed, or none keeps them; the message says how near they come.
    """

    def badness(trial: CompletedTrial) -> tuple[float, float]:
        return trial.evaluation.shortfall, trial.evaluation.estimate.latency.ms

    return _choice(study, limits, bound, badness, (study.settings.metric, "latency_ms", "size_mb"))


def choose_by_weights(
    study: Study, weights: Mapping[str, float], limits: Limits, bound: LatencyBound | None = None
) -> Choice:
    """The trial of the largest utility of those that keep limits.

    The utility is the sum, over the figures that have a weight, of the weight times 0 for the worst value on the
    study's Pareto front to 1 for the best one there, in proportion in between and beyond. So {"accuracy": 1,
    "latency_ms": 0.3} gives up the whole range of latencies on the front for three tenths of that of accuracies.
    A figure that is equal all over the front counts for nothing.

    Args:
        study: The study.
        weights: Above 0, by what `objectives` of a search may be.
        limits: To be kept.
        bound: See `within`.

    Raises:
        AnenasError: If a weight is of nothing that the study tells, or is not above 0; or as `choose_within`.
    """
    axes = [(_objective(study, name), weight) for name, weight in weights.items()]
    if not axes or any(not 0 < weight < math.inf for _, weight in axes):
        raise AnenasError("weights: expected numbers above 0, such as accuracy=1,latency_ms=0.3")

    def value(objective: Objective, trial: CompletedTrial) -> float:
        return objective.minimised(objective.value(trial.evaluation) or 0.0)

    ends = {}
    for objective, _ in axes:
        found = [value(objective, trial) for trial in study.pareto]
        ends[objective] = (min(found, default=0.0), max(found, default=0.0))

    def badness(trial: CompletedTrial) -> tuple[float, float]:
        gained = 0.0
        for objective, weight in axes:
            best, worst = ends[objective]
            gained += weight * (worst - value(objective, trial)) / (worst - best) if worst > best else 0.0
        return -gained, trial.evaluation.estimate.latency.ms

    return _choice(study, limits, bound, badness, tuple(weights), utility=True)


def apart_in(study: Study, one: CompletedTrial, other: CompletedTrial, names: Sequence[str]) -> tuple[str, ...]:
    """Of figures, those in which two trials differ by more than chance, or than is known of estimates."""

    def differ(name: str) -> bool:
        objective = _objective(study, name)
        a, b = one.evaluation, other.evaluation
        if name == study.settings.metric:
            return scores_told_apart(a, b)
        return objective.is_worse(a, b) or objective.is_worse(b, a)

    return tuple(filter(differ, names))


def _choice(
    study: Study,
    limits: Limits,
    bound: LatencyBound | None,
    badness: _Badness,
    names: Sequence[str],
    *,
    utility: bool = False,
) -> Choice:
    if not study.completed:
        raise AnenasError(f"no trial of {study.name} has completed; resume its search")
    kept = sorted(within(study, limits, bound), key=badness)
    if not kept:
        raise AnenasError(f"no trial of {study.name} satisfies {_told(study, limits, bound or _bound(study))}")
    best, runner_up = kept[0], kept[1] if len(kept) > 1 else None
    return Choice(
        trial=best,
        held=held_against(best.evaluation, limits.bounds, bound or _bound(study)),
        kept=len(kept),
        of=len(study.completed),
        runner_up=runner_up,
        apart_in=apart_in(study, best, runner_up, names) if runner_up else (),
        utility=tuple(-badness(one)[0] for one in kept[:2]) if utility else (),
    )


def _objective(study: Study, name: str) -> Objective:
    family, _, chip = name.partition("@")
    evaluation = study.completed[0].evaluation if study.completed else None
    chips = list(evaluation.estimate.latency_by_chip) if evaluation else []
    told = {study.settings.metric, *(evaluation.metrics if evaluation else ())}
    if (family == "latency_ms" and chip in ("", *chips)) or name in FIGURES or name in told:
        return Objective(name, 1.0)
    known = sorted(told) + list(FIGURES) + [f"latency_ms@{one}" for one in chips]
    raise unknown("figure", name, known)


def _bound(study: Study) -> LatencyBound:
    return "estimate" if study.settings.latency_bound == "estimate" else "upper"


def _told(study: Study, limits: Limits, bound: LatencyBound) -> str:
    """Each limit and the nearest that any trial comes to it."""
    told = []
    held = [(trial.number, held_against(trial.evaluation, limits.bounds, bound)) for trial in study.completed]
    for name, limit in limits.bounds.items():
        least = is_least(name)
        of_each = [  # of several chips the slowest
            (max(value for key, value in one.items() if key == name or key.startswith(f"{name}@")), number)
            for number, one in held
            if name in one
        ]
        best, number = (max if least else min)(of_each)
        end = ", by the upper end of its interval" if name == "latency_ms" and bound == "upper" else ""
        told.append(f"{name} {'≥' if least else '≤'} {limit:g} (the nearest, trial {number}: {best:.4g}{end})")
    return " and ".join(told) + ("" if len(told) == 1 else " at once")

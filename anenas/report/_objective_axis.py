"""Objectives as axes of a drawing: values, what is known of them, and the span that is shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from anenas.latency import Latency
from anenas.report._axis import Axis
from anenas.search import CompletedTrial, Objective, Study

_STEPS = 2  # that can be told apart are on an axis at least
_WIDE = 8  # from this ratio of its ends on an axis is logarithmic
_MARGIN = 0.05
_NEAR = 0.5  # of the span, that an axis is longer to show a limit
_TOLD_APART = 2.3  # standard errors between scores that are told apart: 1.64 √2


@dataclass(frozen=True)
class ObjectiveAxis:
    """One objective as an axis.

    Attributes:
        objective: The objective.
        chip: The study's main chip.
        limit: That networks had to keep, in the unit of the label; None where there is none.
        upper: Whether the limit is held against the upper end of a latency's interval.
        is_measured: Whether latencies on the main chip were measured.
    """

    objective: Objective
    chip: str
    limit: float | None = None
    upper: bool = False
    is_measured: bool = False

    @property
    def label(self) -> str:
        """With the unit, and the chip where it matters."""
        if self.objective.is_latency and not self.objective.chip:
            label = self.objective.label.replace(" (", f" on {self.chip} (")
            return label.replace("estimated latency", "latency") if self.is_measured else label
        return self.objective.label

    @property
    def unit(self) -> str:
        """Of its values, behind a space; empty where it has none."""
        return f" {self.label.rpartition('(')[2].removesuffix(')')}" if self.label.endswith(")") else ""

    @property
    def less_is_better(self) -> bool:
        return self.objective.figure.direction == "minimize"

    def value(self, trial: CompletedTrial) -> float:
        """In the unit of the label."""
        return (self.objective.value(trial.evaluation) or 0.0) * self.objective.figure.scale

    def interval(self, trial: CompletedTrial) -> tuple[float, float] | None:
        """A latency's 90 % interval, or a score with its standard error on both sides; None where nothing tells."""
        if self.objective.is_latency:
            latency = self._latency(trial)
            return latency.low_ms, latency.high_ms
        error = trial.evaluation.score_error
        if not self.objective.is_score or error is None:
            return None
        value, error = self.value(trial), error * self.objective.figure.scale
        return value - error, value + error

    def fixed(self, trials: Sequence[CompletedTrial]) -> float | None:
        """What any prediction costs; None where there is no such thing."""
        return (self._latency(trials[0]).fixed_ms or None) if trials and self.objective.is_latency else None

    def axis(self, trials: Sequence[CompletedTrial], front: Sequence[CompletedTrial]) -> Axis:
        """That shows all trials, and what is known of those of the front.

        What cannot be told apart lies near each other; a limit is seen if it is near.
        """
        values = [self.value(trial) for trial in trials]
        if not values:
            return Axis(self.label, 0.0, 1.0, 0.0, 1.0)
        wide = max(values) > _WIDE * min(values) > 0
        if self.less_is_better and wide and not self.objective.is_latency:
            return self._logarithmic(values)
        ends = [*values, *filter(None, [self.fixed(trials)])]
        ends += [end for trial in front for end in self.interval(trial) or ()]
        low, high = min(ends), max(ends)
        if (missing := self._least_span(low, trials) - (high - low)) > 0:
            low, high = (low, high + missing) if self.less_is_better else (low - missing / 2, high + missing / 2)
        span = high - low
        if self.limit is not None and low - _NEAR * span <= self.limit <= high + _NEAR * span:
            low, high = min(low, self.limit), max(high, self.limit)
        margin = _MARGIN * (high - low) or 1.0
        return Axis(self.label, low - margin, high + margin, 0.0, 1.0)

    def _logarithmic(self, values: list[float]) -> Axis:
        low, high = min(values), max(values)
        if self.limit and low / 2 <= self.limit <= 2 * high:
            low, high = min(low, self.limit), max(high, self.limit)
        margin = (high / low) ** _MARGIN
        return Axis(self.label, low / margin, high * margin, 0.0, 1.0, logarithmic=True)

    def _least_span(self, low: float, trials: Sequence[CompletedTrial]) -> float:
        """Two differences that can be told apart."""
        if self.objective.is_score:
            errors = [trial.evaluation.score_error or 0.0 for trial in trials]
            return _STEPS * _TOLD_APART * max(errors) * self.objective.figure.scale
        step = max(self.objective.step(trial.evaluation) for trial in trials)
        return low * (step**_STEPS - 1)

    def _latency(self, trial: CompletedTrial) -> Latency:
        estimate = trial.evaluation.estimate
        return estimate.latency_by_chip[self.objective.chip] if self.objective.chip else estimate.latency

    @property
    def limit_words(self) -> str:
        """The limit for people; empty where there is none."""
        if self.limit is None:
            return ""
        ends = " (upper end)" if self.upper and self.objective.is_latency else ""
        return f"{'≤' if self.less_is_better else '≥'} {self.limit:.4g}{self.unit}{ends}"

    def is_beyond(self, value: float) -> bool:
        """Whether a value is beyond the limit."""
        if self.limit is None:
            return False
        return value > self.limit if self.less_is_better else value < self.limit


def objective_axes(study: Study) -> tuple[ObjectiveAxis, list[ObjectiveAxis]]:
    """The first objective, and what to draw it against: the others, or the latency where there are none."""
    first, *others = study.objectives
    others = others or [Objective("latency_ms" if first.name != "latency_ms" else "size_mb", math.inf)]

    evaluations = [trial.evaluation for trial in study.completed]
    is_measured = any(one.measurement and one.measurement.latency for one in evaluations)

    def axis(objective: Objective) -> ObjectiveAxis:
        limits = study.settings.limits
        limit = limits.get(objective.name, limits.get(objective.name.partition("@")[0]))  # a latency's is of every chip
        scaled = None if limit is None else limit * objective.figure.scale
        return ObjectiveAxis(
            objective, study.settings.chip, scaled, study.settings.latency_bound == "upper", is_measured
        )

    return axis(first), [axis(other) for other in others]

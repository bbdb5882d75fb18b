"""What a search may optimise: each objective with its direction, its units and its words."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from anenas._errors import AnenasError, unknown
from anenas._pareto import Losses
from anenas.latency import Latency
from anenas.search._evaluation import Estimate, Evaluation
from anenas.tasks import CLASSIFICATION, METRICS, Direction, Metric, Task, find_metric, metric_names

Point = tuple[float, ...]
"""The objectives' values in the study's order, each in its natural direction."""

_DEFAULT = ("latency_ms", "size_mb")  # beside the first metric of the task
_STEP = 1.1  # a tenth more or less of what is known exactly
_MOST = 4  # the front of more holds nearly everything, and its hypervolume takes long


@dataclass(frozen=True)
class Figure:
    """One figure of a network that may be optimised.

    Attributes:
        direction: What is better.
        read: Its value; None of an estimate where only training tells.
        label: For an axis, with the unit.
        scale: From the value to the unit of the label.
        best: What the network with the best value is called, as the name of a folder.
        meaning: What that name means, in words.
        superlative: The best value in a sentence; {} stands for it, in the unit of the label.
        step: The ratio from which on two values are worth telling apart; 1 is any. Of latencies their source tells it.
    """

    direction: Direction
    read: Callable[[Estimate | Evaluation], float | None]
    label: str
    scale: float
    best: str
    meaning: str
    superlative: str
    step: float = 1.0

    def describe_best(self, value: float) -> str:
        """The best value in words: "fastest 0.230 ms"."""
        return self.superlative.format(value * self.scale)

    @property
    def ideal(self) -> float:
        """The best possible value: what is maximised is a fraction."""
        return 1.0 if self.direction == "maximize" else 0.0

    @classmethod
    def of_metric(cls, metric: Metric) -> Self:
        """The value of a metric on the validation inputs."""

        def read(of: Estimate | Evaluation) -> float | None:
            if not isinstance(of, Evaluation):
                return None
            if of.metric == metric.name:
                return of.score
            if metric.name not in of.metrics:
                raise AnenasError(
                    f"an evaluation has {of.metric} but not {metric.name}: an evaluator must return it as `score` "
                    "with its `metric`, or among `metrics`"
                )
            return of.metrics[metric.name]

        best = "best {:.1f}%" if metric.is_fraction else "best {:.4g}"
        if metric.name != "accuracy":
            best += f" {metric.title}"
        scale = 100 if metric.is_fraction else 1
        return cls(metric.direction, read, f"validation {metric.label}", scale, "accurate", "the best score", best)


def _estimate(of: Estimate | Evaluation) -> Estimate:
    return of.estimate if isinstance(of, Evaluation) else of


FIGURES = {
    "latency_ms": Figure(
        "minimize",
        lambda of: _estimate(of).latency.ms,
        "estimated latency (ms)",
        1,
        "fast",
        "the lowest latency",
        "fastest {:.3f} ms",
    ),
    "size_mb": Figure(
        "minimize",
        lambda of: _estimate(of).size_mb,
        "package (MB)",
        1,
        "small",
        "the smallest package",
        "smallest {:.2f} MB",
        _STEP,
    ),
    "macs": Figure(
        "minimize",
        lambda of: _estimate(of).macs,
        "multiply-accumulates (M)",
        1e-6,
        "light",
        "the fewest multiply-accumulates",
        "lightest {:.1f} M MACs",
        _STEP,
    ),
    "params": Figure(
        "minimize",
        lambda of: _estimate(of).params,
        "parameters (M)",
        1e-6,
        "lean",
        "the fewest parameters",
        "fewest parameters {:.2f} M",
        _STEP,
    ),
    "residency": Figure(
        "maximize",
        lambda of: _estimate(of).residency,
        "time on the engine (%)",
        100,
        "resident",
        "the most time on the engine",
        "most resident {:.0f}%",
    ),
}
"""What a search may optimise beside the metrics of a task. The latency on another chip than the main one is
latency_ms@CHIP."""


_MEANINGS = {
    "knee": "the best compromise, beyond which one objective becomes expensive in the others",
    **{one.best: one.meaning for one in (Figure.of_metric(find_metric("accuracy")), *FIGURES.values())},
}


def pick_meaning(name: str) -> str:
    """What a name of `Study.picks` means: "fast-M2" is "the lowest latency on M2"."""
    family, _, chip = name.partition("-")
    return f"{_MEANINGS[family]} on {chip}" if chip else _MEANINGS[family]


@dataclass(frozen=True)
class Objective:
    """A figure that is optimised.

    Attributes:
        name: Such as "accuracy", "recall@cat" or "latency_ms@M2".
        reference: Its value at the reference point of the hypervolume: beyond it a network is worth nothing.
    """

    name: str
    reference: float

    @property
    def figure(self) -> Figure:
        return figure(self.name)

    @property
    def chip(self) -> str:
        """The chip in its name; empty for the search's main chip, and for what is the same on any."""
        return self.name.partition("@")[2] if self.is_latency else ""

    @property
    def is_latency(self) -> bool:
        return self.name.partition("@")[0] == "latency_ms"

    @property
    def is_score(self) -> bool:
        """Whether it says how well a network does, which only training tells."""
        return is_metric(self.name)

    @property
    def is_stepped(self) -> bool:
        """Whether not every difference of its values is told apart."""
        return self.is_latency or self.figure.step > 1

    @property
    def label(self) -> str:
        """For an axis, with the unit."""
        return self.figure.label.replace(" (", f" on {self.chip} (") if self.chip else self.figure.label

    @property
    def best(self) -> str:
        """What the network that is best in it is called."""
        return f"{self.figure.best}-{self.chip}" if self.chip else self.figure.best

    def value(self, of: Estimate | Evaluation) -> float | None:
        """Its value for a network; None for an estimate where only training tells."""
        return _estimate(of).latency_by_chip[self.chip].ms if self.chip else self.figure.read(of)

    def step(self, of: Estimate | Evaluation) -> float:
        """The ratio from which on another value is told apart from that of a network."""
        if not self.is_latency:
            return self.figure.step
        return self._latency(of).apart

    def _latency(self, of: Estimate | Evaluation) -> Latency:
        return _estimate(of).latency_by_chip[self.chip] if self.chip else _estimate(of).latency

    def resolved(self, of: Estimate | Evaluation) -> float | None:
        """The value of a network in steps of what is told apart: the lower end of its step."""
        value, step = self.value(of), self.step(of)
        if value is None or step == 1 or not 0 < value < math.inf:
            return value
        return step ** math.floor(math.log(value, step))

    def is_worse(self, one: Evaluation, other: Evaluation) -> bool:
        """Whether the value of one network is worse than that of another by as much as is told apart."""
        a, b = (self.minimised(self.value(of) or 0.0) for of in (one, other))
        if a <= b or self.figure.direction == "maximize":
            return a > b
        if self.is_latency:
            return self._latency(one).told_apart(self._latency(other))
        return a >= b * self.figure.step

    def describe_best(self, value: float) -> str:
        """The best value in words: "fastest 0.230 ms"."""
        words = self.figure.describe_best(value)
        return f"{words} on {self.chip}" if self.chip else words

    def minimised(self, value: float) -> float:
        """The value with the sign that makes less better."""
        return -value if self.figure.direction == "maximize" else value

    def loss(self, value: float) -> float:
        """0 at the ideal, 1 at the reference point."""
        return (value - self.figure.ideal) / (self.reference - self.figure.ideal)


class Objectives(tuple[Objective, ...]):
    """The objectives of a study in its order."""

    __slots__ = ()

    @classmethod
    def of(cls, reference_point: Mapping[str, float]) -> Self:
        """From the reference value of each by its name."""
        return cls(Objective(name, value) for name, value in reference_point.items())

    def point(self, evaluation: Evaluation) -> Point:
        """Their values of a network that was trained."""
        return tuple(float(objective.value(evaluation) or 0.0) for objective in self)

    def resolved(self, evaluation: Evaluation) -> Point:
        """The same in steps of what can be told apart."""
        return tuple(float(objective.resolved(evaluation) or 0.0) for objective in self)

    def losses(self, points: Iterable[Point]) -> list[Losses]:
        """Points as `front`, `hypervolume` and `knee` take them."""
        return [tuple(o.loss(value) for o, value in zip(self, point, strict=True)) for point in points]


def is_metric(name: str) -> bool:
    """Whether an objective, or what has a limit, is a metric of the task."""
    return name.partition("@")[0] in METRICS


@functools.cache
def figure(name: str) -> Figure:
    """What an objective, or a limit, is of.

    Raises:
        AnenasError: If there is none of that name.
    """
    family = name.partition("@")[0]
    return FIGURES[family] if family in FIGURES else Figure.of_metric(find_metric(name))


def objective_names(names: Sequence[str] | None, chips: Sequence[str], task: Task = CLASSIFICATION) -> tuple[str, ...]:
    """The names in full: "latency_ms" stands for the latency on every chip of the search, the first one first.

    Args:
        names: As a user gives them; None is the task's first metric, the latency and the size, without the size where
            so many chips leave no room.
        chips: The search's.
        task: The search's.

    Raises:
        AnenasError: If one is unknown or listed twice, or there are none or too many.
    """
    if names is None:
        names = (task.metrics[0], *_DEFAULT[: None if len(chips) + 2 <= _MOST else 1])
    found: list[str] = []
    for name in names:
        family, _, chip = name.partition("@")
        if is_metric(name):
            found.append(name)
            continue
        if family not in FIGURES or (chip and family != "latency_ms"):
            raise unknown("objective", name, [*metric_names(), *FIGURES, f"latency_ms@{chips[0]}"])
        if chip and chip not in chips:
            raise AnenasError(f"objective '{name}': {chip} is not among the chips of the search, {', '.join(chips)}")
        wanted = ([chip] if chip else list(chips)) if family == "latency_ms" else [chips[0]]
        found += [family if chip == chips[0] else f"{family}@{chip}" for chip in wanted]
    if len(scores := [name for name in found if is_metric(name)]) > 1:
        limit = "max_metrics" if figure(scores[1]).direction == "minimize" else "min_metrics"
        raise AnenasError(
            f"objectives {' and '.join(scores)} are both metrics of the task; use one of them as an objective and "
            f"limit the other with `{limit}`"
        )
    if len(set(found)) < len(found):
        raise AnenasError(f"objectives '{','.join(names)}': one is listed twice")
    if not 1 <= len(found) <= _MOST:
        raise AnenasError(f"expected 1 to {_MOST} objectives, got {len(found)}; use limits for the others")
    return tuple(found)

"""Metrics: figures of how well a model does, by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from anenas._errors import AnenasError, unknown
from anenas._registry import Registry
from anenas.tasks._predictions import Predictions

Direction = Literal["maximize", "minimize"]
Measure = Callable[[Predictions], float]
OfClass = Callable[[Predictions, int], float]

_RESAMPLES = 100  # the standard error is then known to a fourteenth: 1 / √(2 · 99)


def binomial_error(fraction: float, count: int) -> float:
    """The standard error of a fraction of so many inputs.

    √(p (1 − p) / n) after half an input more that is right and half a one that is wrong: without them it would be 0
    where all are right, as if nothing were left to doubt. That is the adjusted interval of Agresti & Coull 1998
    (Am. Statist. 52:119) for one standard deviation; of many inputs far from either end it is as good as the plain one.
    """
    adjusted = (fraction * count + 0.5) / (count + 1)
    return math.sqrt(adjusted * (1 - adjusted) / (count + 1))


@dataclass(frozen=True)
class Metric:
    """A figure of how well a model does.

    Attributes:
        name: By which it is an objective or has a limit, such as "macro_f1", or "recall@cat" of one class.
        title: For a table or an axis, such as "macro F1".
        measure: Its value.
        direction: What is better. A metric that is maximised is best at 1, one that is minimised at 0.
        is_fraction: Whether it is shown in per cent.
        error: The standard error of its value; by default that of the bootstrap.
        count: How many inputs it is a figure of.
    """

    name: str
    title: str
    measure: Measure
    direction: Direction = "maximize"
    is_fraction: bool = True
    error: Measure | None = None
    count: Callable[[Predictions], int] = len

    def __post_init__(self) -> None:
        # Registries and workers tell entries apart by where they are from: that is its function's module.
        vars(self).update(__module__=self.measure.__module__, __qualname__=self.measure.__qualname__)

    @property
    def label(self) -> str:
        """The title with the unit."""
        return f"{self.title} (%)" if self.is_fraction else self.title

    def standard_error(self, predictions: Predictions) -> float:
        """Of the value: by its formula, or the standard deviation over inputs drawn again with replacement.

        That is the bootstrap (Efron 1979, Ann. Statist. 7:1), of a hundred draws, always the same. Where all inputs are
        right, or all wrong, every draw is alike; a fraction has the error of a binomial one then.
        """
        if self.error:
            return self.error(predictions)
        rng = np.random.default_rng(0)
        count = len(predictions)
        draws = [self.measure(predictions.take(rng.integers(count, size=count))) for _ in range(_RESAMPLES)]
        deviation = float(np.std(draws, ddof=1))
        if deviation == 0 and self.is_fraction and (value := self.measure(predictions)) in (0, 1):
            return binomial_error(value, max(1, self.count(predictions)))
        return deviation

    def words(self, value: float, error: float | None = None) -> str:
        """The value for people: "87.3 ± 0.7 %", "0.214 ± 0.008"; "87.31%" where nothing tells its error."""
        if self.is_fraction:
            return f"{value:.2%}" if error is None else f"{100 * value:.1f} ± {100 * error:.1f} %"
        return f"{value:.4g}" if error is None else f"{value:.4g} ± {error:.2g}"


@dataclass(frozen=True)
class ClassMetric:
    """A family of metrics, one for each class.

    Attributes:
        name: Before the "@".
        title: For a table, before the class.
        measure: The value for the class at a place in the names.
    """

    name: str
    title: str
    measure: OfClass

    def __post_init__(self) -> None:
        vars(self).update(__module__=self.measure.__module__, __qualname__=self.measure.__qualname__)

    def of(self, name: str) -> Metric:
        """That of one class or target."""

        def measure(predictions: Predictions) -> float:
            return self.measure(predictions, list(predictions.names).index(name))

        def count(predictions: Predictions) -> int:
            place, labels = list(predictions.names).index(name), predictions.labels
            return int(np.sum(labels == place if labels.ndim == 1 else labels[:, place]))

        return Metric(f"{self.name}@{name}", f"{self.title} of {name}", measure, count=count)


METRICS: Registry[Metric | ClassMetric] = Registry("metric", in_trials=True)
"""Every metric by name; that of a class is named by what stands before the "@"."""


def metric(
    name: str,
    direction: Direction = "maximize",
    *,
    title: str = "",
    is_fraction: bool = True,
    error: Measure | None = None,
) -> Callable[[Measure], Measure]:
    """A decorator that makes a function a metric.

        @anenas.metric("cost", "minimize", is_fraction=False)
        def cost(predictions):
            missed = (predictions.labels == 1) & (predictions.predicted == 0)
            return 10 * missed.mean() + (predictions.predicted != predictions.labels).mean()

    In a file that `--plugin` names, this gives `--objectives cost,latency_ms` and `--max-metric cost=0.2`. The function
    is called with `Predictions` and returns a number.

    Args:
        name: Of the metric.
        direction: What is better. What is maximised should be 1 at best, what is minimised 0.
        title: For tables; the name by default.
        is_fraction: Whether it is shown in per cent.
        error: The standard error of the value; by default that of the bootstrap.

    Raises:
        AnenasError: When used, if there is another metric of that name.
    """

    def add(measure: Measure) -> Measure:
        METRICS(name)(Metric(name, title or name, measure, direction, is_fraction, error))
        return measure

    return add


def class_metric(name: str) -> Callable[[OfClass], OfClass]:
    """A decorator that makes a function a metric of each class: it is called with `Predictions` and a place in them.

    Raises:
        AnenasError: When used, if there is another metric of that name.
    """

    def add(measure: OfClass) -> OfClass:
        METRICS(name)(ClassMetric(name, name, measure))
        return measure

    return add


def find_metric(name: str, names: Sequence[str] | None = None) -> Metric:
    """The metric of a name.

    Args:
        name: Such as "macro_f1", or "recall@cat".
        names: Of classes or targets, where they are known.

    Raises:
        AnenasError: If there is none of that name, or it is that of a class that there is not.
    """
    family, at, of = name.partition("@")
    if family not in METRICS:
        raise unknown("metric", name, metric_names())
    found = METRICS[family]
    if isinstance(found, Metric):
        if at:
            raise AnenasError(f"metric '{name}': {family} covers all classes; leave out '@{of}'")
        return found
    if not of:
        example = names[0] if names else "CLASS"
        raise AnenasError(f"metric '{name}' is for one class: name it, such as {family}@{example}")
    if names is not None and of not in names:
        raise unknown("class", of, names)
    return found.of(of)


def metric_names() -> list[str]:
    """Every metric's name, those of a class with "@CLASS"."""
    return [name if isinstance(one, Metric) else f"{name}@CLASS" for name, one in METRICS.items()]

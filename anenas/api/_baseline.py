"""Forecasts: whether any network of a search is better than repeating the last value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from anenas.data import Dataset
from anenas.search import CompletedTrial
from anenas.tasks import Metric, Predictions, find_metric


@dataclass(frozen=True)
class LastValue:
    """How well the last value of each validation window does as its forecast.

    Attributes:
        metric: By which networks are compared.
        value: Of the last values.
    """

    metric: Metric
    value: float

    @classmethod
    def of(cls, dataset: Dataset, name: str) -> Self | None:
        """By the metric of that name; None where nothing is forecast: no target is among the channels."""
        if not (channels := dataset.forecast_channels):
            return None
        held = dataset.validation
        last = held.inputs[:, channels, 0, -1].astype(np.float32)
        metric = find_metric(name, dataset.classes)
        return cls(metric, metric.measure(Predictions(last, held.labels, dataset.classes)))

    def unbeaten(self, trials: Sequence[CompletedTrial]) -> str:
        """That no trial forecasts better, and what to do; empty where one does, or there is none."""
        scores = [trial.shipped.score for trial in trials if trial.shipped.metric == self.metric.name]
        if not scores:
            return ""
        is_maximised = self.metric.direction == "maximize"
        best = max(scores) if is_maximised else min(scores)
        if best > self.value if is_maximised else best < self.value:
            return ""
        return (
            f"no network forecasts better than repeating the last value, which has {self.metric.title} "
            f"{self.value:.4g} on the same validation windows (the best network: {best:.4g}); try other "
            "`epochs`, fewer where rows are few, or do not ship one"
        )

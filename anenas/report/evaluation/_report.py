"""What every report of a model on inputs has, whatever its task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.report.evaluation._figure import Figure
from anenas.report.evaluation._intervals import normal
from anenas.report.evaluation._sheet import BadInputs, Sheet
from anenas.tasks import Predictions, find_metric

MOST_WRONG = 24
"""Of the inputs that it is most wrong about, those that are named."""


@dataclass(frozen=True)
class Picture:
    """A picture of a report.

    Attributes:
        file: Its name.
        shows: What is seen, in words.
        draw: Writes that of a report to a path.
    """

    file: str
    shows: str
    draw: Callable[[Any, Path], None]


@dataclass(frozen=True, eq=False)
class Report(ABC):
    """What a model gets right and wrong of inputs for which it is known what is right.

    Raises:
        AnenasError: If the shapes do not fit each other, or there are no inputs.
    """

    pictures: ClassVar[tuple[Picture, ...]] = ()
    """The most telling one first."""

    scores: NDArray[np.float32]
    """(N, K): what the model tells of each input."""
    labels: NDArray[Any]
    """What is right, as the task has it."""
    classes: tuple[str, ...]
    """The name of each class or number, in the order of the scores."""
    names: tuple[str, ...] | None = None
    """For each input the file that it came from; None where nothing tells."""
    metrics: tuple[str, ...] = ()
    """Names of metrics that are figures besides its own."""

    def __post_init__(self) -> None:
        count = len(self.labels)
        if not count:
            raise AnenasError("there are no inputs to evaluate")
        if self.scores.shape != (count, len(self.classes)):
            raise AnenasError(f"scores must be ({count}, {len(self.classes)}), not {self.scores.shape}")
        if self.names is not None and len(self.names) != count:
            raise AnenasError(f"{len(self.names)} names were given for {count} inputs")

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def figures(self) -> Mapping[str, Figure]:
        """By title, those with an interval first; those of `metrics` at the end."""
        return {**self._figures(), **{find_metric(name).title: self._measured(name) for name in self.metrics}}

    def _measured(self, name: str) -> Figure:
        """A metric, with the interval that its standard error gives."""
        metric, predictions = find_metric(name), Predictions(self.scores, self.labels, self.classes)
        value = metric.measure(predictions)
        interval = normal(value, metric.standard_error(predictions), is_fraction=metric.is_fraction)
        return Figure(value, *interval, is_fraction=metric.is_fraction)

    def _figures(self) -> Mapping[str, Figure]:
        """Its own."""
        return {}

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be said of the figures, a sentence each."""
        return ()

    def sheet(self, most: int | None = None) -> Sheet | None:
        """A row for each class or number, of more than `most` of the worst; None where there is no such table."""
        return None

    @property
    def more_sheets(self) -> tuple[Sheet, ...]:
        """Further tables, for a page."""
        return ()

    @property
    def weakest(self) -> tuple[str, str] | None:
        """What it is worst at, for a table of several models: a heading and the words."""
        return None

    def worst(self, most: int = MOST_WRONG) -> BadInputs | None:
        """The inputs that it is most wrong about; None where nothing tells them."""
        return None

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """For JSON; without NaN."""

    def _file(self, index: int) -> str | None:
        return self.names[index] if self.names else None

    def _measures(self) -> dict[str, Any]:
        """Those of `metrics`, for JSON."""
        return {name: self.figures[find_metric(name).title].to_dict() for name in self.metrics}


def dicts(records: Sequence[Any]) -> list[dict[str, Any]]:
    """Of dataclasses, for JSON."""
    return [asdict(one) for one in records]

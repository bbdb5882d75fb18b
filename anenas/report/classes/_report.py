"""What a classifier gets right and wrong of inputs whose classes are known."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.report.classes._calibration import Bin, calibration, calibration_error
from anenas.report.classes._intervals import averages, bootstrap_averages, wilson

MOST_WRONG = 24
"""Of the most confidently wrong inputs, those that are named."""

_SUM = 0.02  # that probabilities of float16 may be off 1, with a thousand of them


@dataclass(frozen=True)
class Average:
    """A figure of all inputs, from 0 to 1, and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ClassFigures:
    """How one class fares. What has no inputs to be the share of is None.

    Attributes:
        name: Of the class.
        support: How many inputs it has.
        predicted: How many were taken for it.
        precision: The share of those that is of the class; None where there are none.
        recall: The share of its inputs that was recognised; None where it has none.
        recall_low: Lower end of the 95 % interval of that.
        recall_high: Upper end.
        f1: Harmonic mean of precision and recall; None where it has no inputs.
    """

    name: str
    support: int
    predicted: int
    precision: float | None
    recall: float | None
    recall_low: float | None
    recall_high: float | None
    f1: float | None


@dataclass(frozen=True)
class Wrong:
    """An input that was taken for another class.

    Attributes:
        index: Its place among the inputs.
        file: Where it came from; None where nothing tells.
        label: Its class.
        predicted: What it was taken for.
        probability: Of that.
    """

    index: int
    file: str | None
    label: str
    predicted: str
    probability: float


@dataclass(frozen=True)
class Confusion:
    """How many inputs of one class were taken for another."""

    label: str
    predicted: str
    count: int


@dataclass(frozen=True, eq=False)
class ClassReport:
    """The report of a classification with one class an input.

    Raises:
        AnenasError: If the shapes do not fit each other, there are no inputs, or scores are no probabilities.
    """

    scores: NDArray[np.float32]
    """(N, K): the probability of each class for each input."""
    labels: NDArray[np.int64]
    """(N,): for each input the index of its class."""
    classes: tuple[str, ...]
    """The name of each class, in the order of the scores."""
    names: tuple[str, ...] | None = None
    """For each input the file that it came from; None where nothing tells."""

    def __post_init__(self) -> None:
        count = len(self.labels)
        if not count:
            raise AnenasError("there are no inputs to report on")
        if self.scores.shape != (count, len(self.classes)):
            raise AnenasError(f"scores must be ({count}, {len(self.classes)}), not {self.scores.shape}")
        if not 0 <= self.labels.min() <= self.labels.max() < len(self.classes):
            raise AnenasError(f"labels must be 0 to {len(self.classes) - 1}, places in the classes")
        if self.names is not None and len(self.names) != count:
            raise AnenasError(f"{len(self.names)} names were given for {count} inputs")
        if not is_probabilities(self.scores):
            raise AnenasError("scores must be probabilities: 0 or more, and 1 in sum for each input")

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """(N,): for each input the index of its most probable class."""
        return self.scores.argmax(1)

    @cached_property
    def confidence(self) -> NDArray[np.float32]:
        """(N,): the probability of that."""
        return self.scores.max(1)

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """(K, K) counts: a row for each class, a column for each prediction."""
        from sklearn.metrics import confusion_matrix

        found: NDArray[np.int64] = confusion_matrix(self.labels, self.predicted, labels=range(len(self.classes)))
        return found

    @cached_property
    def accuracy(self) -> Average:
        """The fraction of inputs classified correctly, with Wilson's interval."""
        right = int(np.trace(self.confusion))
        return Average(right / len(self), *wilson(right, len(self)))

    @property
    def balanced_accuracy(self) -> Average:
        """The mean recall of the classes that have inputs, with a bootstrapped interval."""
        return self._averages[0]

    @property
    def macro_f1(self) -> Average:
        """The mean F1 of the classes that have inputs, with a bootstrapped interval."""
        return self._averages[1]

    @cached_property
    def _averages(self) -> tuple[Average, Average]:
        values = averages(np.diag(self.confusion), self.confusion.sum(1), self.confusion.sum(0))
        balanced, f1 = bootstrap_averages(self.confusion)
        return Average(values[0], *balanced), Average(values[1], *f1)

    @cached_property
    def calibration(self) -> tuple[Bin, ...]:
        """How often it is right where it is so sure; ranges of confidence without inputs are left out."""
        return calibration(self.confidence, self.predicted == self.labels)

    @property
    def calibration_error(self) -> float:
        """The expected calibration error: 0 where it is right as often as its probabilities say."""
        return calibration_error(self.calibration)

    @cached_property
    def by_class(self) -> tuple[ClassFigures, ...]:
        """Each class, in the order of the classes."""
        from sklearn.metrics import precision_recall_fscore_support

        places = range(len(self.classes))
        figures = precision_recall_fscore_support(self.labels, self.predicted, labels=places, zero_division=np.nan)
        return tuple(self._of_class(*one) for one in zip(places, *figures, strict=True))

    def _of_class(self, place: int, precision: float, recall: float, f1: float, support: int) -> ClassFigures:
        low, high = wilson(int(self.confusion[place, place]), int(support)) if support else (None, None)
        return ClassFigures(
            name=self.classes[place],
            support=int(support),
            predicted=int(self.confusion[:, place].sum()),
            precision=None if np.isnan(precision) else float(precision),
            recall=float(recall) if support else None,
            recall_low=low,
            recall_high=high,
            f1=float(f1) if support else None,
        )

    @property
    def without_inputs(self) -> tuple[str, ...]:
        """The classes that have none: they are left out of averages."""
        return tuple(one.name for one in self.by_class if not one.support)

    def most_wrong(self, most: int = MOST_WRONG) -> tuple[Wrong, ...]:
        """Wrong inputs, those first that it was surest of."""
        wrong = np.flatnonzero(self.predicted != self.labels)
        chosen = wrong[np.argsort(-self.confidence[wrong], kind="stable")][:most]
        return tuple(
            Wrong(
                index=int(i),
                file=self.names[i] if self.names else None,
                label=self.classes[self.labels[i]],
                predicted=self.classes[self.predicted[i]],
                probability=float(self.confidence[i]),
            )
            for i in chosen
        )

    def most_confused(self, most: int = 10) -> tuple[Confusion, ...]:
        """The pairs of classes that are confused most often, the most frequent first."""
        errors = self.confusion - np.diag(np.diag(self.confusion))
        chosen = np.argsort(-errors, axis=None, kind="stable")[:most]
        pairs = (divmod(int(place), len(self.classes)) for place in chosen)
        return tuple(
            Confusion(self.classes[row], self.classes[column], int(errors[row, column]))
            for row, column in pairs
            if errors[row, column]
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "inputs": len(self),
            **{name: dataclasses.asdict(getattr(self, name)) for name in ("accuracy", "balanced_accuracy", "macro_f1")},
            "calibration_error": self.calibration_error,
            "without_inputs": list(self.without_inputs),
            "classes": _dicts(self.by_class),
            "confusion": self.confusion.tolist(),
            "calibration": _dicts(self.calibration),
            "most_wrong": _dicts(self.most_wrong()),
        }


def is_probabilities(scores: NDArray[np.float32]) -> bool:
    """Whether (N, K) scores are probabilities in each row, up to the rounding of float16."""
    return bool(scores.min() >= 0 and np.abs(scores.sum(1, dtype=np.float64) - 1).max() <= _SUM)


def _dicts(records: Sequence[Any]) -> list[dict[str, Any]]:
    return [dataclasses.asdict(one) for one in records]

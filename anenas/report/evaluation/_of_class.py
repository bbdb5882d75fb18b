"""What a classifier gets right and wrong of inputs that have one class each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.report.evaluation._calibration import Bin, calibration, calibration_error
from anenas.report.evaluation._draw_calibration import draw_calibration
from anenas.report.evaluation._draw_classes import draw_confusion
from anenas.report.evaluation._figure import Figure, percent
from anenas.report.evaluation._intervals import averages, bootstrap_averages, wilson
from anenas.report.evaluation._report import MOST_WRONG, Picture, Report, dicts
from anenas.report.evaluation._sheet import INTERVAL, BadInput, BadInputs, Sheet, left_out, numbers, texts, worst_rows

_SUM = 0.02  # that probabilities of float16 may be off 1, with a thousand of them
_NAMED = 10  # classes without inputs
_NOTE = (
    "Precision: the share of the inputs predicted as a class that belong to it. Recall: the share of the inputs of a "
    "class that are recognized, with its interval. F1: their harmonic mean. Balanced accuracy and macro F1 are means "
    "of the "
    "recalls and of the F1 scores over all classes. Intervals of shares are Wilson's, of means a bootstrap of 1,000 "
    "resamples."
)


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
class ClassReport(Report):
    """The report of a classification: labels are int64, (N,), places in the classes; scores are probabilities.

    Raises:
        AnenasError: See `Report`; or labels are no such places, or scores no probabilities.
    """

    pictures: ClassVar = (
        Picture("confusion.png", "Confusion matrix: one row per class, one column per prediction", draw_confusion),
        Picture(
            "calibration.png",
            "Calibration: how often predictions with this probability are right",
            partial(draw_calibration, axis="probability of the predicted class", share="share of right predictions"),
        ),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.labels.min() <= self.labels.max() < len(self.classes):
            raise AnenasError(f"labels must be 0 to {len(self.classes) - 1}, the indices of the classes")
        if not is_probabilities(self.scores):
            raise AnenasError("scores must be probabilities: 0 or more, with the sum 1 for each input")

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
    def accuracy(self) -> Figure:
        """The fraction of inputs classified correctly, with Wilson's interval."""
        right = int(np.trace(self.confusion))
        return Figure(right / len(self), *wilson(right, len(self)))

    @property
    def balanced_accuracy(self) -> Figure:
        """The mean recall of the classes that have inputs, with a bootstrapped interval."""
        return self._averages[0]

    @property
    def macro_f1(self) -> Figure:
        """The mean F1 of the classes that have inputs, with a bootstrapped interval."""
        return self._averages[1]

    @cached_property
    def _averages(self) -> tuple[Figure, Figure]:
        values = averages(np.diag(self.confusion), self.confusion.sum(1), self.confusion.sum(0))
        balanced, f1 = bootstrap_averages(self.confusion)
        return Figure(values[0], *balanced), Figure(values[1], *f1)

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

    def _figures(self) -> Mapping[str, Figure]:
        return {
            "accuracy": self.accuracy,
            "balanced accuracy": self.balanced_accuracy,
            "macro F1": self.macro_f1,
            "calibration error": Figure(self.calibration_error),
        }

    @property
    def remarks(self) -> tuple[str, ...]:
        absent = self.without_inputs
        if not absent:
            return ()
        rest = f" and {len(absent) - _NAMED} more" if len(absent) > _NAMED else ""
        count = "1 class has no inputs and is" if len(absent) == 1 else f"{len(absent)} classes have no inputs and are"
        return (f"{count} not in the averages: {', '.join(absent[:_NAMED])}{rest}",)

    def sheet(self, most: int | None = None) -> Sheet:
        """A row for each class, of more than `most` those with the lowest F1."""
        taken = {one.label: one for one in reversed(self.most_confused(len(self.classes) ** 2))}
        shown = worst_rows(self.by_class, most, lambda one: one.f1)
        return Sheet(
            "Classes",
            (
                *texts("class"),
                *numbers("inputs", "precision", "recall"),
                INTERVAL,
                *numbers("F1"),
                *texts("most confused with"),
            ),
            tuple(
                (
                    one.name,
                    f"{one.support:,}",
                    percent(one.precision),
                    percent(one.recall),
                    Figure(one.recall, one.recall_low, one.recall_high).interval if one.recall is not None else "",
                    percent(one.f1),
                    f"{taken[one.name].predicted}, {taken[one.name].count:,}" if one.name in taken else "",
                )
                for one in shown
            ),
            _NOTE,
            left_out(shown, self.classes, "F1", "classes"),
        )

    @property
    def more_sheets(self) -> tuple[Sheet, ...]:
        """The pairs that are confused most often."""
        rows = tuple((one.label, one.predicted, f"{one.count:,}") for one in self.most_confused())
        return (
            (Sheet("Confused most often", (*texts("class", "predicted as"), *numbers("inputs")), rows),) if rows else ()
        )

    @property
    def weakest(self) -> tuple[str, str]:
        """The class that it recognises least."""
        one = min((c for c in self.by_class if c.recall is not None), key=lambda c: c.recall or 0.0)
        return "least recognised", f"{one.name}, {percent(one.recall)}"

    def worst(self, most: int = MOST_WRONG) -> BadInputs:
        """Those that are wrong, those first that it was surest of."""
        wrong, count = self.most_wrong(most), int((self.predicted != self.labels).sum())
        return BadInputs(
            "Most confidently wrong",
            (*texts("class", "predicted as"), *numbers("with")),
            tuple(
                BadInput(
                    one.index,
                    one.file,
                    (one.label, one.predicted, percent(one.probability)),
                    (f"{one.label}, predicted as ", one.predicted, f" with {percent(one.probability)}"),
                )
                for one in wrong
            ),
            f"The {len(wrong)} of {count:,} wrong inputs with the highest probabilities." if wrong else "",
        )

    def most_wrong(self, most: int = MOST_WRONG) -> tuple[Wrong, ...]:
        """Wrong inputs, those first that it was surest of."""
        wrong = np.flatnonzero(self.predicted != self.labels)
        chosen = wrong[np.argsort(-self.confidence[wrong], kind="stable")][:most]
        return tuple(
            Wrong(
                index=int(i),
                file=self._file(i),
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
            **{name: getattr(self, name).to_dict() for name in ("accuracy", "balanced_accuracy", "macro_f1")},
            "calibration_error": self.calibration_error,
            **self._measures(),
            "without_inputs": list(self.without_inputs),
            "classes": dicts(self.by_class),
            "confusion": self.confusion.tolist(),
            "calibration": dicts(self.calibration),
            "most_wrong": dicts(self.most_wrong()),
        }


def is_probabilities(scores: NDArray[np.float32]) -> bool:
    """Whether (N, K) scores are probabilities in each row, up to the rounding of float16."""
    return bool(scores.min() >= 0 and np.abs(scores.sum(1, dtype=np.float64) - 1).max() <= _SUM)

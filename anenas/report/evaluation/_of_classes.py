"""What a classifier gets right and wrong of inputs that may belong to several classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.report.evaluation._average_precision import mean_average_precision
from anenas.report.evaluation._calibration import Bin, calibration, calibration_error
from anenas.report.evaluation._draw_calibration import draw_calibration
from anenas.report.evaluation._draw_labels import draw_counts
from anenas.report.evaluation._figure import Figure, percent
from anenas.report.evaluation._intervals import bootstrap, wilson
from anenas.report.evaluation._report import MOST_WRONG, Picture, Report, dicts
from anenas.report.evaluation._sheet import INTERVAL, BadInput, BadInputs, Sheet, left_out, numbers, texts, worst_rows
from anenas.tasks import THRESHOLD

_NOTE = (
    f"An input is predicted to belong to a class if its probability is at least {THRESHOLD}. Right: predicted and "
    "true; wrong: predicted but not true; missed: true but not predicted. Precision: the share of right among "
    "right and wrong. Recall: the share of right among right and missed, with its interval (Wilson). F1: their "
    "harmonic mean. "
    "Average precision: the area under the precision-recall curve, over all thresholds. Macro F1 and mean average "
    "precision are means over the classes that have inputs."
)


@dataclass(frozen=True)
class LabelFigures:
    """How one class fares. What has no inputs to be the share of is None.

    Attributes:
        name: Of the class.
        support: How many inputs belong to it.
        right: How many of them were said to.
        wrong: How many others were said to.
        missed: How many that belong to it were not said to.
        rightly_not: How many others were not said to.
        precision: Of those that were said to belong, the share that does; None where there are none.
        recall: Of those that belong, the share that was said to; None where there are none.
        recall_low: Lower end of the 95 % interval of that.
        recall_high: Upper end.
        f1: Harmonic mean of precision and recall; None where none belong to it.
        average_precision: The area under precision against recall; None where none belong to it.
    """

    name: str
    support: int
    right: int
    wrong: int
    missed: int
    rightly_not: int
    precision: float | None
    recall: float | None
    recall_low: float | None
    recall_high: float | None
    f1: float | None
    average_precision: float | None


@dataclass(frozen=True)
class WrongLabel:
    """An input that was wrongly said, or not said, to belong to a class.

    Attributes:
        index: Its place among the inputs.
        file: Where it came from; None where nothing tells.
        label: The class.
        belongs: Whether it belongs to it.
        probability: Of that it does, as the model says.
    """

    index: int
    file: str | None
    label: str
    belongs: bool
    probability: float


@dataclass(frozen=True, eq=False)
class LabelReport(Report):
    """The report of several classes: labels are uint8, (N, K), 1 where an input belongs to a class.

    Raises:
        AnenasError: See `Report`; or labels are not 0 and 1, or scores no probabilities.
    """

    pictures: ClassVar = (
        Picture("labels.png", "Number of right, wrong and missed inputs per class", draw_counts),
        Picture(
            "calibration.png",
            "Calibration: how many inputs belong to a class that was predicted with this probability",
            partial(
                draw_calibration,
                axis="probability of a class",
                share="share that belongs to the class",
                counted="inputs × classes",
            ),
        ),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.labels.shape != self.scores.shape or not np.isin(self.labels, (0, 1)).all():
            raise AnenasError(
                f"labels must be 0 or 1, of shape {self.scores.shape}: whether an input belongs to a class"
            )
        if not 0 <= self.scores.min() <= self.scores.max() <= 1:
            raise AnenasError("scores must be probabilities, from 0 to 1")

    @cached_property
    def belongs(self) -> NDArray[np.bool_]:
        """(N, K): whether an input belongs to a class."""
        return self.labels > 0

    @cached_property
    def said(self) -> NDArray[np.bool_]:
        """(N, K): whether it is said to."""
        return self.scores >= THRESHOLD

    @cached_property
    def accuracy(self) -> Figure:
        """The fraction of inputs of which every class is right, with Wilson's interval."""
        right = int((self.belongs == self.said).all(1).sum())
        return Figure(right / len(self), *wilson(right, len(self)))

    @cached_property
    def macro_f1(self) -> Figure:
        """The mean F1 of the classes that have inputs, with a bootstrapped interval."""
        right = (self.belongs & self.said).astype(np.float32)
        both = self.belongs.astype(np.float32) + self.said

        belongs = self.belongs.astype(np.float32)

        def measure(times: NDArray[np.float32]) -> NDArray[np.float32]:
            there = (times @ belongs) > 0
            each = np.where(there, 2 * (times @ right) / np.maximum(times @ both, 1), 0)
            return each.sum(1, keepdims=True) / np.maximum(there.sum(1, keepdims=True), 1)

        (interval,) = bootstrap(measure, len(self))
        return Figure(float(measure(np.ones((1, len(self)), np.float32))[0, 0]), *interval)

    @cached_property
    def mean_average_precision(self) -> Figure:
        """The mean average precision of the classes that have inputs; its interval by its standard error."""
        return mean_average_precision(self.scores, self.belongs)

    @cached_property
    def calibration(self) -> tuple[Bin, ...]:
        """Of every input and class: how often it belongs where that is said to be so probable."""
        return calibration(self.scores.ravel(), self.belongs.ravel())

    @property
    def calibration_error(self) -> float:
        """The expected calibration error of that."""
        return calibration_error(self.calibration)

    @cached_property
    def by_class(self) -> tuple[LabelFigures, ...]:
        """Each class, in the order of the classes."""
        return tuple(self._of_class(place) for place in range(len(self.classes)))

    def _of_class(self, place: int) -> LabelFigures:
        from sklearn.metrics import average_precision_score

        belongs, said = self.belongs[:, place], self.said[:, place]
        right, wrong, missed = (int(one.sum()) for one in (belongs & said, ~belongs & said, belongs & ~said))
        support = right + missed
        low, high = wilson(right, support) if support else (None, None)
        return LabelFigures(
            name=self.classes[place],
            support=support,
            right=right,
            wrong=wrong,
            missed=missed,
            rightly_not=len(self) - support - wrong,
            precision=right / (right + wrong) if right + wrong else None,
            recall=right / support if support else None,
            recall_low=low,
            recall_high=high,
            f1=2 * right / (2 * right + wrong + missed) if support else None,
            average_precision=float(average_precision_score(belongs, self.scores[:, place])) if support else None,
        )

    def _figures(self) -> Mapping[str, Figure]:
        return {
            "macro F1": self.macro_f1,
            "mean average precision": self.mean_average_precision,
            "every class right": self.accuracy,
            "calibration error": Figure(self.calibration_error),
        }

    @property
    def remarks(self) -> tuple[str, ...]:
        absent = [one.name for one in self.by_class if not one.support]
        if not absent:
            return ()
        return (f"no input belongs to these classes, which are not in the means: {', '.join(absent)}",)

    def sheet(self, most: int | None = None) -> Sheet:
        """A row for each class, of more than `most` those with the lowest F1."""
        shown = worst_rows(self.by_class, most, lambda one: one.f1)
        return Sheet(
            "Classes",
            (
                *texts("class"),
                *numbers("inputs", "right", "wrong", "missed", "precision", "recall"),
                INTERVAL,
                *numbers("F1", "average precision"),
            ),
            tuple(
                (
                    one.name,
                    *(f"{count:,}" for count in (one.support, one.right, one.wrong, one.missed)),
                    percent(one.precision),
                    percent(one.recall),
                    Figure(one.recall, one.recall_low, one.recall_high).interval if one.recall is not None else "",
                    percent(one.f1),
                    percent(one.average_precision),
                )
                for one in shown
            ),
            _NOTE,
            left_out(shown, self.classes, "F1", "classes"),
        )

    @property
    def weakest(self) -> tuple[str, str] | None:
        """The class with the lowest F1."""
        one = min((c for c in self.by_class if c.f1 is not None), key=lambda c: c.f1 or 0.0, default=None)
        return None if one is None else ("lowest F1", f"{one.name}, {percent(one.f1)}")

    def most_wrong(self, most: int = MOST_WRONG) -> tuple[WrongLabel, ...]:
        """Wrong pairs of an input and a class, those first that it was surest of."""
        wrong = np.argwhere(self.belongs != self.said)
        sure = np.abs(self.scores[tuple(wrong.T)] - THRESHOLD)
        chosen = wrong[np.argsort(-sure, kind="stable")][:most]
        return tuple(
            WrongLabel(
                index=int(i),
                file=self._file(i),
                label=self.classes[place],
                belongs=bool(self.belongs[i, place]),
                probability=float(self.scores[i, place]),
            )
            for i, place in chosen
        )

    def worst(self, most: int = MOST_WRONG) -> BadInputs:
        """Those that are wrong about a class, those first that it was surest of."""
        wrong, count = self.most_wrong(most), int((self.belongs != self.said).sum())
        return BadInputs(
            "Most confidently wrong",
            (*texts("class", "it is"), *numbers("said with")),
            tuple(
                BadInput(
                    one.index,
                    one.file,
                    (one.label, "missed" if one.belongs else "wrongly said", percent(one.probability)),
                    (
                        f"{one.label} ",
                        "missed" if one.belongs else "wrongly said",
                        f", its probability {percent(one.probability)}",
                    ),
                )
                for one in wrong
            ),
            f"The {len(wrong)} of {count:,} wrong pairs of an input and a class with the highest probabilities."
            if wrong
            else "",
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "inputs": len(self),
            **{name: getattr(self, name).to_dict() for name in ("macro_f1", "mean_average_precision", "accuracy")},
            "calibration_error": self.calibration_error,
            **self._measures(),
            "threshold": THRESHOLD,
            "classes": dicts(self.by_class),
            "calibration": dicts(self.calibration),
            "most_wrong": dicts(self.most_wrong()),
        }

"""How far predicted numbers are from the true ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.report.evaluation._draw_numbers import draw_predicted, draw_residuals
from anenas.report.evaluation._figure import Figure, number
from anenas.report.evaluation._intervals import bootstrap
from anenas.report.evaluation._report import MOST_WRONG, Picture, Report, dicts
from anenas.report.evaluation._sheet import INTERVAL, BadInput, BadInputs, Sheet, left_out, numbers, texts, worst_rows

_NOTE = (
    "MAE: the mean absolute error. RMSE: the root mean squared error. Both are in the unit of the number. R²: the "
    "fraction of the variance that is explained, below 0 if worse than predicting the mean. Bias: the mean of "
    "predicted "
    "minus true values. Spread: the standard deviation of the true values. Overall figures are means over all "
    "numbers. Intervals come from a bootstrap with 1,000 resamples."
)


@dataclass(frozen=True)
class NumberFigures:
    """How one number is predicted.

    Attributes:
        name: Of the number.
        mae: The mean absolute error, in its unit.
        rmse: The root of the mean squared error, in its unit.
        r2: The fraction of its variance that is explained.
        bias: The mean of predicted less true.
        spread: The standard deviation of the true values.
    """

    name: str
    mae: Figure
    rmse: Figure
    r2: Figure
    bias: float
    spread: float

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        figures = {name: getattr(self, name).to_dict() for name in ("mae", "rmse", "r2")}
        return {"name": self.name, **figures, "bias": self.bias, "spread": self.spread}


@dataclass(frozen=True)
class FarOff:
    """An input of which a number is far off.

    Attributes:
        index: Its place among the inputs.
        file: Where it came from; None where nothing tells.
        number: The name of the number that is furthest off.
        true: Its value.
        predicted: What was predicted.
        deviations: The error in standard deviations of the true values.
    """

    index: int
    file: str | None
    number: str
    true: float
    predicted: float
    deviations: float


@dataclass(frozen=True, eq=False)
class NumberReport(Report):
    """The report of a regression: labels and scores are (N, K), in the numbers' own units.

    Raises:
        AnenasError: See `Report`; or labels have another shape, or some are not finite.
    """

    pictures: ClassVar = (
        Picture("predicted.png", "Predicted against true values", draw_predicted),
        Picture("residuals.png", "Errors against predicted values, and their histogram", draw_residuals),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.labels.shape != self.scores.shape:
            raise AnenasError(f"labels must be {self.scores.shape}, not {self.labels.shape}")
        if not (np.isfinite(self.labels).all() and np.isfinite(self.scores).all()):
            raise AnenasError("labels and scores must be finite numbers")

    @cached_property
    def errors(self) -> NDArray[np.float64]:
        """(N, K): predicted less true."""
        return self.scores.astype(np.float64) - self.labels

    @cached_property
    def spread(self) -> NDArray[np.float64]:
        """(K,): the standard deviation of the true values; where they are all the same, 1."""
        found = self.labels.std(0, dtype=np.float64)
        return np.where(found > 0, found, 1.0)

    @cached_property
    def _measured_all(self) -> list[Figure]:
        """MAE, RMSE and R² of all, then of each number."""
        values = self.labels.astype(np.float64)
        values -= values.mean(0)  # so that the variance is no difference of large numbers
        sums = np.stack([np.abs(self.errors), self.errors**2, values, values**2], axis=1).reshape(len(self), -1)

        def measure(times: NDArray[np.float32]) -> NDArray[np.float64]:
            means = (times @ sums / len(self)).reshape(len(times), 4, -1)
            absolute, squared, value, square = means.transpose(1, 0, 2)
            variance = np.maximum(square - value**2, 0)
            unexplained = np.divide(squared, variance, out=(squared > 0).astype(np.float64), where=variance > 0)
            each = np.stack([absolute, np.sqrt(squared), 1 - unexplained], axis=2)
            return np.concatenate([each.mean(1), each.reshape(len(times), -1)], axis=1)

        found, intervals = measure(np.ones((1, len(self)), np.float32))[0], bootstrap(measure, len(self))
        return [Figure(float(one), *ends, is_fraction=False) for one, ends in zip(found, intervals, strict=True)]

    @property
    def mae(self) -> Figure:
        """The mean absolute error, the mean of the numbers."""
        return self._measured_all[0]

    @property
    def rmse(self) -> Figure:
        """The root of the mean squared error, the mean of the numbers."""
        return self._measured_all[1]

    @property
    def r2(self) -> Figure:
        """The fraction of the variance that is explained, the mean of the numbers."""
        return self._measured_all[2]

    @cached_property
    def by_number(self) -> tuple[NumberFigures, ...]:
        """Each number, in their order."""
        each = iter(self._measured_all[3:])
        bias, spread = self.errors.mean(0).tolist(), self.labels.std(0, dtype=np.float64).tolist()
        columns = zip(self.classes, each, each, each, bias, spread, strict=True)
        return tuple(NumberFigures(*column) for column in columns)

    def _figures(self) -> Mapping[str, Figure]:
        return {"MAE": self.mae, "RMSE": self.rmse, "R²": self.r2}

    def sheet(self, most: int | None = None) -> Sheet:
        """A row for each number, of more than `most` those with the lowest R²."""
        shown = worst_rows(self.by_number, most, lambda one: one.r2.value)
        return Sheet(
            "Numbers",
            (
                *texts("number"),
                *(one for name in ("MAE", "RMSE", "R²") for one in (*numbers(name), INTERVAL)),
                *numbers("bias", "spread"),
            ),
            tuple(
                (
                    one.name,
                    *(cell for figure in (one.mae, one.rmse, one.r2) for cell in (str(figure), figure.interval)),
                    number(one.bias),
                    number(one.spread),
                )
                for one in shown
            ),
            _NOTE,
            left_out(shown, self.classes, "R²", "numbers"),
        )

    @property
    def weakest(self) -> tuple[str, str] | None:
        """The number with the lowest R²; of a single one, the input that is furthest off, if any is."""
        if len(self.classes) > 1:
            one = min(self.by_number, key=lambda figures: figures.r2.value)
            return "lowest R²", f"{one.name}, {one.r2}"
        return next(
            (("furthest off", f"{number(one.predicted)}, not {number(one.true)}") for one in self.most_wrong(1)), None
        )

    def most_wrong(self, most: int = MOST_WRONG) -> tuple[FarOff, ...]:
        """The inputs of which a number is furthest off, in standard deviations of the true values."""
        off = self.errors / self.spread
        places = np.abs(off).argmax(1)
        furthest = off[np.arange(len(self)), places]
        return tuple(
            FarOff(
                index=int(i),
                file=self._file(i),
                number=self.classes[places[i]],
                true=float(self.labels[i, places[i]]),
                predicted=float(self.scores[i, places[i]]),
                deviations=float(furthest[i]),
            )
            for i in np.argsort(-np.abs(furthest), kind="stable")[:most]
            if furthest[i]
        )

    def worst(self, most: int = MOST_WRONG) -> BadInputs:
        """Those that are furthest off."""
        wrong = self.most_wrong(most)
        return BadInputs(
            "Furthest off",
            (*texts("number"), *numbers("true", "predicted", "deviations")),
            tuple(
                BadInput(
                    one.index,
                    one.file,
                    (one.number, number(one.true), number(one.predicted), f"{one.deviations:+.2f}"),
                    (
                        f"{one.number} ",
                        number(one.predicted),
                        f", truly {number(one.true)}: {abs(one.deviations):.2f} standard deviations "
                        f"{'above' if one.deviations > 0 else 'below'}",
                    ),
                )
                for one in wrong
            ),
            f"The {len(wrong)} of {len(self):,} inputs with the largest errors, in standard deviations of the true "
            "values."
            if wrong
            else "",
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "inputs": len(self),
            **{name: getattr(self, name).to_dict() for name in ("mae", "rmse", "r2")},
            **self._measures(),
            "numbers": [one.to_dict() for one in self.by_number],
            "most_wrong": dicts(self.most_wrong()),
        }

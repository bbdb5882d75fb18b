"""Numbers for each input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.tasks._arrays import Labels, Names, numbers
from anenas.tasks._cells import Cells
from anenas.tasks._task import TASKS, Loss, Task

if TYPE_CHECKING:
    import torch
    from torch import nn


class Regression(Task):
    """Numbers for each input: labels are float32, (N, K), the value of each target; scores are in the same unit.

    Networks give them standardised, by the mean and standard deviation of the training labels.
    """

    metrics = ("rmse", "mae", "r2")
    ending = "Its outputs are numbers in the unit that they were learnt in."
    classifies = False

    def read(self, where: str, labels: Labels, names: Names | None) -> tuple[Mapping[str, NDArray[Any]], Names]:
        """Numbers, (N,) or a column for each, (N, K)."""
        return numbers(where, labels, names)

    def read_cells(self, cells: Cells) -> tuple[NDArray[Any], Names]:
        """A column for each number."""
        labels, names = numbers(cells.where, {"train_y": cells.values()}, cells.names)
        return labels["train_y"], names

    def arrange(self, labels: NDArray[Any], names: Sequence[str], wanted: Sequence[str]) -> NDArray[Any]:
        """Every number must be there."""
        if missing := [name for name in wanted if name not in names]:
            raise AnenasError(f"there is no column for the number '{missing[0]}'; there are {', '.join(names)}")
        return labels[:, [list(names).index(name) for name in wanted]]

    def problem_of(self, labels: NDArray[Any], count: int, inputs: int) -> str:
        if labels.dtype != np.float32 or labels.shape != (inputs, count):
            return (
                f"labels must be float32 ({inputs}, {count}), a column for each target, not {labels.dtype} "
                f"{labels.shape}"
            )
        return "" if np.isfinite(labels).all() else "labels must be finite numbers"

    def strata(self, labels: NDArray[Any]) -> NDArray[np.int64]:
        """Fifths of the first target, so that every split has small and large ones."""
        ranks = labels[:, 0].argsort(kind="stable").argsort(kind="stable")
        return ranks * min(5, max(1, len(labels) // 4)) // max(1, len(labels))

    def loss(self, labels: NDArray[Any], count: int, *, balanced: bool = False) -> Loss:
        """The mean squared error of standardised targets."""
        import torch
        from torch.nn import functional as F

        if balanced:
            raise AnenasError("class weights need classes, but a regression has none: leave them out")
        mean, std = (torch.from_numpy(one) for one in _moments(labels))

        def loss(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            return F.mse_loss(outputs, (labels - mean.to(labels)) / std.to(labels))

        return loss

    def output(self, labels: NDArray[Any]) -> nn.Module:
        from anenas.tasks._in_units import InUnits

        return InUnits(*_moments(labels))

    def linear(
        self, features: NDArray[np.float32], labels: NDArray[Any], count: int, strength: float
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Ridge regression of the standardised targets."""
        from sklearn.linear_model import Ridge

        mean, std = _moments(labels)
        fitted = Ridge(alpha=1 / strength).fit(features, (labels - mean) / std)
        weight: NDArray[np.float32] = np.reshape(fitted.coef_, (count, -1)).astype(np.float32)
        return weight, np.reshape(fitted.intercept_, count).astype(np.float32)

    def constant(self, labels: NDArray[Any], count: int) -> NDArray[np.float64]:
        return np.asarray(labels.mean(0, dtype=np.float64))


def _moments(labels: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation of each target; 1 for one that is the same for all.

    Those that float16 holds are rounded to it: any are as good to standardise by, and a program has them as they are.
    """
    mean, std = labels.mean(0, dtype=np.float64), labels.std(0, dtype=np.float64)
    return _rounded(mean), _rounded(np.where(std > 0, std, 1.0))


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):  # to infinity
        half = values.astype(np.float16)
    holds = np.isfinite(half) & ((np.abs(half) >= np.finfo(np.float16).tiny) | (values == 0))
    return np.where(holds, half, values).astype(np.float32)


REGRESSION = TASKS("regression")(Regression("regression"))
"""Numbers for each input."""

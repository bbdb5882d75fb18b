"""Any number of classes for each input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from anenas.tasks._arrays import Labels, Names, belonging
from anenas.tasks._cells import Cells, separated
from anenas.tasks._class_metrics import CLASS_METRICS, THRESHOLD
from anenas.tasks._classification import logistic
from anenas.tasks._task import TASKS, Loss, Task

if TYPE_CHECKING:
    import torch
    from torch import nn


class Multilabel(Task):
    """Any number of classes for each input: labels are uint8, (N, K), 1 for each class that it belongs to.

    Scores are the probability of each class; they need not sum to one.
    """

    metrics = ("macro_f1", "mean_average_precision", "auroc", "accuracy", "log_loss")
    ending = f"Its last layer is a sigmoid: an input belongs to each class whose probability is {THRESHOLD} or more."
    class_metrics = CLASS_METRICS
    threshold = THRESHOLD

    def read(self, where: str, labels: Labels, names: Names | None) -> tuple[Mapping[str, NDArray[Any]], Names]:
        """A column for each class, (N, K), of 0 and 1 or of booleans."""
        return belonging(where, labels, names)

    def read_cells(self, cells: Cells) -> tuple[NDArray[Any], Names]:
        """One column with the classes of each input, separated by |, or one of 0 and 1 for each class."""
        if len(cells.names) == 1:
            return separated(cells.one())
        labels, names = belonging(cells.where, {"train_y": cells.values()}, cells.names)
        return labels["train_y"], names

    def arrange(self, labels: NDArray[Any], names: Sequence[str], wanted: Sequence[str]) -> NDArray[Any]:
        """To classes without labels no input belongs."""
        found = np.zeros((len(labels), len(wanted)), np.uint8)
        found[:, [list(wanted).index(name) for name in names]] = labels
        return found

    def problem_of(self, labels: NDArray[Any], count: int, inputs: int) -> str:
        if labels.dtype != np.uint8 or labels.shape != (inputs, count):
            return (
                f"labels must be uint8 ({inputs}, {count}), a column for each class, not {labels.dtype} {labels.shape}"
            )
        return "labels must be 0 or 1, whether an input belongs to a class" if len(labels) and labels.max() > 1 else ""

    def class_counts(self, labels: NDArray[Any], count: int) -> NDArray[np.int64]:
        return labels.sum(0, dtype=np.int64)

    def strata(self, labels: NDArray[Any]) -> NDArray[np.int64]:
        """The rarest class of each input, or none."""
        counts = labels.sum(0, dtype=np.int64)
        rarest = np.where(labels > 0, counts, np.iinfo(np.int64).max).argmin(1)
        return np.where(labels.any(1), rarest, labels.shape[1])

    def loss(self, labels: NDArray[Any], count: int, *, balanced: bool = False) -> Loss:
        """Binary cross entropy. Balanced, what belongs to a class weighs as much, in sum, as what does not."""
        import torch
        from torch.nn import functional as F

        belongs = np.maximum(labels.sum(0, dtype=np.int64), 1)
        weights = torch.from_numpy((len(labels) - belongs) / belongs).float() if balanced else None

        def loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            weight = None if weights is None else weights.to(logits.device)
            return F.binary_cross_entropy_with_logits(logits, labels.float(), pos_weight=weight)

        return loss

    def output(self, labels: NDArray[Any]) -> nn.Module:
        from torch import nn

        return nn.Sigmoid()

    def linear(
        self, features: NDArray[np.float32], labels: NDArray[Any], count: int, strength: float
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """A logistic regression for each class."""
        weight, bias = np.zeros((count, features.shape[1]), np.float32), np.zeros(count, np.float32)
        for i, belongs in enumerate(labels.T):
            if 0 < belongs.mean() < 1:
                (weight[i],), (bias[i],) = logistic(features, belongs, strength)
            else:
                bias[i] = 1e3 if belongs.all() else -1e3
        return weight, bias

    def constant(self, labels: NDArray[Any], count: int) -> NDArray[np.float64]:
        return np.asarray(labels.mean(0, dtype=np.float64))


MULTILABEL = TASKS("multilabel")(Multilabel("multilabel"))
"""Any number of classes for each input."""

"""One class for each input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from anenas.tasks._arrays import Labels, Names, places
from anenas.tasks._cells import Cells, numbered
from anenas.tasks._class_metrics import CLASS_METRICS
from anenas.tasks._task import TASKS, Loss, Task

if TYPE_CHECKING:
    import torch
    from torch import nn

LABEL_SMOOTHING = 0.1
_NEVER = -1e3  # a logit
_ITERATIONS = 200


def logistic(features: NDArray[np.float32], labels: NDArray[Any], strength: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Weight and bias of scikit-learn's logistic regression: one row for two classes."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=strength, max_iter=_ITERATIONS).fit(features, labels)
    return fitted.coef_, fitted.intercept_


class Classification(Task):
    """One class for each input: labels are int64, (N,), places among the classes; scores are their probabilities."""

    metrics = ("accuracy", "balanced_accuracy", "macro_f1", "top5", "auroc", "log_loss", "calibration_error")
    ending = "Its last layer is a softmax."
    class_metrics = CLASS_METRICS

    def read(self, where: str, labels: Labels, names: Names | None) -> tuple[Mapping[str, NDArray[Any]], Names]:
        """Integers, (N,), counted from 0 without gaps."""
        return places(where, labels, names)

    def read_cells(self, cells: Cells) -> tuple[NDArray[Any], Names]:
        """One column; each of its values is a class."""
        names, labels = numbered(cells.one())
        return labels, names

    def arrange(self, labels: NDArray[Any], names: Sequence[str], wanted: Sequence[str]) -> NDArray[Any]:
        """Classes without labels have no inputs."""
        return np.array([list(wanted).index(name) for name in names], np.int64)[labels]

    def problem_of(self, labels: NDArray[Any], count: int, inputs: int) -> str:
        if labels.dtype != np.int64 or labels.shape != (inputs,):
            return f"labels must be int64 ({inputs},), one for each input, not {labels.dtype} {labels.shape}"
        if len(labels) and not 0 <= labels.min() <= labels.max() < count:
            return f"labels must be 0 to {count - 1}, places in the classes"
        return ""

    def usual_metrics(self, count: int) -> tuple[str, ...]:
        return tuple(name for name in self.metrics if name != "top5" or count > 5)

    def class_counts(self, labels: NDArray[Any], count: int) -> NDArray[np.int64]:
        return np.bincount(labels, minlength=count)

    def strata(self, labels: NDArray[Any]) -> NDArray[np.int64]:
        return labels

    def loss(self, labels: NDArray[Any], count: int, *, balanced: bool = False) -> Loss:
        """Cross entropy with label smoothing (Szegedy et al. 2016, arXiv:1512.00567).

        Balanced, the logarithm of each class's frequency is added to its logit (Menon et al. 2021, arXiv:2007.07314):
        what is learnt is then right for classes that were all as frequent. Labels are smoothed towards these
        frequencies. Inputs that weigh n / (K n_c) instead are worth less: `python experiments/unequal_classes.py`.
        """
        import torch
        from torch.nn import functional as F

        counts = np.maximum(np.bincount(labels, minlength=count), 1)
        prior = torch.from_numpy(counts / counts.sum()).float() if balanced else None

        def loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            if prior is None:
                return F.cross_entropy(logits, labels, label_smoothing=LABEL_SMOOTHING)
            frequent = prior.to(logits.device)
            smoothed = (1 - LABEL_SMOOTHING) * F.one_hot(labels, count) + LABEL_SMOOTHING * frequent
            return F.cross_entropy(logits + frequent.log(), smoothed)

        return loss

    def output(self, labels: NDArray[Any]) -> nn.Module:
        from torch import nn

        return nn.Softmax(1)

    def linear(
        self, features: NDArray[np.float32], labels: NDArray[Any], count: int, strength: float
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Logistic regression; classes without an input are never named."""
        present = np.unique(labels)
        weight = np.zeros((count, features.shape[1]), np.float32)
        bias = np.full(count, _NEVER if len(present) < count else 0.0, np.float32)
        if len(present) == 1:
            bias[present] = 0
            return weight, bias
        rows, offsets = logistic(features, labels, strength)
        if len(present) == 2:
            rows, offsets = np.concatenate([-rows, rows]) / 2, np.array([-1, 1]) * offsets / 2
        weight[present], bias[present] = rows, offsets
        return weight, bias

    def constant(self, labels: NDArray[Any], count: int) -> NDArray[np.float64]:
        return np.bincount(labels, minlength=count) / len(labels)


CLASSIFICATION = TASKS("classification")(Classification("classification"))
"""One class for each input."""

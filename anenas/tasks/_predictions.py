"""What a model says of inputs, beside what is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model says of inputs, beside what is right.

    Attributes:
        scores: (N, K) of float: the probability of each class, or the value of each target.
        labels: What is right: (N,) of int64, each an index into the classes; (N, K) of uint8, 1 for each class that an
            input belongs to; or (N, K) of float32, the value of each target.
        names: Of the K classes or targets.
    """

    scores: NDArray[np.floating[Any]]
    labels: NDArray[Any]
    names: Sequence[str]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, places: NDArray[np.int64]) -> Predictions:
        """Those at `places`, in that order."""
        return Predictions(self.scores[places], self.labels[places], self.names)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """(N,): the class with the highest score."""
        return self.scores.argmax(1)

"""What series, recordings and texts have in common: arrays (N, C, 1, T) of float32, in small data sets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas.inputs._base import InputKind, Moments


class Sequences(InputKind):
    """Kinds of input with a height of 1."""

    def array_problem(self, array: NDArray[Any]) -> str | None:
        if array.dtype == np.float32 and array.ndim == 4 and array.shape[2] == 1:
            return None
        return f"{self.name} must be float32 (N, C, 1, T), not {array.dtype} {array.shape}"

    def moments(self, array: NDArray[Any], masked: bool) -> Moments:
        """Moments of the valid steps; a mask gets mean 0 and deviation 1/255, which leave it unchanged."""
        if not masked:
            mean, std = array.mean((0, 2, 3), dtype=np.float64), array.std((0, 2, 3), dtype=np.float64)
            return _rounded(mean / 255), _rounded(std / 255)
        there = array.transpose(1, 0, 2, 3)[:-1, array[:, -1] > 0].astype(np.float64)  # (C - 1, steps of all)
        return (*_rounded(there.mean(1) / 255), 0.0), (*_rounded(there.std(1) / 255), 1 / 255)


def _rounded(moment: NDArray[np.float64]) -> tuple[float, ...]:
    """Rounded to six digits, as the last digits of float sums differ between machines."""
    return tuple(float(f"{value:.6g}") for value in moment)

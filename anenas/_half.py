"""Numbers that float16 has as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def as_in_half(values: NDArray[Any]) -> NDArray[np.float32]:
    """The nearest of float16 to each, but as it is where that is infinite or keeps fewer bits.

    What a network is normalised by may be rounded so, as any is as good: its program then has the same.
    """
    with np.errstate(over="ignore"):  # to infinity
        half = values.astype(np.float16)
    holds = np.isfinite(half) & ((np.abs(half) >= np.finfo(np.float16).tiny) | (values == 0))
    return np.where(holds, half, values).astype(np.float32)

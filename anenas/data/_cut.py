"""Cutting labelled examples in two, class by class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def cut(
    labels: NDArray[np.int64], fraction: float, *, seed: int, limit: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Holds out the same share of every class; the same arguments always hold out the same examples.

    Each class gives at least one example and keeps at least one, so rare classes may give more than their share.

    Args:
        labels: Shape (N,); every class that occurs must occur twice or more.
        fraction: The share to hold out, between 0 and 1.
        seed: Decides which examples are held out.
        limit: Hold out no more than this many, rare classes aside.

    Returns:
        The indices of the examples that stay and of those held out, both ascending. Together they are 0..N-1.
    """
    total = round(len(labels) * fraction)
    if limit is not None:
        total = min(total, limit)
    random = np.random.default_rng(seed)
    held = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        share = len(members) * total // len(labels)
        held[random.permutation(members)[: min(max(share, 1), len(members) - 1)]] = True
    return np.flatnonzero(~held), np.flatnonzero(held)

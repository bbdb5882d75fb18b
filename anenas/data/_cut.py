"""Cutting labelled examples in two, class by class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ORDERS = 200  # of the groups, to try


def cut(
    labels: NDArray[np.int64], fraction: float, *, seed: int, limit: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Holds out the same fraction of every class; the same arguments always hold out the same examples.

    Each class gives at least one example and keeps at least one, so rare classes may give more than that.

    Args:
        labels: Shape (N,); every class that occurs must occur twice or more.
        fraction: The fraction to hold out, between 0 and 1.
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
        wanted = len(members) * total // len(labels)
        held[random.permutation(members)[: min(max(wanted, 1), len(members) - 1)]] = True
    return np.flatnonzero(~held), np.flatnonzero(held)


def cut_groups(
    labels: NDArray[np.int64], groups: NDArray[np.str_], fraction: float, *, seed: int, limit: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Holds out whole groups, about the same fraction of all as `cut`; both parts have every class.

    It takes the best of a few hundred random orders of the groups.

    Args:
        labels: Shape (N,).
        groups: Shape (N,), the group of each example.
        fraction: The fraction to hold out, between 0 and 1.
        seed: Decides which groups are held out.
        limit: Aim at no more than this many.

    Returns:
        The indices of the examples that stay and of those held out, both ascending; None if no such cut was found.
    """
    wanted = len(labels) * fraction
    if limit is not None:
        wanted = min(wanted, limit)
    names, member = np.unique(groups, return_inverse=True)
    classes, label = np.unique(labels, return_inverse=True)
    counts = np.zeros((len(names), len(classes)), np.int64)  # of each group, how many of each class
    np.add.at(counts, (member, label), 1)
    random = np.random.default_rng(seed)
    best: tuple[float, NDArray[np.bool_]] | None = None
    for _ in range(_ORDERS):
        order = random.permutation(len(names))
        held = counts[order].cumsum(0)
        complete = ((held > 0) & (held < counts.sum(0))).all(1)
        if complete.any():
            off = np.where(complete, np.abs(held.sum(1) - wanted), np.inf)
            last = int(off.argmin())
            if best is None or off[last] < best[0]:
                best = off[last], np.isin(np.arange(len(names)), order[: last + 1])
    if best is None:
        return None
    chosen = best[1][member]
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)

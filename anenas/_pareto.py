"""Pareto fronts of points whose members are all to be minimised, and what is measured on them."""

from __future__ import annotations

import bisect
import math
import operator
from collections.abc import Sequence

import numpy as np

Losses = tuple[float, ...]
"""0 in a member is its ideal, 1 its reference value."""


def front(points: Sequence[Losses] | np.ndarray) -> list[int]:
    """Indices of those that no other dominates, the best in the first member last; of equal ones only the first."""
    values = np.asarray(points, dtype=float)
    if not len(values):
        return []
    order = np.lexsort(values.T[::-1])  # one that dominates another comes before it
    ordered = values[order]
    if values.shape[1] == 2:  # where nearly all of many are dominated, as in a small space, this is worth a case
        below = np.minimum.accumulate(np.concatenate([[np.inf], ordered[:-1, 1]]))
        return [int(i) for i in order[ordered[:, 1] < below][::-1]]
    kept, found = np.empty((0, values.shape[1])), []
    for i, row in zip(order, ordered, strict=True):
        if not (kept <= row).all(1).any():
            kept = np.concatenate([kept, row[None]])
            found.append(int(i))
    return found[::-1]


def dominates(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether `a` is at least as good as `b` in every member, and so makes it superfluous."""
    return all(map(operator.le, a, b))


def hypervolume(losses: Sequence[Losses]) -> float:
    """The fraction of the box between 0 and 1 in every member that they dominate; beyond 1 they add nothing."""
    inside = sorted((one for one in losses if all(loss < 1 for loss in one)), key=lambda one: one[-1])
    if not inside:
        return 0.0
    if len(inside[0]) == 1:
        return 1 - inside[0][0]
    volume = 0.0
    if len(inside[0]) == 2:
        best = 1.0
        for first, last in inside:
            if first < best:
                volume += (best - first) * (1 - last)
                best = first
        return volume
    # In slices along the last member, each as thick as it is until the next one begins.
    kept: list[Losses] = []
    for i, one in enumerate(inside):
        kept.append(one[:-1])
        kept = [kept[j] for j in front(kept)]
        end = inside[i + 1][-1] if i + 1 < len(inside) else 1.0
        if end > one[-1]:
            volume += (end - one[-1]) * hypervolume(kept)
    return volume


def crowding(losses: Sequence[Sequence[float]]) -> list[float]:
    """The crowding distance of each of a front: over all members, how far apart its neighbours are, in spans of the
    front.

    It is infinite at the ends (the crowding distance of Deb et al. 2002, "A fast and elitist multiobjective genetic
    algorithm: NSGA-II").
    """
    distances = [0.0] * len(losses)
    for column in zip(*losses, strict=True):
        order = sorted(range(len(column)), key=column.__getitem__)
        span = column[order[-1]] - column[order[0]]
        distances[order[0]] = distances[order[-1]] = math.inf
        for before, i, after in zip(order, order[1:], order[2:], strict=False):
            distances[i] += (column[after] - column[before]) / span if span else 0.0
    return distances


def knee(losses: Sequence[Losses]) -> int:
    """Index of the one on a front that is furthest from the plane between its ends, each member scaled to its span.

    Of several that are as far, as the two of a front of two are, it is the best by the first objective.
    """
    spans = [max(column) - min(column) or 1.0 for column in zip(*losses, strict=True)]
    sums = [sum(x / span for x, span in zip(one, spans, strict=True)) for one in losses]
    return min(range(len(losses)), key=lambda i: (round(sums[i] - min(sums), 9), losses[i]))


def ranking(values: Sequence[Sequence[float]]) -> list[int]:
    """Indices of values, all to be minimised, best first: by front, then by crowding distance.

    Equal ones stay in their order.
    """
    fronts: list[list[int]] = []
    for i in sorted(range(len(values)), key=lambda i: tuple(values[i])):
        # In this order nothing dominates what came before it, and what a front dominates all fronts before it do.
        place = bisect.bisect_left(fronts, True, key=lambda front: not _dominated(values[i], values, front))
        if place == len(fronts):
            fronts.append([])
        fronts[place].append(i)
    return [i for front in fronts for i in _least_crowded_first(sorted(front), values)]


def _dominated(one: Sequence[float], values: Sequence[Sequence[float]], by: Sequence[int]) -> bool:
    return any(values[j] != one and dominates(values[j], one) for j in reversed(by))


def _least_crowded_first(front: Sequence[int], values: Sequence[Sequence[float]]) -> list[int]:
    distances = dict(zip(front, crowding([values[i] for i in front]), strict=True))
    return sorted(front, key=lambda i: -distances[i])

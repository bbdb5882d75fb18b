"""Pareto fronts of points, all objectives minimised, and their measures."""

from __future__ import annotations

import bisect
import math
import operator
from collections.abc import Sequence

import numpy as np

Losses = tuple[float, ...]
"""A value for each objective: 0 is the ideal, 1 the reference point."""


def front(points: Sequence[Losses] | np.ndarray) -> list[int]:
    """Indices of the non-dominated points, the best by the first objective last; of equal points only the first."""
    values = np.asarray(points, dtype=float)
    if not len(values):
        return []
    order = np.lexsort(values.T[::-1])  # a point comes after those that dominate it
    ordered = values[order]
    if values.shape[1] == 2:  # a fast path: in small spaces nearly all are dominated
        below = np.minimum.accumulate(np.concatenate([[np.inf], ordered[:-1, 1]]))
        return [int(i) for i in order[ordered[:, 1] < below][::-1]]
    kept, found = np.empty((0, values.shape[1])), []
    for i, row in zip(order, ordered, strict=True):
        if not (kept <= row).all(1).any():
            kept = np.concatenate([kept, row[None]])
            found.append(int(i))
    return found[::-1]


def dominates(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether `a` is at least as good as `b` in every objective."""
    return all(map(operator.le, a, b))


def hypervolume(losses: Sequence[Losses]) -> float:
    """The fraction of the unit box that the points dominate; those beyond 1 add nothing."""
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
    if len(inside[0]) == 3:
        return _volume(inside)
    # In slices along the last objective, each from one point to the next.
    kept: list[Losses] = []
    for i, one in enumerate(inside):
        kept.append(one[:-1])
        kept = [kept[j] for j in front(kept)]
        end = inside[i + 1][-1] if i + 1 < len(inside) else 1.0
        if end > one[-1]:
            volume += (end - one[-1]) * hypervolume(kept)
    return volume


def _volume(points: Sequence[Losses]) -> float:
    """That of points inside the unit box with three objectives, the best by the last first.

    In slices along the last, whose area grows by what each point adds to it.
    """
    firsts: list[float] = []  # of the front of the slice: these grow,
    seconds: list[float] = []  # and these fall
    area = volume = below = 0.0
    for first, second, last in points:
        volume += area * (last - below)
        below = last
        start = bisect.bisect_left(firsts, first)
        top = seconds[start - 1] if start else 1.0
        if top <= second or (start < len(firsts) and firsts[start] == first and seconds[start] <= second):
            continue
        end, left = start, first
        while end < len(firsts) and seconds[end] >= second:
            area += (firsts[end] - left) * (top - second)
            left, top, end = firsts[end], seconds[end], end + 1
        area += ((firsts[end] if end < len(firsts) else 1.0) - left) * (top - second)
        firsts[start:end], seconds[start:end] = [first], [second]
    return volume + area * (1 - below)


def crowding(losses: Sequence[Sequence[float]]) -> list[float]:
    """The crowding distance of each point of a front: the distance between its neighbours, summed over objectives.

    It is in spans of the front, and infinite at the ends (Deb et al. 2002, "A fast and elitist multiobjective genetic
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
    """Index of the point on a front furthest from the plane through its ends, each objective scaled to its span.

    Ties, as in a front of two, go to the best by the first objective.
    """
    spans = [max(column) - min(column) or 1.0 for column in zip(*losses, strict=True)]
    sums = [sum(x / span for x, span in zip(one, spans, strict=True)) for one in losses]
    return min(range(len(losses)), key=lambda i: (round(sums[i] - min(sums), 9), losses[i]))


def ranking(values: Sequence[Sequence[float]]) -> list[int]:
    """Indices of points, best first: by non-dominated front, then by crowding distance; ties keep their order."""
    fronts: list[list[int]] = []
    for i in sorted(range(len(values)), key=lambda i: tuple(values[i])):
        # In this order no point dominates an earlier one, and what a front dominates, every front before it does too.
        place = bisect.bisect_left(fronts, True, key=lambda front: not _dominated(values[i], values, front))
        if place == len(fronts):
            fronts.append([])
        fronts[place].append(i)
    return [i for front in fronts for i in _least_crowded_first(sorted(front), values)]


def spread(values: Sequence[Sequence[float]]) -> list[int]:
    """Indices of points in the order in which a few of them stand best for all.

    First the one that dominates most, then the best by the first objective, then always the one that adds most to the
    hypervolume of those before; objectives are scaled to their spans, with the reference point a tenth beyond the
    worst. Those that add nothing follow by `ranking`.
    """
    scaled = np.asarray(values, dtype=float)
    spans = np.ptp(scaled, axis=0)
    scaled = (scaled - scaled.min(axis=0)) / np.where(spans > 0, spans, 1) / 1.1
    losses: list[Losses] = [tuple(row) for row in scaled.tolist()]
    chosen: list[int] = []
    left = ranking(values)
    while left:
        taken = [losses[i] for i in chosen]
        gains = {i: hypervolume([*taken, losses[i]]) for i in left}
        best = max(left, key=lambda i: gains[i])
        if len(chosen) == 1:
            best = min(left, key=lambda i: losses[i])
        elif chosen and gains[best] <= hypervolume(taken):
            break
        chosen.append(best)
        left.remove(best)
    return chosen + left


def _dominated(one: Sequence[float], values: Sequence[Sequence[float]], by: Sequence[int]) -> bool:
    return any(values[j] != one and dominates(values[j], one) for j in reversed(by))


def _least_crowded_first(front: Sequence[int], values: Sequence[Sequence[float]]) -> list[int]:
    distances = dict(zip(front, crowding([values[i] for i in front]), strict=True))
    return sorted(front, key=lambda i: -distances[i])

"""Pareto fronts of losses: each member is 0 where it cannot be bettered and 1 where it is worth nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence

Losses = tuple[float, ...]


def front(losses: Sequence[Losses]) -> list[int]:
    """Indices of those that no other dominates, the best in the first member last; of equal ones only the first."""
    found: list[int] = []
    # One that dominates another comes before it in this order, so those that were found are all that can.
    for i in sorted(range(len(losses)), key=lambda i: (losses[i], i)):
        if not any(all(a <= b for a, b in zip(losses[j], losses[i], strict=True)) for j in found):
            found.append(i)
    return found[::-1]


def hypervolume(losses: Sequence[Losses]) -> float:
    """The share of the box between 0 and 1 in every member that they dominate; beyond 1 they add nothing."""
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
    """How lonely each of a front is: over all members, how far its neighbours are apart, in spans of the front.

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

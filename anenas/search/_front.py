"""Pareto fronts of accuracy, the higher the better, against latency, the lower the better."""

from __future__ import annotations

from collections.abc import Sequence

Point = tuple[float, float]
"""(accuracy as a fraction, latency in milliseconds)"""


def front(points: Sequence[Point]) -> list[int]:
    """Indices of the points that no other point dominates, fastest first; of equal points only the first."""
    best = -1.0
    found = []
    for i in sorted(range(len(points)), key=lambda i: (points[i][1], -points[i][0], i)):
        if points[i][0] > best:
            found.append(i)
            best = points[i][0]
    return found


def hypervolume(points: Sequence[Point], slowest_ms: float) -> float:
    """The share of the box between accuracy 0 and 1, and 0 and `slowest_ms`, that the points dominate.

    1.0 would be a perfect network in no time. Points slower than `slowest_ms` add nothing.
    """
    area, best = 0.0, 0.0
    for i in front(points):
        accuracy, latency_ms = points[i]
        if latency_ms < slowest_ms:
            area += (accuracy - best) * (slowest_ms - latency_ms)
            best = accuracy
    return area / slowest_ms


def knee(points: Sequence[Point]) -> int:
    """The index on the front that is furthest from the line between its ends, both axes scaled to the front's span."""
    ends = front(points)
    (a0, l0), (a1, l1) = points[ends[0]], points[ends[-1]]

    def gain(i: int) -> float:
        accuracy = (points[i][0] - a0) / (a1 - a0) if a1 > a0 else 0.0
        latency = (points[i][1] - l0) / (l1 - l0) if l1 > l0 else 0.0
        return accuracy - latency

    return max(ends, key=gain)

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


def picks(points: Sequence[Point]) -> dict[str, int]:
    """Indices of the "knee" of the front, its most "accurate" and its "fast"est point; empty where there are none.

    The knee is furthest from the line between the front's ends, both axes scaled to the front's span.
    """
    on_front = front(points)
    if not on_front:
        return {}
    fast, accurate = on_front[0], on_front[-1]
    accuracy_span = points[accurate][0] - points[fast][0] or 1.0
    latency_span = points[accurate][1] - points[fast][1] or 1.0
    knee = max(on_front, key=lambda i: points[i][0] / accuracy_span - points[i][1] / latency_span)
    return {"knee": knee, "accurate": accurate, "fast": fast}

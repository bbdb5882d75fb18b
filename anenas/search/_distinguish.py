"""Which networks their accuracies, or latencies, tell apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from anenas.search._evaluation import Evaluation

_NORMAL_95 = 1.64  # of a one-sided test at 5 %


def indistinguishable(evaluations: Sequence[Evaluation]) -> list[list[int]]:
    """The largest groups, of two or more, in which no accuracy tells one from another; the most accurate first.

    Two accuracies are told apart where they differ by 1.64 √(s₁² + s₂²) or more, of their standard errors s, which
    asks a little more than it must of networks that were measured on the same inputs. A network may be in several
    groups, and is in none where its standard error is not known.

    Returns:
        Places in `evaluations`.
    """
    places = [i for i, one in enumerate(evaluations) if one.accuracy_error is not None]
    places.sort(key=lambda i: -evaluations[i].accuracy)
    return _groups(places, lambda i, j: _alike(evaluations[i], evaluations[j]))


def alike_in_latency(evaluations: Sequence[Evaluation]) -> list[list[int]]:
    """The largest groups, of two or more, in which the main latency does not tell one from another; the slowest first.

    Returns:
        Places in `evaluations`.
    """
    latencies = [one.estimate.latency for one in evaluations]
    places = sorted(range(len(latencies)), key=lambda i: -latencies[i].ms)
    return _groups(places, lambda i, j: not latencies[i].told_apart(latencies[j]))


def _groups(ordered: Sequence[int], alike: Callable[[int, int], bool]) -> list[list[int]]:
    """The largest runs of which the first and any other are alike."""
    groups: list[list[int]] = []
    end = 0  # of the last group
    for start, first in enumerate(ordered):
        after = start + 1
        while after < len(ordered) and alike(first, ordered[after]):
            after += 1
        if after > max(end, start + 1):
            groups.append(list(ordered[start:after]))
            end = after
    return groups


def _alike(one: Evaluation, other: Evaluation) -> bool:
    a, b = one.accuracy_error, other.accuracy_error
    assert a is not None and b is not None
    return one.accuracy == other.accuracy or abs(one.accuracy - other.accuracy) < _NORMAL_95 * math.hypot(a, b)

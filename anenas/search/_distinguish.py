"""Which networks their accuracies, or latencies, tell apart, and the front of those that are."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from anenas.search._evaluation import Evaluation
from anenas.search._objectives import Objectives

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


def front_told_apart(evaluations: Sequence[Evaluation], objectives: Objectives) -> list[int]:
    """What a Pareto front comes to where differences that nobody can tell are none.

    Of networks that latency does not tell apart it keeps the more accurate: one whose estimate is lower by less than is
    known of estimates is no faster. Of those whose accuracies are, besides, within a standard error it keeps the
    smallest, which is the one-standard-error rule (Breiman et al. 1984, "Classification and Regression Trees", 3.4.3).
    One that Core ML may keep on the CPU takes the place only of its kind, and the most accurate stays in any case.
    Other objectives are known exactly, and what is better in one of them stays.

    Args:
        evaluations: Of a Pareto front. A latency whose `apart` is 1 and an accuracy without a standard error are exact.
        objectives: Of the front.

    Returns:
        Places in `evaluations`, in their order.
    """
    others = [objective for objective in objectives if not objective.is_latency]

    def losses(i: int) -> tuple[float, ...]:
        return tuple(objective.minimised(objective.value(evaluations[i]) or 0.0) for objective in others)

    def serves(one: int, other: int, less_accurate: float = 0.0) -> bool:
        """Whether it is no worse than the other in anything that can be told, but for so much of the accuracy."""
        slack = (less_accurate if objective.name == "accuracy" else 0.0 for objective in others)
        return all(a - more <= b for a, b, more in zip(losses(one), losses(other), slack, strict=True)) and not any(
            _is_faster(evaluations[other], evaluations[one], objective.chip)
            for objective in objectives
            if objective.is_latency
        )

    def replaces(one: int, other: int) -> bool:
        a, b = evaluations[one].estimate, evaluations[other].estimate
        if a.size_mb >= b.size_mb or (a.is_tiny and not b.is_tiny):
            return False
        return serves(one, other, evaluations[other].accuracy_error or 0.0)

    left = sorted(range(len(evaluations)), key=losses)
    kept = set(left[:1])
    while left:
        best = min([left[0], *(i for i in left if replaces(i, left[0]))], key=lambda i: evaluations[i].estimate.size_mb)
        kept.add(best)
        left = [i for i in left if i not in (best, left[0]) and not serves(best, i) and not replaces(best, i)]
    return sorted(kept)


def _is_faster(one: Evaluation, other: Evaluation, chip: str) -> bool:
    """Whether its latency can be told to be lower, on the chip or, without a name, on the main one."""
    a, b = (e.estimate.latency_by_chip[chip] if chip else e.estimate.latency for e in (one, other))
    return a.ms < b.ms and a.told_apart(b)


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

"""Which networks their accuracies, or latencies, tell apart, and the front of those that are."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from anenas.search._evaluation import Evaluation
from anenas.search._objectives import Objective, Objectives

_NORMAL_95 = 1.64  # of a one-sided test at 5 %
_SIZE = Objective("size_mb", math.inf)


def indistinguishable(evaluations: Sequence[Evaluation]) -> list[list[int]]:
    """The largest groups, of two or more, in which no score tells one from another; the best first.

    Two accuracies are told apart where they differ by 1.64 √(s₁² + s₂²) or more, of their standard errors s, which
    asks a little more than it must of networks that were measured on the same inputs. A network may be in several
    groups, and is in none where its standard error is not known.

    Returns:
        Places in `evaluations`.
    """
    places = [i for i, one in enumerate(evaluations) if one.score_error is not None]
    places.sort(key=lambda i: evaluations[i].score, reverse=not any(one.less_is_better for one in evaluations))
    return _groups(places, lambda i, j: _alike(evaluations[i], evaluations[j]))


def scores_told_apart(one: Evaluation, other: Evaluation) -> bool:
    """Whether two scores differ by more than chance, likewise; they do not where a standard error is not known."""
    return None not in (one.score_error, other.score_error) and not _alike(one, other)


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
    Sizes, multiply-accumulates and weights are told apart from a tenth on; residency is exact.

    Args:
        evaluations: Of a Pareto front. A latency whose `apart` is 1 and an accuracy without a standard error are exact.
        objectives: Of the front.

    Returns:
        Places in `evaluations`, in their order.
    """

    def serves(one: Evaluation, other: Evaluation, allowed: float = 0.0) -> bool:
        """Whether it is no worse than the other in anything that can be told, but for so much of the score."""

        def is_worse(objective: Objective) -> bool:
            if objective.is_score:
                return one.shortfall > other.shortfall + allowed
            return objective.is_worse(one, other)

        return not any(map(is_worse, objectives))

    def replaces(one: Evaluation, other: Evaluation) -> bool:
        is_as_good = serves(one, other, other.score_error or 0.0) and one.estimate.is_tiny <= other.estimate.is_tiny
        return is_as_good and _SIZE.is_worse(other, one)

    exact = sorted(objectives, key=lambda objective: objective.is_stepped)  # what serves for another then is before it
    points = [[o.minimised(o.value(evaluation) or 0.0) for o in exact] for evaluation in evaluations]
    left = sorted(range(len(evaluations)), key=points.__getitem__)
    kept = set(left[:1])
    while left:
        first = left[0]
        rivals = [first, *(i for i in left if replaces(evaluations[i], evaluations[first]))]
        smallest = min((evaluations[i] for i in rivals), key=lambda one: one.estimate.size_mb)
        best = next(i for i in rivals if not _SIZE.is_worse(evaluations[i], smallest))  # of those as small
        kept.add(best)
        done, new = {first, best}, evaluations[best]
        left = [i for i in left if i not in done and not (serves(new, evaluations[i]) or replaces(new, evaluations[i]))]
    return sorted(kept)


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
    a, b = one.score_error, other.score_error
    assert a is not None and b is not None
    return one.score == other.score or abs(one.score - other.score) < _NORMAL_95 * math.hypot(a, b)

"""Which networks their accuracies tell apart."""

from __future__ import annotations

import math
from collections.abc import Sequence

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
    known = [(e.accuracy, e.accuracy_error, i) for i, e in enumerate(evaluations)]
    ordered = sorted(((a, s, i) for a, s, i in known if s is not None), key=lambda one: (-one[0], one[2]))
    groups: list[list[int]] = []
    end = 0  # of the last group, in the order of accuracies
    for start, (best, error, _) in enumerate(ordered):
        alike = start
        while alike < len(ordered) and _alike(best, error, *ordered[alike][:2]):
            alike += 1
        if alike > max(end, start + 1):
            groups.append([i for _, _, i in ordered[start:alike]])
            end = alike
    return groups


def _alike(a: float, error_a: float, b: float, error_b: float) -> bool:
    return a == b or abs(a - b) < _NORMAL_95 * math.hypot(error_a, error_b)

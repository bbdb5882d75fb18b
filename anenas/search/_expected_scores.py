"""What trials that were trained in part would score in the end."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from anenas.search._trial import PROBED


def expected_scores(reached: Sequence[Mapping[float, float]]) -> list[float]:
    """What score the whole budget would give each trial, from the fraction of it that each has had.

    To the score at its highest rung the median gain from there to each next rung is added, among the trials that
    reached both; where no trial did there is none to compare it with, and nothing is added. Pretrained networks, which
    were probed, are compared among themselves.

    Args:
        reached: For each trial, its score by fraction of the budget.
    """
    probed = [PROBED in trial for trial in reached]
    if any(probed) and not all(probed):
        found = {kind: iter(expected_scores([t for t in reached if (PROBED in t) is kind])) for kind in (True, False)}
        return [next(found[kind]) for kind in probed]
    fractions = sorted({fraction for trial in reached for fraction in trial})
    ahead = dict.fromkeys(fractions[-1:], 0.0)
    for fraction, above in zip(reversed(fractions[:-1]), reversed(fractions[1:]), strict=True):
        gains = [trial[above] - trial[fraction] for trial in reached if fraction in trial and above in trial]
        ahead[fraction] = ahead[above] + (statistics.median(gains) if gains else 0.0)
    return [trial[max(trial)] + ahead[max(trial)] for trial in reached]

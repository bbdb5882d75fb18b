"""How much of what several searches found together one of them had found: a measure that tells fronts apart."""

from __future__ import annotations

from collections.abc import Sequence

from anenas.search import Losses, front, hypervolume

_SLACK = 1.1  # of the reference point, in spans of the pooled front


class PooledFront:
    """The front of everything that was found by any of the searches.

    Args:
        found: What to minimise, (n, objectives): such as (1 − accuracy, latency).
    """

    def __init__(self, found: Sequence[Losses]) -> None:
        best = [found[i] for i in front(found)]
        self._ideal = [min(column) for column in zip(*best, strict=True)]
        self._nadir = [max(column) for column in zip(*best, strict=True)]
        self._whole = hypervolume(self._scaled(best))

    def share(self, found: Sequence[Losses]) -> float:
        """The hypervolume of what was found, of that of the pooled front.

        Each objective is measured in spans of the pooled front from its best; the reference point is 1.1 spans away.
        """
        return hypervolume(self._scaled(found)) / self._whole

    def _scaled(self, found: Sequence[Losses]) -> list[Losses]:
        axes = list(zip(self._ideal, self._nadir, strict=True))
        return [
            tuple((x - a) / max(b - a, 1e-9) / _SLACK for x, (a, b) in zip(one, axes, strict=True)) for one in found
        ]

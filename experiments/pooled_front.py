"""How much of what several searches found together one of them had found: a measure that tells fronts apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from anenas._pareto import Losses, front, hypervolume

_SLACK = 1.1  # of the reference point, in spans from the best to the worst


class PooledFront:
    """The front of everything that was found by any of the searches.

    Args:
        searches: What each found, to be minimised, (n, objectives): such as (1 − accuracy, latency).
    """

    def __init__(self, searches: Iterable[Sequence[Losses]]) -> None:
        fronts = [[found[i] for i in front(found)] for found in searches]
        every = [one for best in fronts for one in best]
        self._ideal = [min(column) for column in zip(*every, strict=True)]
        # Not the pooled front's own worst: where one network is the best in everything, that front is a point.
        self._nadir = [max(column) for column in zip(*every, strict=True)]
        self._whole = hypervolume(self._scaled(every))

    def share(self, found: Sequence[Losses]) -> float:
        """The hypervolume of what was found, of that of the pooled front.

        Each objective is measured from its best in spans to its worst on the front of any of the searches; the
        reference point is 1.1 spans away.
        """
        return hypervolume(self._scaled(found)) / self._whole

    def _scaled(self, found: Sequence[Losses]) -> list[Losses]:
        axes = list(zip(self._ideal, self._nadir, strict=True))
        return [
            tuple((x - a) / max(b - a, 1e-9) / _SLACK for x, (a, b) in zip(one, axes, strict=True)) for one in found
        ]

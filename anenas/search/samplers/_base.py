"""The seam between the search and whatever suggests architectures; and the samplers by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from anenas._registry import Registry
from anenas.space import Architecture, Decisions

if TYPE_CHECKING:
    from anenas.search._problem import Problem
    from anenas.search._trial import Trial


class Sampler(Protocol):
    """Suggests architectures. `run_search(sampler=...)` takes any object with this method."""

    def ask(self, problem: Problem, trials: Sequence[Trial]) -> Architecture | Decisions:
        """The architecture to try next.

        Args:
            problem: What is searched. `problem.decide(pick)` walks the space, `problem.candidate_estimate` says what
                is known of an architecture before it is trained, `problem.decisions` what makes one.
            trials: Every trial so far in the order in which they were asked about. Those that have ended are
                `FinishedTrial`s, with the objectives' `values` (in the order of `problem.objectives`, each in its
                natural direction), `violations` and `state`; the others run or are paused.

        Returns:
            An architecture of the space, or the decisions that make one by their names. What was tried before is
            recorded as repeated and not trained again; what breaks a limit is recorded as infeasible.
        """
        ...


SAMPLERS: Registry[Callable[[int], Sampler]] = Registry("sampler")
"""What makes each sampler from a seed, by name."""

DEFAULT_SAMPLER = "auto"


def make_sampler(name: str, seed: int) -> Sampler:
    """The sampler of that name. Equal seeds make equal suggestions.

    Raises:
        AnenasError: If there is no such sampler.
    """
    return SAMPLERS[name](seed)


@SAMPLERS("auto")
def _auto(seed: int) -> Sampler:
    """Thompson sampling of Pareto fronts; it never repeats."""
    from anenas.search.samplers._front import FrontSampler

    return FrontSampler(seed)

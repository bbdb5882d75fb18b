"""What a sampler may know of a search: the decisions that make a candidate, and what is known before evaluating it."""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from anenas.search._evaluation import Estimate, Evaluation
from anenas.search._evaluator import Evaluator
from anenas.search._objectives import Objective, Objectives, figure
from anenas.space import Architecture, Decisions, Limits, Pick, SearchSpace, walk

LatencyBound = Literal["upper", "estimate"]
"""What a limit on a latency is held against: the upper end of its interval, or the estimate itself."""

LATENCY_BOUNDS: tuple[LatencyBound, ...] = get_args(LatencyBound)

_REFERENCE_DRAWS = 32


class Space(Protocol):
    """What can be searched: a `SearchSpace`, or a table of known results."""

    @property
    def name(self) -> str:
        """What it is called in messages."""
        ...

    @property
    def size(self) -> int:
        """How many architectures there are."""
        ...

    def decide(self, pick: Pick, *, classes: int) -> Architecture:
        """Walk every decision once and return what they make."""
        ...

    def decisions(self, architecture: Architecture) -> Decisions:
        """What `pick` gave to `decide`, by name."""
        ...


@dataclass(frozen=True)
class CandidateEstimate:
    """What is known of a candidate before it is evaluated.

    Attributes:
        values: One an objective, in the study's order, each to be minimised; None where only an evaluation tells.
        resolved: The same in steps of what can be told apart.
        violation: By how much it misses its limits; 0 where it keeps them all.
        features: Numbers that may say something about the objectives that are not known.
    """

    values: tuple[float | None, ...]
    resolved: tuple[float | None, ...]
    violation: float = 0.0
    features: tuple[float, ...] = ()


@dataclass(frozen=True)
class Problem:
    """A space of architectures, what judges them and the limits that they must keep.

    Attributes:
        space: What is searched.
        classes: That its networks classify into.
        evaluator: What judges an architecture.
        objectives: What is optimised.
        limits: What a network must stay within.
        latency_bound: What of a latency must stay within its limit.
    """

    space: Space
    classes: int
    evaluator: Evaluator
    objectives: Objectives
    limits: Limits
    latency_bound: LatencyBound = "upper"

    def decide(self, pick: Pick) -> Architecture:
        """Walk every decision of the space once and return the architecture they make."""
        return self.space.decide(pick, classes=self.classes)

    def make(self, decisions: Decisions) -> Architecture:
        """The architecture of these decisions.

        Raises:
            KeyError: If one is missing.
        """
        return walk(self.decide, lambda name, _: decisions[name])[0]

    def decisions(self, architecture: Architecture) -> Decisions:
        """What makes an architecture of the space, by the names of the decisions."""
        return self.space.decisions(architecture)

    def candidate_estimate(self, architecture: Architecture) -> CandidateEstimate:
        """What its estimate tells of the objectives; one that is NaN is one that nobody can estimate."""
        estimate = self.evaluator.estimate(architecture)
        return CandidateEstimate(
            values=tuple(_minimised(objective, objective.value(estimate)) for objective in self.objectives),
            resolved=tuple(_minimised(objective, objective.resolved(estimate)) for objective in self.objectives),
            violation=sum(self.violations(estimate).values()) + len(estimate.broken_rules),
            features=(math.log1p(estimate.macs), math.log1p(estimate.params)),
        )

    def violations(self, of: Estimate | Evaluation) -> dict[str, float]:
        """By what fraction of it each limit is missed, for those that are: "size_mb", "latency_ms@M2", …."""
        return missed(of, self.limits, self.latency_bound, self._limited)

    @functools.cached_property
    def _limited(self) -> tuple[str, ...]:
        """What has a limit."""
        return tuple(self.limits.bounds)


def held_against(of: Estimate | Evaluation, names: Iterable[str], bound: LatencyBound) -> dict[str, float]:
    """What limits of these names are held against of a network, as far as it tells: "latency_ms@M2" of a latency's."""
    values: dict[str, float] = {}
    for name in names:
        if name == "latency_ms":
            estimate = of.estimate if isinstance(of, Evaluation) else of
            for i, (chip, latency) in enumerate(estimate.latency_by_chip.items()):
                values[f"{name}@{chip}" if i else name] = latency.high_ms if bound == "upper" else latency.ms
        elif (read := figure(name).read(of)) is not None:
            values[name] = read
    return values


def missed(
    of: Estimate | Evaluation, limits: Limits, bound: LatencyBound, names: Iterable[str] | None = None
) -> dict[str, float]:
    """By what fraction of it each limit is missed, for those that are; `names` are of those that there are."""
    values = held_against(of, limits.bounds if names is None else names, bound)
    fractions = {name: limits.violation(name, value) for name, value in values.items()}
    return {name: fraction for name, fraction in fractions.items() if 0 < fraction < math.inf}


def _minimised(objective: Objective, value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else objective.minimised(value)


def reference_draws(space: SearchSpace, classes: int, evaluator: Evaluator) -> list[Estimate]:
    """Estimates of a few architectures drawn from the space, always the same; of those that break no rule."""
    rng = random.Random(0)
    drawn = [evaluator.estimate(space.sample(rng, classes=classes)) for _ in range(_REFERENCE_DRAWS)]
    return [estimate for estimate in drawn if not estimate.broken_rules] or drawn


def reference_point(
    names: Sequence[str], limits: Limits, drawn: Sequence[Estimate], worst_score: float = 1.0
) -> dict[str, float]:
    """The reference point of the hypervolume, by objective: 0 of what is maximised; else its limit, or the worst of
    the `reference_draws`, or of an error `worst_score`.
    """
    values = {}
    for objective in Objectives.of(dict.fromkeys(names, 0.0)):
        values[objective.name] = 0.0
        if objective.figure.direction == "minimize":
            known = worst_score if objective.is_score else max(objective.value(one) or 0.0 for one in drawn)
            bounds = limits.bounds
            values[objective.name] = bounds.get(objective.name, bounds.get(objective.name.partition("@")[0], known))
    return values

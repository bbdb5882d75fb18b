"""What a sampler may know of a search: the decisions that make a candidate, and what is known without evaluating it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from anenas.search._evaluation import Estimate, Evaluation, Evaluator
from anenas.search._objectives import Objectives
from anenas.space import Architecture, Decisions, Limits, Pick

LatencyBound = Literal["upper", "estimate"]
"""What a limit on a latency is held against: the upper end of its interval, or the estimate itself."""

LATENCY_BOUNDS: tuple[LatencyBound, ...] = get_args(LatencyBound)


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
        """What `decide` was told, by name."""
        ...


@dataclass(frozen=True)
class Outlook:
    """What is known of a candidate before it is evaluated.

    Attributes:
        values: One an objective, in the study's order, each to be minimised; None where only an evaluation tells.
        violation: By how much it misses what it must keep; 0 where it keeps all.
        features: Numbers that may tell something of the objectives that are not known.
    """

    values: tuple[float | None, ...]
    violation: float = 0.0
    features: tuple[float, ...] = ()


@dataclass(frozen=True)
class Problem:
    """A space of architectures, what is estimated of them and what they must keep.

    Attributes:
        space: What is searched.
        classes: How many classes the networks tell apart.
        evaluator: What estimates them.
        objectives: What is looked for.
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

    def outlook(self, architecture: Architecture) -> Outlook:
        """What its estimate tells of the objectives; one that is NaN is one that nobody can estimate."""
        estimate = self.evaluator.estimate(architecture)
        values = [(objective, objective.value(estimate)) for objective in self.objectives]
        return Outlook(
            values=tuple(None if value is None or math.isnan(value) else o.minimised(value) for o, value in values),
            violation=sum(self.violations(estimate).values()) + len(estimate.broken_rules),
            features=(math.log1p(estimate.macs), math.log1p(estimate.parameters)),
        )

    def violations(self, of: Estimate | Evaluation) -> dict[str, float]:
        """By what share of it each limit is missed, for the limits that are: "size", "latency", "latency@M2", …."""
        held = {"size": ("size_mb", of.size_mb), "macs": ("macs", of.macs), "params": ("params", of.parameters)}
        held |= {"residency": ("residency", of.residency)}
        for name, latency in {"latency": of.latency, **{f"latency@{c}": one for c, one in of.others.items()}}.items():
            held[name] = ("latency_ms", latency.high_ms if self.latency_bound == "upper" else latency.ms)
        if isinstance(of, Evaluation):
            held["accuracy"] = ("accuracy", of.accuracy)
        missed = {name: self.limits.violation(*limit_and_value) for name, limit_and_value in held.items()}
        return {name: share for name, share in missed.items() if share > 0}

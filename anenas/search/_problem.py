"""What a sampler may know of a search: the decisions that make a candidate, and what is known without evaluating it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from anenas.search._evaluation import Estimate, Evaluation, Evaluator
from anenas.space import Architecture, Decisions, Limits, Pick


class Space(Protocol):
    """What can be searched: a `SearchSpace`, or a table of known results."""

    @property
    def name(self) -> str:
        """What it is called in messages."""
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
        values: One an objective, in the study's order; None where only an evaluation tells.
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
        limits: What a network must stay within.
    """

    space: Space
    classes: int
    evaluator: Evaluator
    limits: Limits

    def decide(self, pick: Pick) -> Architecture:
        """Walk every decision of the space once and return the architecture they make."""
        return self.space.decide(pick, classes=self.classes)

    def outlook(self, architecture: Architecture) -> Outlook:
        """Of accuracy and latency, in this order; a latency that is NaN is one that nobody can estimate."""
        estimate = self.evaluator.estimate(architecture)
        latency_ms = None if math.isnan(estimate.latency.ms) else estimate.latency.ms
        return Outlook(
            values=(None, latency_ms),
            violation=sum(self.violations(estimate).values()) + len(estimate.broken_rules),
            features=(math.log1p(estimate.macs), math.log1p(estimate.parameters)),
        )

    def violations(self, of: Estimate | Evaluation) -> dict[str, float]:
        """By what share of it each limit is missed, for the limits that are."""
        return self.limits.violations(size_mb=of.size_mb, latency_ms=of.latency.ms, residency=of.residency)

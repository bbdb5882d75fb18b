"""What of a space its limits leave, known before anything is trained."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from anenas._errors import AnenasError
from anenas.ane import ProgramCost
from anenas.search._evaluation import Estimate
from anenas.search._objectives import figure, is_metric
from anenas.search._problem import Problem
from anenas.search._training_evaluator import TrainingEvaluator
from anenas.space import SearchSpace, draw, is_least

_DRAWS = 200


def check_reach(problem: Problem, drawn: Sequence[Estimate]) -> str:
    """Refuse limits that no network of a space can keep, and tell of those that none of 200 drawn ones keeps.

    Neither takes time where one of the few that were drawn before is within them.

    Args:
        problem: What is searched.
        drawn: Estimates of some of its networks.

    Returns:
        What to tell, empty where there is nothing.

    Raises:
        AnenasError: If a limit is below what any prediction costs, or below the least that the space holds.
    """
    limited = [name for name in problem.limits.bounds if not is_metric(name)]
    if not limited or any(_keeps(problem, one) for one in drawn):
        return ""
    _check_fixed_cost(problem, drawn)
    _check_smallest(problem, drawn)
    rng = random.Random(0)
    many = [problem.evaluator.estimate(draw(problem.decide, rng)[0]) for _ in range(_DRAWS)]
    if any(_keeps(problem, one) for one in many):
        return ""
    each = [part for name in limited if (part := _nearest(problem, name, many))]
    if not each:  # a rule is what is broken, or a latency that nobody knows
        reason = next((one.broken_rules[0] for one in many if one.broken_rules), "")
        return f"none of {_DRAWS} networks drawn can be searched: {reason}" if reason else ""
    return f"none of {_DRAWS} networks drawn is within the limits: {', '.join(each)}; the search looks for others"


def _keeps(problem: Problem, estimate: Estimate) -> bool:
    return not estimate.broken_rules and not problem.violations(estimate)


def _check_fixed_cost(problem: Problem, drawn: Sequence[Estimate]) -> None:
    limit = problem.limits.latency_ms
    for chip, latency in drawn[0].latency_by_chip.items() if limit is not None else ():
        if limit is not None and latency.fixed_ms > limit:
            raise AnenasError(
                f"limit latency_ms {limit:g}: every prediction takes at least {latency.fixed_ms:.3f} ms on {chip}; "
                f"allow more"
            )


def _check_smallest(problem: Problem, drawn: Sequence[Estimate]) -> None:
    from anenas.coreml import estimated_package_bytes
    from anenas.network import smallest

    evaluator, space = problem.evaluator, problem.space
    if not (isinstance(evaluator, TrainingEvaluator) and isinstance(space, SearchSpace)):
        return  # of another's figures nobody knows whether they add up

    def megabytes(cost: ProgramCost) -> float:
        return estimated_package_bytes(cost.weight_bytes, cost.operations, cost.convolutions) / 1e6

    figures: dict[str, Callable[[ProgramCost], float]] = {
        "size_mb": megabytes,
        "macs": lambda cost: cost.macs,
        "params": lambda cost: cost.params,
    }
    for name, of in figures.items():
        limit = problem.limits.bounds.get(name)
        if limit is None or any((figure(name).read(one) or 0) <= limit for one in drawn):
            continue
        found = smallest(space, problem.classes, evaluator.targets[0].chip, of)
        if found and found[1] > limit:
            raise AnenasError(
                f"limit {name} {limit:g}: nothing in '{space.name}' satisfies it, "
                f"{figure(name).describe_best(found[1])} is {found[0]}; allow more, or search a smaller space"
            )


def _nearest(problem: Problem, name: str, drawn: Sequence[Estimate]) -> str:
    """How many of those drawn keep one limit, and how near the others come."""
    missed = [
        {limit: by for limit, by in problem.violations(one).items() if limit.partition("@")[0] == name} for one in drawn
    ]
    kept = sum(not one for one in missed)
    bound = f"{name} {'≥' if is_least(name) else '≤'} {problem.limits.bounds[name]:g}"
    if kept == len(drawn):
        return ""
    if kept:
        return f"{bound} keep {kept}"
    least = min(max(one.values()) for one in missed)
    upper = ", by the upper end of its interval" if name == "latency_ms" and problem.latency_bound == "upper" else ""
    return f"{bound} keeps none, the nearest misses it by {least:.0%}{upper}"

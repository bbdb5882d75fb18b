"""The samplers on offer, by name."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

from anenas._errors import unknown
from anenas.search._problem import Problem

if TYPE_CHECKING:
    import optuna

SAMPLERS = {
    "auto": "surrogates and a point of a sampled front; never repeats",
    "tpe-multivariate": "Optuna's multivariate TPE, a group for each set of conditional choices",
    "tpe": "Optuna's TPE",
    "nsga2": "Optuna's NSGA-II, population 20",
    "gp": "Optuna's Gaussian process",
    "random": "every choice drawn uniformly",
}
"""Each sampler and what it is."""

DEFAULT_SAMPLER = "auto"


def make_sampler(
    name: str, problem: Problem, *, seed: int, past: int = 0, say: Callable[[str], None] = lambda line: None
) -> optuna.samplers.BaseSampler:
    """The sampler of that name.

    Args:
        name: One of `SAMPLERS`.
        problem: What is searched.
        seed: Equal seeds make equal suggestions.
        past: How many trials the study has: Optuna's own samplers would begin with the same suggestions again.
        say: Called with a line worth telling the user.

    Raises:
        AnenasError: If there is no such sampler.
    """
    check_sampler(name)
    import optuna

    later = (seed * 1_000_003 + past) % 2**32
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        match name:
            case "tpe-multivariate":
                return optuna.samplers.TPESampler(multivariate=True, group=True, seed=later)
            case "tpe":
                return optuna.samplers.TPESampler(seed=later)
            case "nsga2":
                return optuna.samplers.NSGAIISampler(population_size=20, seed=later)
            case "gp":
                return optuna.samplers.GPSampler(seed=later)
            case "random":
                return optuna.samplers.RandomSampler(seed=later)
    from anenas.search.samplers._auto import FrontSampler

    return FrontSampler(problem, seed, say)


def check_sampler(name: str) -> None:
    """Raise `AnenasError` if there is no sampler of that name."""
    if name not in SAMPLERS:
        raise unknown("sampler", name, SAMPLERS)

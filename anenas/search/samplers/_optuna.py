"""Optuna's samplers behind the seam."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from anenas.blocks import Value
from anenas.search._problem import Problem
from anenas.search._trial import FinishedTrial, Trial
from anenas.search.samplers._base import SAMPLERS, Sampler
from anenas.space import Decisions, walk

if TYPE_CHECKING:
    import optuna
    from optuna.samplers import BaseSampler
    from optuna.trial import TrialState

_Key = frozenset[tuple[str, Value]]


class OptunaSampler:
    """Any sampler of Optuna's. It is shown the trials in a study of its own, in memory, which mirrors the search's.

    What a sampler of Optuna's keeps with its trials, such as the generation of NSGA-II, begins anew when a study is
    continued by another process.

    Args:
        make: The sampler, or what makes it from the number of trials that there are when it is first asked: with a
            fixed seed alone a continued study would be suggested the same architectures again.
    """

    def __init__(self, make: BaseSampler | Callable[[int], BaseSampler]) -> None:
        self._make = make
        self._study: optuna.Study | None = None
        self._open: dict[_Key, list[optuna.Trial]] = {}  # what it suggested, and that has not ended
        self._shown: set[int] = set()

    def ask(self, problem: Problem, trials: Sequence[Trial]) -> Decisions:
        """See `Sampler`."""
        study = self._study = self._study or self._mirror(problem, len(trials))
        for trial in trials:
            if isinstance(trial, FinishedTrial) and trial.number not in self._shown:
                self._shown.add(trial.number)
                self._show(study, problem, trial)
        asked = study.ask()

        def suggest(name: str, options: Sequence[Value]) -> Value:
            return cast(Value, asked.suggest_categorical(name, options))

        _, decisions = walk(problem.decide, suggest)
        self._open.setdefault(frozenset(decisions.items()), []).append(asked)
        return decisions

    def _mirror(self, problem: Problem, past: int) -> optuna.Study:
        import optuna

        from anenas.search._store import quiet_optuna

        directions = [objective.figure.direction for objective in problem.objectives]
        sampler = self._make if isinstance(self._make, optuna.samplers.BaseSampler) else self._make(past)
        with quiet_optuna():
            return optuna.create_study(directions=directions, sampler=sampler)

    def _show(self, study: optuna.Study, problem: Problem, trial: FinishedTrial) -> None:
        """Tell the mirror how a trial ended, whether the sampler suggested it or not."""
        import optuna

        options: dict[str, optuna.distributions.BaseDistribution] = {}
        decisions = problem.decisions(trial.architecture)

        def note(name: str, among: Sequence[Value]) -> Value:
            options[name] = optuna.distributions.CategoricalDistribution(among)
            return decisions[name]

        walk(problem.decide, note)
        state = _state(trial)
        values = None if trial.values is None else list(trial.values)
        if asked := self._open.get(frozenset(decisions.items())):
            handle = asked.pop(0)
            for name, violation in trial.violations.items():
                handle.set_constraint(name, violation)
            study.tell(handle, values, state if values is None else None)
        else:
            study.add_trial(
                optuna.create_trial(
                    state=state,
                    values=values,
                    params=decisions,
                    distributions=options,
                    constraints=dict(trial.violations),
                )
            )


def _state(trial: FinishedTrial) -> TrialState:
    from optuna.trial import TrialState

    if trial.values is not None:
        return TrialState.COMPLETE
    return TrialState.PRUNED if trial.state == "stopped" else TrialState.FAIL


def _named(name: str, make: Callable[[int], BaseSampler]) -> None:
    """Put a sampler of Optuna's on offer; `make` takes a seed."""

    def with_seed(seed: int) -> Sampler:
        def quietly(past: int) -> BaseSampler:
            import optuna

            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                return make((seed * 1_000_003 + past) % 2**32)

        return OptunaSampler(quietly)

    SAMPLERS(name)(with_seed)


def _tpe_multivariate(seed: int) -> BaseSampler:
    import optuna

    # A group for each set of conditional choices.
    return optuna.samplers.TPESampler(multivariate=True, group=True, seed=seed)


def _tpe(seed: int) -> BaseSampler:
    import optuna

    return optuna.samplers.TPESampler(seed=seed)


def _nsga2(seed: int) -> BaseSampler:
    import optuna

    return optuna.samplers.NSGAIISampler(population_size=20, seed=seed)


def _gp(seed: int) -> BaseSampler:
    import optuna

    return optuna.samplers.GPSampler(seed=seed)


def _random(seed: int) -> BaseSampler:
    import optuna

    return optuna.samplers.RandomSampler(seed=seed)


for _name, _make in {
    "tpe-multivariate": _tpe_multivariate,
    "tpe": _tpe,
    "nsga2": _nsga2,
    "gp": _gp,
    "random": _random,
}.items():
    _named(_name, _make)

"""Which decisions of a space matter, as far as its trials tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from anenas.search import Study, quiet_optuna

FEWEST = 20
"""Completed trials from which on decisions are weighed: of fewer a forest sees patterns in what is chance."""
MOST_SOON = 200
"""Completed trials up to which that takes seconds."""
MOST = 2_000
"""Completed trials that the forests grow on at most, as their time grows with the trials."""
_SHOWN = 12
_TREES = 16
_CHANCE = 0.05


@dataclass(frozen=True)
class Influence:
    """What a decision does to an objective.

    Attributes:
        share: Of the variance of the objective over the space, by fANOVA (Hutter et al. 2014).
        is_sure: Whether the values of the trials differ among its options by more than chance, by Kruskal and Wallis'
            test at 5 %, with Bonferroni's correction for all decisions.
    """

    share: float
    is_sure: bool


@dataclass(frozen=True)
class Importance:
    """Decisions of a study, and what they do to its objectives.

    Attributes:
        objectives: Their labels.
        decisions: By name, the influence on each objective; the most important first.
        left_out: What is not among them, in words, and of how many trials they tell.
        why_not: Why there is nothing, in words; empty where there is something.
    """

    objectives: list[str]
    decisions: dict[str, list[Influence]]
    left_out: str = ""
    why_not: str = ""

    @property
    def is_chance(self) -> bool:
        """Whether none of them is more than chance."""
        return not any(one.is_sure for those in self.decisions.values() for one in those)


def importance_of(study: Study, *, soon: bool = False) -> Importance:
    """What the completed trials tell.

    Decisions that only some architectures make are left out, which is said.

    Args:
        study: With or without completed trials.
        soon: Whether they are not weighed where it would take longer than seconds, which is said, too.
    """
    trials = study.completed
    labels = [objective.label for objective in study.objectives]
    if len(trials) < FEWEST:
        why = f"{len(trials)} trials have completed; {FEWEST} are needed to tell which decisions matter."
        return Importance(labels, {}, why_not=why)
    if soon and len(trials) > MOST_SOON:
        why = (
            f"Not computed, because the search was stopped: {len(trials):,} trials take a while. `anenas report` "
            "computes it."
        )
        return Importance(labels, {}, why_not=why)
    taken = study.decisions
    trials = [trial for trial in trials if trial.number in taken]
    made = [taken[trial.number] for trial in trials]
    everywhere = [name for name in made[0] if all(name in one for one in made)] if made else []
    varied = [name for name in everywhere if len({one[name] for one in made}) > 1]
    if not varied:
        return Importance(labels, {}, why_not="No decision that every trial makes varies between trials.")
    values = [[float(o.value(trial.evaluation) or 0.0) for trial in trials] for o in study.objectives]
    decisions = [{name: str(one[name]) for name in varied} for one in made]
    chances = {name: [_chance(decisions, of, name) for of in values] for name in varied}
    weighed = sorted(varied, key=lambda name: min(chances[name]))[:_SHOWN]
    count = len(trials)
    chosen = range(count) if count <= MOST else [i * count // MOST for i in range(MOST)]
    forest = [{name: decisions[i][name] for name in weighed} for i in chosen]
    shares = [_fanova(forest, [of[i] for i in chosen]) for of in values]
    least = _CHANCE / len(varied)
    found = {
        name: [Influence(share[name], by < least) for share, by in zip(shares, chances[name], strict=True)]
        for name in sorted(weighed, key=lambda name: -max(share[name] for share in shares))
    }
    partial = len({name for one in made for name in one}) - len(everywhere)
    said = [f"{partial} decisions that only some networks have"] if partial else []
    said += [f"{len(varied) - _SHOWN} whose options differ least"] if len(varied) > _SHOWN else []
    left_out = f"Left out: {'; '.join(said)}." if said else ""
    if count > MOST:
        left_out = f"{left_out} Shares are of an even choice of {MOST:,} of the {count:,} trials.".lstrip()
    return Importance(labels, found, left_out)


def _fanova(decisions: Sequence[Mapping[str, str]], values: Sequence[float]) -> dict[str, float]:
    import optuna

    if len(set(values)) == 1:
        return dict.fromkeys(decisions[0], 0.0)
    options = {name: sorted({one[name] for one in decisions}) for name in decisions[0]}
    distributions = {name: optuna.distributions.CategoricalDistribution(those) for name, those in options.items()}
    with quiet_optuna():
        study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(params=dict(one), distributions=dict(distributions), value=value)
            for one, value in zip(decisions, values, strict=True)
        ]
    )
    evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=_TREES, seed=0)
    shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in shares.items()}


def _chance(decisions: Sequence[Mapping[str, str]], values: Sequence[float], name: str) -> float:
    """How probable such differences are where a decision does nothing."""
    from scipy.stats import kruskal

    groups: dict[str, list[float]] = {}
    for one, value in zip(decisions, values, strict=True):
        groups.setdefault(one[name], []).append(value)
    return 1.0 if len(set(values)) == 1 else float(kruskal(*groups.values()).pvalue)

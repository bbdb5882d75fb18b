"""The default sampler: candidates near the front, surrogates for what is not known, and a point of a sampled front."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState
from scipy.stats import norm, rankdata

from anenas._pareto import crowding
from anenas.blocks import Value
from anenas.search._problem import Outlook, Problem
from anenas.search._rungs import RUNGS, expected_accuracy
from anenas.search.samplers._gaussian_process import CannotFitError, GaussianProcess
from anenas.space import Architecture, Decide, Decisions, cross, draw, every, mutate, walk

_START = 10  # trials that are drawn before anything is learnt
_FRESH = 64  # candidates that are drawn anew
_BRED = 200  # candidates that are bred in each generation
_GENERATIONS = 5
_SMALL = 20_000  # candidates of a space that are all looked at
_AT_ONCE = 1_000
_REMEMBERED = 400  # trials that the surrogates are conditioned on

Key = frozenset[tuple[str, Value]]
_Made = tuple[Architecture, Decisions]


@dataclass(frozen=True)
class _Candidate:
    decisions: Decisions
    outlook: Outlook


@dataclass(frozen=True)
class _Known:
    """A trial that was evaluated within the limits; its values are all to be minimised."""

    decisions: Decisions
    values: tuple[float, ...]


class FrontSampler(optuna.samplers.BaseSampler):
    """Suggests candidates that were not tried before, from a front that is drawn at random from what is believed.

    For each objective that only an evaluation tells, a function is drawn from a Gaussian process over the decisions
    (Thompson sampling); the others are known of any candidate. The front of what was drawn is approached by evolution:
    generations of candidates are crossed and mutated from the front of those before, beginning with the front that is
    known and with fresh ones. One of the front's candidates is suggested by chance, the likelier the lonelier it is:
    that spreads trials over the whole front, where always taking the largest gain that is hoped for would stall at its
    optimism, and most of a front's candidates may be crowded at an end that is worth little.

    What it suggests follows from the seed, the trial's number and the study alone: a continued study goes on as if it
    had not been interrupted.

    Args:
        problem: What is searched.
        seed: Equal seeds make equal suggestions.
        say: Called once with a line when nothing can be learnt from the trials.
    """

    def __init__(self, problem: Problem, seed: int, say: Callable[[str], None] = lambda line: None) -> None:
        self._problem = problem
        self._seed = seed
        self._say = say
        self._said = False
        self._read: set[int] = set()
        self._tried: set[Key] = set()
        self._known: dict[Key, _Known] = {}
        self._front: list[_Known] = []
        self._brief: list[_Known] = []  # paused or stopped, with the accuracy that they are expected to end with
        self._estimated: dict[Key, _Candidate] = {}
        self._untried: dict[Key, _Candidate] | None = None  # of a small space
        self._suggested: tuple[int, Decisions] = (-1, {})

    # What Optuna asks for

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}  # which decisions there are follows from those before

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return {}

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """The value of one decision; all of a trial's are made when its first is asked for."""
        if self._suggested[0] != trial.number:
            self._suggested = (trial.number, self.suggest(study, trial.number))
        assert isinstance(param_distribution, CategoricalDistribution)
        value = self._suggested[1].get(param_name)
        if value in param_distribution.choices:
            return value
        # A trial that was half decided when its process died has gone another way.
        return random.Random(f"{self._seed} {trial.number} {param_name}").choice(param_distribution.choices)

    # What it does about it

    def suggest(self, study: optuna.Study, number: int) -> Decisions:
        """The decisions of a candidate for the trial of that number."""
        taken = self._read_trials(study, number)
        rng = random.Random(f"{self._seed} {number}")
        if len(self._known) + len(self._brief) < _START:
            return self._drawn(taken, rng)
        try:
            beliefs = self._believe(rng)
        except CannotFitError:
            if not self._said:
                self._say("the trials so far do not tell which architectures are better: the next is drawn at random")
                self._said = True
            return self._drawn(taken, rng)
        small = self._problem.space.size <= _SMALL
        front = self._whole_front(beliefs, taken) if small else self._evolve(beliefs, taken, rng)
        return front.choose(rng).decisions if front.candidates else self._drawn(taken, rng)

    def _read_trials(self, study: optuna.Study, asking: int) -> set[Key]:
        """Learn from what has ended since the last time; what was tried, or is being tried now, is returned."""
        running: set[Key] = set()
        signs = [-1.0 if direction == StudyDirection.MAXIMIZE else 1.0 for direction in study.directions]
        trials = study.get_trials(deepcopy=False)
        for trial in trials:
            if trial.number in self._read or trial.number == asking or not trial.params:
                continue
            key = _key(trial.params)
            if not trial.state.is_finished():
                running.add(key)
                continue
            self._read.add(trial.number)
            self._tried.add(key)
            missed = {name for name, by in trial.constraints.items() if by > 0}
            # What misses the limit that only training tells was trained, and teaches as much as what keeps it.
            trained = trial.state == TrialState.COMPLETE and missed <= {"accuracy"}
            if trained and key not in self._known and all(map(math.isfinite, trial.values)):
                values = tuple(sign * value for sign, value in zip(signs, trial.values, strict=True))
                self._known[key] = new = _Known(trial.params, values)
                if not missed and not any(_dominates(known.values, values) for known in self._front):
                    self._front = [known for known in self._front if not _dominates(values, known.values)] + [new]
        self._brief = self._expected(trials)
        return self._tried | running

    def _expected(self, trials: Sequence[FrozenTrial]) -> list[_Known]:
        """What was trained in part as it would be in the end: all that only an evaluation tells is the accuracy."""
        begun = [trial for trial in trials if RUNGS in trial.user_attrs]
        reached = [{rung["share"]: rung["accuracy"] for rung in trial.user_attrs[RUNGS]} for trial in begun]
        for trial, accuracies in zip(begun, reached, strict=True):
            if _key(trial.params) in self._known:
                accuracies[1.0] = trial.user_attrs["answer"]["evaluation"]["accuracy"]
        expected = []
        for trial, accuracy in zip(begun, expected_accuracy(reached), strict=True):
            if trial.state in (TrialState.RUNNING, TrialState.PRUNED):
                told = self._estimate(_Known(trial.params, ())).outlook.values
                expected.append(_Known(trial.params, tuple(-accuracy if v is None else v for v in told)))
        return expected

    def _new(self, made: Iterable[tuple[Architecture, Decisions]], wanted: int, taken: set[Key]) -> list[_Candidate]:
        """The first so many that are not taken, each once."""
        new: dict[Key, _Candidate] = {}
        for candidate, decisions in made:
            key = _key(decisions)
            if key not in taken and key not in new:
                new[key] = _Candidate(decisions, self._problem.outlook(candidate))
                if len(new) == wanted:
                    break
        return list(new.values())

    def _drawn(self, taken: set[Key], rng: random.Random) -> Decisions:
        """A new candidate within the limits, or as near to them as a short climb gets; any one if all were tried."""
        decide = self._problem.decide
        found = self._new((draw(decide, rng) for _ in range(_FRESH)), 1, taken)
        if not found:
            found = self._new(every(decide), 1, taken)
            return found[0].decisions if found else draw(decide, rng)[1]
        best = found[0]
        for step in range(2 * _FRESH):
            if best.outlook.violation <= 0:
                break
            made = draw(decide, rng) if step < _FRESH else mutate(decide, best.decisions, rng)
            best = min([best, *self._new([made], 1, taken)], key=lambda candidate: candidate.outlook.violation)
        return best.decisions

    def _whole_front(self, beliefs: _Beliefs, taken: set[Key]) -> _SampledFront:
        """The front of what is believed of all candidates of a small space that were not taken and are within the
        limits.
        """
        if self._untried is None:
            found = self._new(every(self._problem.decide), _SMALL, set())
            self._untried = {_key(one.decisions): one for one in found if one.outlook.violation <= 0}
        for key in self._untried.keys() & taken:
            del self._untried[key]
        front = _SampledFront(beliefs)
        candidates = list(self._untried.values())
        for start in range(0, len(candidates), _AT_ONCE):
            front.look_at(candidates[start : start + _AT_ONCE])
        return front

    def _evolve(self, beliefs: _Beliefs, taken: set[Key], rng: random.Random) -> _SampledFront:
        """The front of what is believed of candidates that were not taken and are within the limits."""
        decide = self._problem.decide
        on_front = {_key(known.decisions) for known in self._front}
        behind = [known for known in self._remembered() if _key(known.decisions) not in on_front]
        second = _front(np.array([known.values for known in behind])) if behind else []
        first = [known.decisions for known in self._front] + [behind[i].decisions for i in second]
        made = self._new((draw(decide, rng) for _ in range(2 * _FRESH)), _FRESH, taken)
        seen = taken | {_key(candidate.decisions) for candidate in made}
        front = _SampledFront(beliefs)
        for _ in range(_GENERATIONS):
            parents = first + [candidate.decisions for candidate in front.candidates]
            bred = self._new((_breed(decide, parents, rng) for _ in range(2 * _BRED)), _BRED, seen)
            seen |= {_key(candidate.decisions) for candidate in bred}
            front.look_at([candidate for candidate in made + bred if candidate.outlook.violation <= 0])
            made = []
        return front

    def _remembered(self) -> list[_Known]:
        """What the surrogates are conditioned on: all, or the front and an even choice of the others."""
        known = [*self._known.values(), *self._brief]
        if len(known) <= _REMEMBERED:
            return known
        front = self._front[-_REMEMBERED // 2 :]
        every_nth = np.linspace(0, len(known) - 1, _REMEMBERED - len(front)).astype(int)
        return list({_key(one.decisions): one for one in [*(known[i] for i in every_nth), *front]}.values())

    def _believe(self, rng: random.Random) -> _Beliefs:
        """What is believed of any candidate for now: for each objective that is not known, one function it may be.

        Raises:
            CannotFitError: If nothing can be learnt of an objective.
        """
        remembered = self._remembered()
        values = np.array([known.values for known in remembered])
        known = [self._estimate(one) for one in remembered]
        encoder = _Encoder(known)
        features = encoder.encode(known)
        generator = np.random.default_rng(rng.getrandbits(64))
        functions: list[Callable[[np.ndarray], np.ndarray] | None] = []
        for i in range(values.shape[1]):
            if any(candidate.outlook.values[i] is None for candidate in known):
                surrogate = GaussianProcess.fit(features, _normal_scores(values[:, i]), encoder.groups)
                functions.append(surrogate.draw(generator))
            else:
                functions.append(None)
        return _Beliefs(encoder, functions)

    def _estimate(self, known: _Known) -> _Candidate:
        key = _key(known.decisions)
        if key not in self._estimated:
            candidate, _ = walk(self._problem.decide, lambda name, _: known.decisions[name])
            self._estimated[key] = _Candidate(known.decisions, self._problem.outlook(candidate))
        return self._estimated[key]


def _key(decisions: Mapping[str, Value]) -> Key:
    return frozenset(decisions.items())


def _dominates(a: Sequence[float], b: Sequence[float]) -> bool:
    return all(x <= y for x, y in zip(a, b, strict=True))


def _front(values: np.ndarray) -> list[int]:
    """Rows of (n, objectives), to be minimised, that no other row dominates; of equal rows only one."""
    order = np.lexsort(values.T[::-1])
    ordered = values[order]
    if values.shape[1] == 2:  # where all but few are dominated, as among all of a small space, this is worth a case
        below = np.minimum.accumulate(np.concatenate([[np.inf], ordered[:-1, 1]]))
        return [int(i) for i in order[ordered[:, 1] < below]]
    kept = np.empty((0, values.shape[1]))
    found = []
    for i, row in zip(order, ordered, strict=True):
        if not (kept <= row).all(1).any():
            kept = np.concatenate([kept, row[None]])
            found.append(int(i))
    return found


def _breed(decide: Decide[Architecture], parents: Sequence[Decisions], rng: random.Random) -> _Made:
    """A parent mutated, once or more, or two crossed and perhaps mutated."""
    if rng.random() < 0.5:
        made = mutate(decide, rng.choice(parents), rng)
        again = 0.4
    else:
        made = cross(decide, rng.choice(parents), rng.choice(parents), rng)
        again = 0.5
    while rng.random() < again:
        made = mutate(decide, made[1], rng)
    return made


def _normal_scores(values: np.ndarray) -> np.ndarray:
    """Values by rank as a normal distribution would have them: how far off bad ones are must not matter."""
    if np.ptp(values) == 0:
        raise CannotFitError
    return np.asarray(norm.ppf((rankdata(values) - 0.5) / len(values)))


_ABSENT = object()


class _Encoder:
    """Candidates as numbers, by what is met in those that it is made from.

    A decision is a group: candidates that decide differently are 1 apart (squared), one that does not decide counting
    as another option. Objectives that are known and other features are groups of one, by rank.
    """

    def __init__(self, candidates: Sequence[_Candidate]) -> None:
        names = dict.fromkeys(name for candidate in candidates for name in candidate.decisions)
        taken = {name: dict.fromkeys(one.decisions.get(name, _ABSENT) for one in candidates) for name in names}
        self._options = {
            name: {option: i for i, option in enumerate(options)} for name, options in taken.items() if len(options) > 1
        }
        figures = enumerate(_figures(candidates))
        self._figures = {
            i: np.sort(np.array(figure, dtype=float))
            for i, figure in figures
            if None not in figure and len(set(figure)) > 1
        }
        sizes = [len(options) for options in self._options.values()] + [1] * len(self._figures)
        self.groups = np.repeat(np.arange(len(sizes)), sizes)

    def encode(self, candidates: Sequence[_Candidate]) -> np.ndarray:
        """(n, features); an option that was not met is half as far from each that was as two of them are."""
        columns: list[np.ndarray] = []
        for name, options in self._options.items():
            codes = np.array([options.get(one.decisions.get(name, _ABSENT), -1) for one in candidates])
            columns.append((codes[:, None] == np.arange(len(options))) * math.sqrt(0.5))
        figures = _figures(candidates)
        for i, met in self._figures.items():
            figure = np.array(figures[i], dtype=float)
            below, up_to = np.searchsorted(met, figure, "left"), np.searchsorted(met, figure, "right")
            columns.append((below + up_to)[:, None] / len(met))
        return np.concatenate(columns, axis=1)


def _figures(candidates: Sequence[_Candidate]) -> list[tuple[float | None, ...]]:
    """What is known of candidates besides their decisions, one tuple a figure."""
    return list(zip(*((*one.outlook.values, *one.outlook.features) for one in candidates), strict=True))


@dataclass(frozen=True)
class _Beliefs:
    """One way that the objectives may be, of those that fit what is known; None for those that are known."""

    encoder: _Encoder
    functions: Sequence[Callable[[np.ndarray], np.ndarray] | None]

    def of(self, candidates: Sequence[_Candidate]) -> np.ndarray:
        """(m, objectives), to be minimised."""
        features = self.encoder.encode(candidates)
        told = np.array([candidate.outlook.values for candidate in candidates], dtype=float)
        columns = [told[:, i] if function is None else function(features) for i, function in enumerate(self.functions)]
        return np.stack(columns, axis=1)


class _SampledFront:
    """The front of the candidates that were looked at, as one set of beliefs has them."""

    def __init__(self, beliefs: _Beliefs) -> None:
        self.candidates: list[_Candidate] = []
        self._beliefs = beliefs
        self._values = np.empty((0, len(beliefs.functions)))
        self._looked_at: list[np.ndarray] = []

    def look_at(self, candidates: Sequence[_Candidate]) -> None:
        """Keep those of them and of the front so far that no other dominates."""
        if not candidates:
            return
        values = self._beliefs.of(candidates)
        self._looked_at.append(values)
        values, candidates = np.concatenate([self._values, values]), [*self.candidates, *candidates]
        best = _front(values)
        self._values, self.candidates = values[best], [candidates[i] for i in best]

    def choose(self, rng: random.Random) -> _Candidate:
        """One of the front, the likelier the lonelier it is, its ends as likely as the loneliest.

        Distances are in ranks among all that was looked at where an objective is known, so that neither its scale nor
        how many trials there have been at an end of it matters, and in normal scores where it is learnt.
        """
        values, looked_at = self._values.copy(), np.concatenate(self._looked_at)
        for i, function in enumerate(self._beliefs.functions):
            if function is None:
                values[:, i] = np.searchsorted(np.sort(looked_at[:, i]), values[:, i])
        distances = np.array(crowding(values.tolist()))
        most = max(distances[np.isfinite(distances)], default=0.0) or 1.0
        return rng.choices(self.candidates, np.minimum(distances, most))[0]

"""The default sampler: candidates near the front, surrogates for what is not known, and a point of a sampled front."""

from __future__ import annotations

import dataclasses
import logging
import math
import random
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, rankdata

from anenas._pareto import crowding, dominates, front
from anenas.blocks import Value
from anenas.search._early_stopping import expected_scores
from anenas.search._evaluation import Evaluation
from anenas.search._objectives import is_metric
from anenas.search._problem import CandidateEstimate, Problem
from anenas.search._trial import FinishedTrial, Trial
from anenas.search.samplers._gaussian_process import CannotFitError, GaussianProcess
from anenas.space import Architecture, Decide, Decisions, cross, draw, every, mutate, walk

_START = 10  # trials that are drawn before anything is learnt
_FRESH = 64  # candidates that are drawn anew
_BRED = 200  # candidates that are bred in each generation
_GENERATIONS = 5
_SMALL = 20_000  # candidates of a space that are all looked at
_AT_ONCE = 1_000
_REMEMBERED = 400  # trials that the surrogates are conditioned on

_log = logging.getLogger(__name__)

Key = frozenset[tuple[str, Value]]
_Made = tuple[Architecture, Decisions]


@dataclass(frozen=True)
class _Candidate:
    decisions: Decisions
    estimate: CandidateEstimate
    training: float | None = None  # log of the steps that its weights had in all; None is the one of most trials


@dataclass(frozen=True)
class _Known:
    """A trial that was evaluated within the limits; its values are all to be minimised."""

    decisions: Decisions
    values: tuple[float, ...]
    steps: int = 0  # that its weights were trained for in all, those of its donors among them; 0 where nothing tells
    is_within: bool = True  # what misses the limit that only training tells was trained, and teaches as much


class FrontSampler:
    """Suggests new candidates from the Pareto front of a posterior sample.

    Thompson sampling: for each objective that only an evaluation tells, a function is drawn from the posterior of a
    Gaussian process over the decisions; the other objectives are known for any candidate, latencies in steps of what
    can be told apart. The front of what was drawn is approached by evolution: generations of candidates are crossed and
    mutated from the front of those before, beginning with the known front and with fresh candidates. One of the front's
    candidates is suggested at random, with a probability that grows with its crowding distance: that spreads trials
    over the whole front, where always taking the largest expected gain would stall at its optimism, and most of a
    front's candidates may be crowded at an end that is worth little.

    Accuracy is learnt over the logarithm of all the steps that a trial's weights were trained for, too, and candidates
    are compared at the median of these: what inherited from heirs is more accurate for its longer training alone.

    What it suggests follows from the seed and the trials alone: a continued study goes on as if it had not been
    interrupted.

    Args:
        seed: Equal seeds make equal suggestions.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._problem: Problem
        self._warned = False
        self._read: dict[int, Trial] = {}
        self._tried: set[Key] = set()
        self._known: dict[Key, _Known] = {}
        self._front: list[_Known] = []
        self._brief: list[_Known] = []  # paused or stopped, with the score that they are expected to end with
        self._estimated: dict[Key, _Candidate] = {}
        self._untried: dict[Key, _Candidate] | None = None  # of a small space

    def ask(self, problem: Problem, trials: Sequence[Trial]) -> Decisions:
        """See `Sampler`; it is asked about one problem only, whose estimates may change."""
        if getattr(self, "_problem", problem) is not problem:
            self._estimated, self._untried = {}, None
        self._problem = problem
        taken = self._read_trials(trials)
        rng = random.Random(f"{self._seed} {len(trials)}")
        if len(self._known) + len(self._brief) < _START:
            return self._drawn(taken, rng)
        try:
            posterior = self._sample_posterior(rng)
        except CannotFitError:
            if not self._warned:
                _log.info("the trials so far do not tell which architectures are better: the next is drawn at random")
                self._warned = True
            return self._drawn(taken, rng)
        small = self._problem.space.size <= _SMALL
        sampled = self._whole_front(posterior, taken) if small else self._evolve(posterior, taken, rng)
        return sampled.choose(rng).decisions if sampled.candidates else self._drawn(taken, rng)

    def _read_trials(self, trials: Sequence[Trial]) -> set[Key]:
        """Learn from what has ended since the last time; what was tried, or is being tried now, is returned."""
        running: set[Key] = set()
        for trial in trials:
            if self._read.get(trial.number) is trial:
                continue
            decisions = self._problem.decisions(trial.architecture)
            key = _key(decisions)
            if not isinstance(trial, FinishedTrial):
                running.add(key)
                continue
            if trial.number in self._read and key in self._known:  # it was measured since, and has other values
                del self._known[key]
                self._front = _front_of(self._known.values())
            self._read[trial.number] = trial
            self._tried.add(key)
            if trial.values is None or not all(map(is_metric, trial.violations)):
                continue
            if key not in self._known and all(map(math.isfinite, trial.values)):
                minimised = zip(self._problem.objectives, trial.values, strict=True)
                values = tuple(objective.minimised(value) for objective, value in minimised)
                steps = trial.evaluation.total_steps if trial.evaluation else 0
                self._known[key] = new = _Known(decisions, values, steps, not trial.violations)
                if not trial.violations and not any(dominates(known.values, values) for known in self._front):
                    self._front = [known for known in self._front if not dominates(values, known.values)] + [new]
        self._brief = self._expected(trials)
        return self._tried | running

    def _expected(self, trials: Sequence[Trial]) -> list[_Known]:
        """What was trained in part as it would be in the end: all that only an evaluation tells is the score."""
        begun = [trial for trial in trials if trial.rungs]
        reached = [{rung.budget_fraction: rung.score for rung in trial.rungs} for trial in begun]
        for trial, scores in zip(begun, reached, strict=True):
            if isinstance(trial, FinishedTrial) and trial.evaluation:
                scores[trial.evaluation.budget_fraction] = trial.evaluation.score
        expected = []
        for trial, score in zip(begun, expected_scores(reached), strict=True):
            if not isinstance(trial, FinishedTrial) or trial.state == "stopped":
                decisions = self._problem.decisions(trial.architecture)
                known = self._estimate(_Known(decisions, ())).estimate.values
                minimised = [objective.minimised(score) for objective in self._problem.objectives]
                values = tuple(m if value is None else value for m, value in zip(minimised, known, strict=True))
                expected.append(_Known(decisions, values, _whole_steps(trial.rungs[-1])))
        return expected

    def _new(self, made: Iterable[tuple[Architecture, Decisions]], wanted: int, taken: set[Key]) -> list[_Candidate]:
        """The first `wanted` that are not taken, each once."""
        new: dict[Key, _Candidate] = {}
        for candidate, decisions in made:
            key = _key(decisions)
            if key not in taken and key not in new:
                new[key] = _Candidate(decisions, self._problem.candidate_estimate(candidate))
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
            if best.estimate.violation <= 0:
                break
            made = draw(decide, rng) if step < _FRESH else mutate(decide, best.decisions, rng)
            best = min([best, *self._new([made], 1, taken)], key=lambda candidate: candidate.estimate.violation)
        return best.decisions

    def _whole_front(self, posterior: _Posterior, taken: set[Key]) -> _SampledFront:
        """The front, under the posterior sample, of all candidates of a small space that were not taken and are within
        the limits.
        """
        if self._untried is None:
            found = self._new(every(self._problem.decide), _SMALL, set())
            self._untried = {_key(one.decisions): one for one in found if one.estimate.violation <= 0}
        for key in self._untried.keys() & taken:
            del self._untried[key]
        sampled = _SampledFront(posterior)
        candidates = list(self._untried.values())
        for start in range(0, len(candidates), _AT_ONCE):
            sampled.look_at(candidates[start : start + _AT_ONCE])
        return sampled

    def _evolve(self, posterior: _Posterior, taken: set[Key], rng: random.Random) -> _SampledFront:
        """The front, under the posterior sample, of candidates that were not taken and are within the limits."""
        decide = self._problem.decide
        on_front = {_key(known.decisions) for known in self._front}
        behind = [known for known in self._remembered() if _key(known.decisions) not in on_front]
        second = front([known.values for known in behind])[::-1] if behind else []
        first = [known.decisions for known in self._front] + [behind[i].decisions for i in second]
        made = self._new((draw(decide, rng) for _ in range(2 * _FRESH)), _FRESH, taken)
        seen = taken | {_key(candidate.decisions) for candidate in made}
        sampled = _SampledFront(posterior)
        for _ in range(_GENERATIONS):
            parents = first + [candidate.decisions for candidate in sampled.candidates]
            bred = self._new((_breed(decide, parents, rng) for _ in range(2 * _BRED)), _BRED, seen)
            seen |= {_key(candidate.decisions) for candidate in bred}
            sampled.look_at([candidate for candidate in made + bred if candidate.estimate.violation <= 0])
            made = []
        return sampled

    def _remembered(self) -> list[_Known]:
        """What the surrogates are conditioned on: all, or the front and an even choice of the others."""
        known = [*self._known.values(), *self._brief]
        if len(known) <= _REMEMBERED:
            return known
        best = self._front[-_REMEMBERED // 2 :]
        every_nth = np.linspace(0, len(known) - 1, _REMEMBERED - len(best)).astype(int)
        return list({_key(one.decisions): one for one in [*(known[i] for i in every_nth), *best]}.values())

    def _sample_posterior(self, rng: random.Random) -> _Posterior:
        """One function for each objective that is not known, drawn from its posterior.

        Raises:
            CannotFitError: If nothing can be learnt of an objective.
        """
        remembered = self._remembered()
        values = np.array([known.values for known in remembered])
        known = [self._trained(one) for one in remembered]
        encoder = _Encoder(known)
        features = encoder.encode(known)
        generator = np.random.default_rng(rng.getrandbits(64))
        functions: list[Callable[[np.ndarray], np.ndarray] | None] = []
        for i in range(values.shape[1]):
            if any(candidate.estimate.values[i] is None for candidate in known):
                surrogate = GaussianProcess.fit(features, _normal_scores(values[:, i]), encoder.groups)
                functions.append(surrogate.draw(generator))
            else:
                functions.append(None)
        return _Posterior(encoder, functions)

    def _trained(self, known: _Known) -> _Candidate:
        return dataclasses.replace(self._estimate(known), training=math.log(known.steps) if known.steps else None)

    def _estimate(self, known: _Known) -> _Candidate:
        key = _key(known.decisions)
        if key not in self._estimated:
            candidate, _ = walk(self._problem.decide, lambda name, _: known.decisions[name])
            self._estimated[key] = _Candidate(known.decisions, self._problem.candidate_estimate(candidate))
        return self._estimated[key]


def _front_of(known: Iterable[_Known]) -> list[_Known]:
    within = [one for one in known if one.is_within]
    return [within[i] for i in front([one.values for one in within])] if within else []


def _whole_steps(rung: Evaluation) -> int:
    """What a paused trial will have been trained for in all, when it is trained in full."""
    if not rung.total_steps:
        return 0
    return rung.total_steps - rung.trained_steps + round(rung.trained_steps / rung.budget_fraction)


def _key(decisions: Mapping[str, Value]) -> Key:
    return frozenset(decisions.items())


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
        told = [one.training for one in candidates if one.training is not None]
        self._training = statistics.median(told) if told else 0.0
        figures = enumerate(self._all_figures(candidates))
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
        figures = self._all_figures(candidates)
        for i, met in self._figures.items():
            figure = np.array(figures[i], dtype=float)
            below, up_to = np.searchsorted(met, figure, "left"), np.searchsorted(met, figure, "right")
            columns.append((below + up_to)[:, None] / len(met))
        return np.concatenate(columns, axis=1)

    def _all_figures(self, candidates: Sequence[_Candidate]) -> list[tuple[float | None, ...]]:
        """What is known of candidates besides their decisions, one tuple a figure; the last is their training."""
        training = [self._training if one.training is None else one.training for one in candidates]
        figures = ((*one.estimate.values, *one.estimate.features) for one in candidates)
        return [*zip(*figures, strict=True), tuple(training)]


@dataclass(frozen=True)
class _Posterior:
    """One posterior sample: a function for each objective that is learnt; None for those that are known."""

    encoder: _Encoder
    functions: Sequence[Callable[[np.ndarray], np.ndarray] | None]

    def of(self, candidates: Sequence[_Candidate]) -> np.ndarray:
        """(m, objectives), to be minimised."""
        features = self.encoder.encode(candidates)
        known = np.array([candidate.estimate.resolved for candidate in candidates], dtype=float)
        columns = [known[:, i] if function is None else function(features) for i, function in enumerate(self.functions)]
        return np.stack(columns, axis=1)


class _SampledFront:
    """The front of the candidates that were looked at, under one posterior sample."""

    def __init__(self, posterior: _Posterior) -> None:
        self.candidates: list[_Candidate] = []
        self._posterior = posterior
        self._values = np.empty((0, len(posterior.functions)))
        self._looked_at: list[np.ndarray] = []

    def look_at(self, candidates: Sequence[_Candidate]) -> None:
        """Keep those of them and of the front so far that no other dominates."""
        if not candidates:
            return
        values = self._posterior.of(candidates)
        self._looked_at.append(values)
        values, candidates = np.concatenate([self._values, values]), [*self.candidates, *candidates]
        best = front(values)[::-1]
        self._values, self.candidates = values[best], [candidates[i] for i in best]

    def choose(self, rng: random.Random) -> _Candidate:
        """One of the front, its probability in proportion to its crowding distance, the ends' being the largest other.

        Distances are in ranks among all that was looked at where an objective is known, so that neither its scale nor
        how many trials there have been at an end of it matters, and in normal scores where it is learnt.
        """
        values, looked_at = self._values.copy(), np.concatenate(self._looked_at)
        for i, function in enumerate(self._posterior.functions):
            if function is None:
                values[:, i] = np.searchsorted(np.sort(looked_at[:, i]), values[:, i])
        distances = np.array(crowding(values.tolist()))
        most = max(distances[np.isfinite(distances)], default=0.0) or 1.0
        return rng.choices(self.candidates, np.minimum(distances, most))[0]

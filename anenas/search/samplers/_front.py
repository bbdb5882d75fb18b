"""The default sampler: candidates near the front, surrogates for what is not known, and a point of a sampled front."""

from __future__ import annotations

import dataclasses
import itertools
import logging
import math
import random
import statistics
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, rankdata

from anenas._pareto import crowding, front
from anenas.search._evaluation import Evaluation
from anenas.search._expected_scores import expected_scores
from anenas.search._objectives import is_metric
from anenas.search._problem import CandidateEstimate, Problem
from anenas.search._trial import FinishedTrial, Trial
from anenas.search.samplers._gaussian_process import CannotFitError, GaussianProcess
from anenas.space import Architecture, Decide, Decisions, cross, draw, every, mutate

_START = 10  # trials that are drawn before anything is learnt
_FRESH = 64  # candidates that are drawn anew
_BRED = 200  # candidates that are bred in each generation
_GENERATIONS = 5
_SMALL = 20_000  # candidates of a space that are all looked at
_AT_ONCE = 1_000
_REMEMBERED = 400  # trials that the surrogates are conditioned on
_FOLLOWED = 128  # trials that run for each answer that surrogates may be behind

_log = logging.getLogger(__name__)

_Made = tuple[Architecture, Decisions]


@dataclass(frozen=True)
class _Candidate:
    architecture: Architecture
    decisions: Decisions
    estimate: CandidateEstimate
    training: float | None = None  # log of the steps that its weights had in all; None is the one of most trials


@dataclass(frozen=True, slots=True)
class _Known:
    """A trial that was evaluated within the limits; its values are all to be minimised."""

    architecture: Architecture
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

    Where many trials run, no suggestion knows what becomes of them, and one in 128 of them more may go unheard: the
    surrogates are fitted again only once more than so many were answered. Until then suggestions come from posterior
    samples of their own over candidates that were bred once.

    What it suggests follows from the seed and the trials alone, where fewer than 128 run: a continued study goes on as
    if it had not been interrupted.

    Args:
        seed: Equal seeds make equal suggestions.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._problem: Problem
        self._warned = False
        self._trials: list[Trial] = []  # the last time
        self._read: dict[int, Trial] = {}
        self._taken: set[Architecture] = set()  # what was tried, or is being tried now
        self._running: set[int] = set()
        self._known: dict[Architecture, _Known] = {}
        self._front: list[_Known] = []
        self._begun: dict[int, Trial] = {}  # that have been at a rung
        self._estimated: dict[Architecture, _Candidate] = {}
        self._news = 0  # how much has been learnt of
        self._surrogates: _Surrogates | None = None
        self._fit_at = 0  # the news then
        self._bred: list[_Candidate] = []  # with them
        self._untried: dict[Architecture, _Candidate] | None = None  # of a small space

    def ask(self, problem: Problem, trials: Sequence[Trial]) -> Decisions:
        """See `Sampler`; it is asked about one problem only, whose estimates may change."""
        if getattr(self, "_problem", problem) is not problem:
            self._surrogates, self._untried, self._estimated = None, None, {}
        self._problem = problem
        self._read_trials(trials)
        rng = random.Random(f"{self._seed} {len(trials)}")
        if len(self._known) < _START and len(self._known) + sum(map(_is_brief, self._begun.values())) < _START:
            return self._drawn(rng)
        behind = len(self._running) // _FOLLOWED
        generator = np.random.default_rng(rng.getrandbits(64))
        try:
            if self._surrogates is None or self._news - self._fit_at > behind:
                self._surrogates, self._fit_at, self._bred = self._fitted(), self._news, []
            posterior = self._surrogates.draw(generator)
        except CannotFitError:
            if not self._warned:
                _log.info("the trials so far do not show which architectures are better: the next one is random")
                self._warned = True
            return self._drawn(rng)
        sampled = self._sampled_front(posterior, rng, is_shared=behind > 0)
        return sampled.choose(rng).decisions if sampled.candidates else self._drawn(rng)

    def _read_trials(self, trials: Sequence[Trial]) -> None:
        """Learn from what is new since the last time."""
        read, new = self._read, []
        changed = [trial for trial, known in itertools.zip_longest(trials, self._trials) if trial is not known]
        self._trials = list(trials)
        for trial in changed:
            if trial is None or read.get(trial.number) is trial:
                continue
            before = read.get(trial.number)
            read[trial.number] = trial
            self._taken.add(trial.architecture)
            if trial.rungs:
                self._begun[trial.number] = trial
                self._news += 1
            if not isinstance(trial, FinishedTrial):
                self._running.add(trial.number)
                continue
            self._running.discard(trial.number)
            if isinstance(before, FinishedTrial) and trial.architecture in self._known:  # it was measured since
                del self._known[trial.architecture]
                self._news += 1
                self._front = _front_of(self._known.values())
            if trial.values is None or not all(map(is_metric, trial.violations)):
                continue
            if trial.architecture not in self._known and all(map(math.isfinite, trial.values)):
                minimised = zip(self._problem.objectives, trial.values, strict=True)
                values = tuple(objective.minimised(value) for objective, value in minimised)
                steps = trial.evaluation.total_steps if trial.evaluation else 0
                self._known[trial.architecture] = known = _Known(
                    trial.architecture, values, steps, not trial.violations
                )
                self._news += 1
                new.append(known)
        if new:
            within = [*self._front, *(known for known in new if known.is_within)]
            self._front = [within[i] for i in sorted(front([one.values for one in within]))]

    def _expected(self) -> dict[int, float]:
        """The score that what was trained in part would have in the end, by number."""
        reached = []
        for trial in self._begun.values():
            scores = {rung.budget_fraction: rung.score for rung in trial.rungs}
            if isinstance(trial, FinishedTrial) and trial.evaluation:
                scores[trial.evaluation.budget_fraction] = trial.evaluation.score
            reached.append(scores)
        return dict(zip(self._begun, expected_scores(reached), strict=True))

    def _new(self, made: Iterable[_Made], wanted: int, seen: Container[Architecture] = frozenset()) -> list[_Candidate]:
        """The first `wanted` that are neither taken nor seen, each once."""
        new: dict[Architecture, _Candidate] = {}
        for candidate, decisions in made:
            if not (candidate in self._taken or candidate in seen or candidate in new):
                new[candidate] = _Candidate(candidate, decisions, self._problem.candidate_estimate(candidate))
                if len(new) == wanted:
                    break
        return list(new.values())

    def _drawn(self, rng: random.Random) -> Decisions:
        """A new candidate within the limits, or as near to them as a short climb gets; any one if all were tried."""
        decide = self._problem.decide
        found = self._new((draw(decide, rng) for _ in range(_FRESH)), 1)
        if not found:
            found = self._new(every(decide), 1)
            return found[0].decisions if found else draw(decide, rng)[1]
        best = found[0]
        for step in range(2 * _FRESH):
            if best.estimate.violation <= 0:
                break
            made = draw(decide, rng) if step < _FRESH else mutate(decide, best.decisions, rng)
            best = min([best, *self._new([made], 1)], key=lambda candidate: candidate.estimate.violation)
        return best.decisions

    def _whole_front(self, posterior: _Posterior) -> _SampledFront:
        """The front, under the posterior sample, of all candidates of a small space that were not taken and are within
        the limits.
        """
        if self._untried is None:
            found = self._new(every(self._problem.decide), _SMALL)
            self._untried = {one.architecture: one for one in found if one.estimate.violation <= 0}
        for architecture in self._untried.keys() & self._taken:
            del self._untried[architecture]
        sampled = _SampledFront(posterior)
        candidates = list(self._untried.values())
        for start in range(0, len(candidates), _AT_ONCE):
            sampled.look_at(candidates[start : start + _AT_ONCE])
        return sampled

    def _sampled_front(self, posterior: _Posterior, rng: random.Random, *, is_shared: bool) -> _SampledFront:
        """The front, under the posterior sample, of candidates that were not taken and are within the limits.

        Args:
            posterior: The sample.
            rng: For what is drawn.
            is_shared: Whether candidates may be those that were bred for another sample of these surrogates.
        """
        if self._problem.space.size <= _SMALL:
            return self._whole_front(posterior)
        sampled = _SampledFront(posterior)
        if is_shared:
            sampled.look_at([one for one in self._bred if one.architecture not in self._taken])
        return sampled if sampled.candidates else self._evolve(posterior, rng)

    def _evolve(self, posterior: _Posterior, rng: random.Random) -> _SampledFront:
        """See `_sampled_front`; the candidates are bred for it."""
        assert self._surrogates
        decide = self._problem.decide
        on_front = {known.architecture for known in self._front}
        behind = [known for known in self._surrogates.remembered if known.architecture not in on_front]
        second = front([known.values for known in behind])[::-1] if behind else []
        best = [*self._front, *(behind[i] for i in second)]
        first = [self._problem.decisions(known.architecture) for known in best]
        made = self._new((draw(decide, rng) for _ in range(2 * _FRESH)), _FRESH)
        seen = {candidate.architecture for candidate in made}
        self._bred = []
        sampled = _SampledFront(posterior)
        for _ in range(_GENERATIONS):
            parents = first + [candidate.decisions for candidate in sampled.candidates]
            bred = self._new((_breed(decide, parents, rng) for _ in range(2 * _BRED)), _BRED, seen)
            seen |= {candidate.architecture for candidate in bred}
            within = [candidate for candidate in made + bred if candidate.estimate.violation <= 0]
            self._bred += within
            sampled.look_at(within)
            made = []
        return sampled

    def _fitted(self) -> _Surrogates:
        """A surrogate for each objective that is not known.

        Raises:
            CannotFitError: If nothing can be learnt of an objective.
        """
        remembered = self._remembered()
        values = np.array([known.values for known in remembered])
        known = [self._trained(one) for one in remembered]
        encoder = _Encoder(known)
        features = encoder.encode(known)
        processes: list[GaussianProcess | None] = []
        for i in range(values.shape[1]):
            is_learnt = any(candidate.estimate.values[i] is None for candidate in known)
            learnt = _normal_scores(values[:, i]) if is_learnt else None
            processes.append(None if learnt is None else GaussianProcess.fit(features, learnt, encoder.groups))
        return _Surrogates(remembered, encoder, processes)

    def _remembered(self) -> list[_Known]:
        """What the surrogates are conditioned on: all, or the front and an even choice of the others."""
        expected = self._expected()
        brief = (trial for _, trial in sorted(self._begun.items()) if _is_brief(trial))
        known: list[_Known | Trial] = [*self._known.values(), *brief]
        if len(known) > _REMEMBERED:
            best = self._front[-_REMEMBERED // 2 :]
            every_nth = np.linspace(0, len(known) - 1, _REMEMBERED - len(best)).astype(int)
            known = list({one.architecture: one for one in [*(known[i] for i in every_nth), *best]}.values())
        if len(self._estimated) > 10 * _REMEMBERED:
            self._estimated.clear()
        return [one if isinstance(one, _Known) else self._in_the_end(one, expected[one.number]) for one in known]

    def _in_the_end(self, trial: Trial, score: float) -> _Known:
        """What was trained in part as it would be then: all that only an evaluation tells is the score."""
        told = self._estimate(trial.architecture).estimate.values
        minimised = [objective.minimised(score) for objective in self._problem.objectives]
        values = tuple(m if value is None else value for m, value in zip(minimised, told, strict=True))
        return _Known(trial.architecture, values, _whole_steps(trial.rungs[-1]))

    def _trained(self, known: _Known) -> _Candidate:
        candidate = self._estimate(known.architecture)
        return dataclasses.replace(candidate, training=math.log(known.steps) if known.steps else None)

    def _estimate(self, architecture: Architecture) -> _Candidate:
        if architecture not in self._estimated:
            decisions = self._problem.decisions(architecture)
            estimate = self._problem.candidate_estimate(architecture)
            self._estimated[architecture] = _Candidate(architecture, decisions, estimate)
        return self._estimated[architecture]


def _is_brief(trial: Trial) -> bool:
    """Whether it was trained in part alone so far, of those that have begun."""
    return not isinstance(trial, FinishedTrial) or trial.state == "stopped"


def _front_of(known: Iterable[_Known]) -> list[_Known]:
    within = [one for one in known if one.is_within]
    return [within[i] for i in front([one.values for one in within])] if within else []


def _whole_steps(rung: Evaluation) -> int:
    """What a paused trial will have been trained for in all, when it is trained in full."""
    if not rung.total_steps:
        return 0
    return rung.total_steps - rung.trained_steps + round(rung.trained_steps / rung.budget_fraction)


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
class _Surrogates:
    """What trials tell of the objectives: a process for each that is learnt, None for those that are known."""

    remembered: Sequence[_Known]
    encoder: _Encoder
    processes: Sequence[GaussianProcess | None]

    def draw(self, generator: np.random.Generator) -> _Posterior:
        """One function for each, drawn from its posterior."""
        return _Posterior(self.encoder, [one.draw(generator) if one else None for one in self.processes])


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

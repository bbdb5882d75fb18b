"""The default sampler, on small tables."""

from __future__ import annotations

import dataclasses
import math
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from tables import write_table

from anenas.bench import Table, read_table
from anenas.latency import Latency
from anenas.search import (
    CandidateEstimate,
    Estimate,
    Evaluation,
    Measurement,
    Objectives,
    Problem,
    Sampler,
    Search,
    SearchSettings,
    SerialExecutor,
    Study,
    Trial,
    TrialFiles,
    make_sampler,
)
from anenas.search._trial import FinishedTrial
from anenas.search.samplers._front import (
    FrontSampler,
    _breed,
    _Candidate,
    _Encoder,
    _Known,
    _normal_scores,
    _SampledFront,
    _whole_steps,
)
from anenas.search.samplers._gaussian_process import CannotFitError, GaussianProcess
from anenas.space import Architecture, Limits, draw, every

SETTINGS = SearchSettings({"accuracy": 0.0, "latency_ms": 1.0})


def problem_of(table: Table) -> Problem:
    return Problem(table, 0, table, Objectives.of(SETTINGS.objectives), Limits())


def study_of(folder: Path) -> Study:
    return Study.create_or_continue(folder, "s", SETTINGS, in_memory=True)


def searched(study: Study, table: Table, trials: int, sampler: Sampler) -> list[str]:
    Search(study, problem_of(table), sampler, SerialExecutor()).run(trials)
    return [str(trial.architecture) for trial in study.finished]


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return read_table(write_table(tmp_path / "t.npz"), 1)


def test_what_is_suggested_follows_from_the_seed(table: Table, tmp_path: Path) -> None:
    first, again, other = (
        searched(study_of(tmp_path / folder), table, 16, FrontSampler(seed))
        for folder, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert first == again
    assert first != other


def test_a_study_that_was_interrupted_goes_on_as_if_it_had_not_been(table: Table, tmp_path: Path) -> None:
    whole = searched(study_of(tmp_path / "a"), table, 18, FrontSampler(0))
    study = study_of(tmp_path / "b")
    searched(study, table, 13, FrontSampler(0))
    assert searched(study, table, 18, FrontSampler(0)) == whole  # a new one, as another process begins with


def test_nothing_is_suggested_twice_until_the_space_is_exhausted(tmp_path: Path) -> None:
    choices = np.array([(i, j) for i in range(4) for j in range(5)])
    objectives = np.stack([choices[:, 0] + 0.1 * choices[:, 1], 4 - choices[:, 0] + 0.1 * choices[:, 1]], axis=1)
    path = write_table(tmp_path / "t.npz", choices=choices, objectives=objectives * 1.0)
    table = read_table(path)
    study, sampler = study_of(tmp_path / "store"), FrontSampler(0)
    assert len(set(searched(study, table, 20, sampler))) == 20
    assert study.counts["repeated"] == 0
    searched(study, table, 21, sampler)  # ends, though nothing is left to try
    assert study.counts["completed"] == 20
    assert study.counts["repeated"] == 0


def test_it_finds_more_of_the_front_than_chance_does(table: Table, tmp_path: Path) -> None:
    volumes = {}
    for name in ("auto", "random"):
        found = []
        for seed in range(3):
            study = study_of(tmp_path)
            searched(study, table, 40, make_sampler(name, seed))
            found.append(table.hypervolumes([trial.architecture for trial in study.completed])[-1])
        volumes[name] = np.mean(found)
    assert volumes["auto"] > volumes["random"] + 0.05


@dataclass(frozen=True)
class Certain:
    """A posterior that leaves nothing open."""

    functions: tuple[None, ...] = (None, None)

    def of(self, candidates: list[_Candidate]) -> np.ndarray:
        return np.array([candidate.estimate.values for candidate in candidates])


def chosen_of(points: list[tuple[float, float]], times: int) -> dict[tuple[float | None, ...], int]:
    front, rng = _SampledFront(cast(Any, Certain())), random.Random(0)
    for point in points:
        front.look_at([_Candidate(cast(Architecture, point), {}, CandidateEstimate(point, point))])
    return Counter(front.choose(rng).estimate.values for _ in range(times))


def test_of_a_front_the_least_crowded_are_suggested_more_often_than_the_crowded() -> None:
    crowd = [(0.01 * i, 9 - 0.01 * i) for i in range(10)]
    behind = [(6.0, 6.0 + 0.1 * i) for i in range(20)]
    chosen = chosen_of([*crowd, (4.0, 5.0), (8.0, 0.0), *behind], 1_000)
    assert chosen[4.0, 5.0] > 5 * max(chosen[one] for one in crowd[1:-1])
    assert not any(chosen[one] for one in behind)


@pytest.mark.parametrize("points", [[(1.0, 1.0)], [(1.0, 1.0), (1.0, 1.0)], [(0.0, 1.0), (1.0, 0.0)]])
def test_each_of_a_front_of_one_or_two_is_suggested(points: list[tuple[float, float]]) -> None:
    assert set(chosen_of(points, 100)) == set(points)


def test_a_known_objective_is_never_predicted(table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fits = []
    fit = GaussianProcess.fit

    def counted(features: np.ndarray, values: np.ndarray, groups: np.ndarray) -> GaussianProcess:
        fits.append(len(values))
        return fit(features, values, groups)

    monkeypatch.setattr(GaussianProcess, "fit", counted)
    searched(study_of(tmp_path / "known"), table, 13, FrontSampler(0))
    assert fits == [10, 11, 12]
    fits.clear()
    both = read_table(tmp_path / "t.npz")
    searched(study_of(tmp_path / "both"), both, 13, FrontSampler(0))
    assert fits == [10, 10, 11, 11, 12, 12]


@dataclass(frozen=True)
class _Alike(Problem):
    """A problem whose latencies differ, and none is told apart from another."""

    def candidate_estimate(self, architecture: Any) -> CandidateEstimate:
        return dataclasses.replace(super().candidate_estimate(architecture), resolved=(None, 1.0))


def test_of_latencies_that_cannot_be_told_apart_the_lower_is_no_better(
    table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fronts: list[int] = []
    choose = _SampledFront.choose

    def noted(self: _SampledFront, rng: random.Random) -> _Candidate:
        fronts.append(len(self.candidates))
        return choose(self, rng)

    monkeypatch.setattr(_SampledFront, "choose", noted)
    for kind in (Problem, _Alike):
        fronts.clear()
        problem = kind(**vars(problem_of(table)))
        Search(study_of(tmp_path / kind.__name__), problem, FrontSampler(0), SerialExecutor()).run(14)
        assert (max(fronts) == 1) is (kind is _Alike) and len(fronts) == 4


def test_candidates_over_the_limits_are_not_suggested_while_there_are_others(table: Table, tmp_path: Path) -> None:
    limit = float(np.quantile(table.objectives[:, 1] - table.objectives[:, 1].min(), 0.3))
    shifted = Table(**{**vars_of(table), "objectives": table.objectives - [0, table.objectives[:, 1].min() - 1e-3]})
    problem = Problem(shifted, 0, shifted, Objectives.of(SETTINGS.objectives), Limits(latency_ms=limit))
    study = study_of(tmp_path)
    Search(study, problem, FrontSampler(0), SerialExecutor()).run(25)
    assert study.counts == {"completed": 25, "stopped": 0, "failed": 0, "infeasible": 0, "repeated": 0}


def vars_of(table: Table) -> dict[str, Any]:
    names = ("name", "choices", "objectives", "ideal", "nadir", "front_hypervolume", "known")
    return {name: getattr(table, name) for name in names}


@dataclass(frozen=True)
class _Unknown:
    """A problem of which nothing but the values of its trials is known."""

    table: Table

    @property
    def objectives(self) -> Objectives:
        return Objectives.of(SETTINGS.objectives)

    @property
    def space(self) -> Table:
        return self.table

    def decide(self, pick: Any) -> Any:
        return self.table.decide(pick)

    def decisions(self, architecture: Any) -> Any:
        return self.table.decisions(architecture)

    def candidate_estimate(self, architecture: Any) -> CandidateEstimate:
        return CandidateEstimate((None, None), (None, None))


def trials_of(table: Table, values: list[tuple[float, float]]) -> list[Trial]:
    """Drawn candidates with these values."""
    rng = random.Random(0)
    drawn = [draw(table.decide, rng)[0] for _ in values]
    return [
        FinishedTrial(number, architecture, state="completed", values=pair)
        for number, (architecture, pair) in enumerate(zip(drawn, values, strict=True))
    ]


@pytest.mark.parametrize(
    "values", [[(0.5, i) for i in range(20)], [(i, 1.0) for i in range(20)]], ids=["accuracy", "latency"]
)
def test_an_objective_that_never_changes_is_said_once_and_sampled(
    table: Table, values: list[tuple[float, float]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    sampler, problem, trials = FrontSampler(0), cast(Problem, _Unknown(table)), trials_of(table, values)
    suggested = set()
    for number in range(20, 26):
        decisions = sampler.ask(problem, trials)
        suggested.add(tuple(decisions.items()))
        trials.append(Trial(number, table.decide(lambda name, _, made=decisions: made[name])))
    assert len(suggested) == 6
    assert caplog.messages == ["the trials so far do not show which architectures are better: the next one is random"]


def test_trials_without_finite_values_teach_nothing_and_stop_nothing(
    table: Table, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    sampler = FrontSampler(0)
    finite = [(math.sin(i), math.cos(i)) for i in range(12)]
    trials = trials_of(table, [*finite, (math.inf, 1.0), (1.0, -math.inf)])
    assert sampler.ask(cast(Problem, _Unknown(table)), trials)
    assert not caplog.messages
    assert len(sampler._known) <= 12


def test_two_trials_are_too_few_to_learn_from(table: Table) -> None:
    trials = trials_of(table, [(0.1, 1.0), (0.2, 2.0)])
    decisions = FrontSampler(0).ask(cast(Problem, _Unknown(table)), trials)
    assert decisions.keys() == {f"choice0{i}" for i in range(4)}


def test_a_longer_training_is_no_merit_of_the_architecture(table: Table) -> None:
    """Half the trials inherited a training four times as long, which alone makes them better."""
    rng, problem = random.Random(0), problem_of(table)
    known = []
    for number in range(40):
        architecture, _ = draw(problem.decide, rng)
        long = number % 2
        known.append(_Known(architecture, (-0.6 - 0.2 * long, 0.5), 4000 if long else 1000))
    sampler = FrontSampler(0)
    sampler._problem = problem
    sampler._known = {one.architecture: one for one in known}
    posterior = sampler._fitted().draw(np.random.default_rng(0))
    candidates = [sampler._estimate(architecture) for architecture in sampler._known]
    spread = np.ptp(posterior.of(candidates)[:, 0])
    without = FrontSampler(0)
    without._problem = problem
    without._known = {key: dataclasses.replace(one, steps=0) for key, one in sampler._known.items()}
    blind = np.ptp(without._fitted().draw(np.random.default_rng(0)).of(candidates)[:, 0])
    assert spread < blind / 3


def test_a_paused_trial_counts_with_the_steps_that_it_will_have_had() -> None:
    latency = Latency(1.0, 1.0, 1.0, "A15", "s")
    rung = Evaluation(0.5, Estimate({"A15": latency}, 1.0, 1, 1), 0.125, trained_steps=100, total_steps=1500)
    assert _whole_steps(rung) == 1400 + 800
    assert _whole_steps(dataclasses.replace(rung, total_steps=0)) == 0


def test_what_was_trained_in_part_is_learned_from_as_long_as_that_is_all_there_is_of_it(table: Table) -> None:
    def rung(fraction: float, score: float) -> Evaluation:
        trained = round(1000 * fraction)
        known = Estimate({"A15": Latency(1.0, 1.0, 1.0, "A15", "s")}, 1.0, 1, 1)
        return Evaluation(score, known, fraction, trained_steps=trained, total_steps=trained)

    rungs = (rung(0.125, 0.4), rung(0.25, 0.5), rung(0.5, 0.6))
    completed = [dataclasses.replace(one, rungs=rungs) for one in trials_of(table, [(0.7, 0.5), (0.8, 0.6)])]
    scores = (0.7, 0.8)
    ends = [dataclasses.replace(one, evaluation=rung(1.0, at)) for one, at in zip(completed, scores, strict=True)]
    others = {one.architecture: None for one in trials_of(table, [(0.0, 0.0)] * 12)}
    drawn = [one for one in others if one not in {end.architecture for end in ends}]
    stopped = FinishedTrial(2, drawn[0], rungs=rungs[:1], state="stopped", evaluation=rungs[0])
    paused, begun = Trial(3, drawn[1], rungs=rungs), Trial(4, drawn[2])
    sampler, problem = FrontSampler(0), problem_of(table)
    sampler._problem = problem
    sampler._read_trials([*ends, stopped, paused, begun])
    found = {one.architecture: one for one in sampler._remembered()}
    assert found.keys() == {one.architecture for one in (*ends, stopped, paused)}
    # To each rung and to the end the median gain.
    assert found[stopped.architecture].values[0] == pytest.approx(-(0.4 + 0.1 + 0.1 + 0.15))
    assert found[paused.architecture].values[0] == pytest.approx(-(0.6 + 0.15))
    assert found[paused.architecture].steps == found[stopped.architecture].steps == 1000


@pytest.mark.parametrize(("trials", "fewest", "most"), [(19, 19, 19), (20, 20, 20), (21, 15, 20), (60, 15, 20)])
def test_of_more_trials_than_can_be_learnt_from_the_front_and_an_even_choice_are(
    trials: int, fewest: int, most: int, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anenas.search.samplers._front._REMEMBERED", 20)
    rng = random.Random(0)
    architectures = list(dict.fromkeys(draw(table.decide, rng)[0] for _ in range(500)))[:trials]
    # One in six is as accurate as another is fast; the others are worse than all of these.
    scores = [(0.5 + i / 1000, 1.0 + i) if i % 6 == 0 else (0.1, 900.0 + i) for i in range(trials)]
    sampler = FrontSampler(0)
    sampler._problem = problem_of(table)
    sampler._read_trials(
        [
            FinishedTrial(i, one, state="completed", values=values)
            for i, (one, values) in enumerate(zip(architectures, scores, strict=True))
        ]
    )
    learnt = [architectures.index(known.architecture) for known in sampler._remembered()]
    assert len(set(learnt)) == len(learnt)
    assert {i for i in range(trials) if i % 6 == 0} <= set(learnt)
    assert min(learnt) == 0 and max(learnt) == trials - 1
    assert fewest <= len(learnt) <= most


def test_what_was_measured_since_replaces_what_it_was_taken_for(table: Table, tmp_path: Path) -> None:
    study, sampler = study_of(tmp_path), FrontSampler(0)
    searched(study, table, 12, sampler)
    for trial in study.completed:
        sampler.ask(problem_of(table), study.trials)
        before = trial.evaluation.estimate.latency
        slow = dataclasses.replace(before, ms=0.9, low_ms=0.9, high_ms=0.9, samples_ms=(0.9,))
        study.set_measurement(trial.number, Measurement(trial.evaluation.estimated_latency, slow), {})
        sampler.ask(problem_of(table), study.trials)
        fresh = FrontSampler(0)
        fresh.ask(problem_of(table), study.trials)
        assert sampler._known == fresh._known
        assert {known.values for known in sampler._front} == {known.values for known in fresh._front}


def test_where_many_trials_run_suggestions_share_surrogates_and_candidates(
    table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One at a time each has its own."""
    fitted: list[None] = []
    bred: list[None] = []
    monkeypatch.setattr("anenas.search.samplers._front._SMALL", 0)
    monkeypatch.setattr("anenas.search.samplers._front._FOLLOWED", 16)
    monkeypatch.setattr(FrontSampler, "_fitted", _noted(FrontSampler._fitted, fitted))
    monkeypatch.setattr(FrontSampler, "_evolve", _noted(FrontSampler._evolve, bred))
    study, sampler, problem = study_of(tmp_path), FrontSampler(0), problem_of(table)
    searched(study, table, 14, sampler)
    assert len(fitted) == len(bred) == 4
    running = [study.ask(sampler, problem) for _ in range(40)]
    assert (len(fitted), len(bred)) == (5, 4 + 16)  # of its own until 16 run
    for trial in running[:9]:  # of 40 that run one in 16 may go unheard
        study.complete(trial, table.evaluate(trial.architecture, TrialFiles(study.workspace(trial))), {})
        running.append(study.ask(sampler, problem))
    assert (len(fitted), len(bred)) == (5 + 3, 20 + 3)
    asked = [trial.architecture for trial in study.trials]
    assert len(set(asked)) == len(asked) == 14 + 40 + 9


def _noted(method: Any, calls: list[None]) -> Any:
    def noting(*args: Any) -> Any:
        calls.append(None)
        return method(*args)

    return noting


# Candidates as numbers


def candidate(
    decisions: dict[str, Any], values: tuple[float | None, ...], *features: float, training: float | None = None
) -> _Candidate:
    name = cast(Architecture, (*decisions.items(), *values, *features, training))
    return _Candidate(name, decisions, CandidateEstimate(values, values, features=features), training)


MET = [
    candidate({"a": 1, "b": "x"}, (None, 0.3), 1.0, 8.0),
    candidate({"a": 2, "b": "x"}, (None, 0.5), 1.0, 8.0),
    candidate({"a": 1, "b": "x", "c": 5}, (None, 0.3), 2.0, 8.0),
]


def test_decisions_and_figures_in_which_candidates_differ_are_groups() -> None:
    encoder, half = _Encoder(MET), math.sqrt(0.5)
    assert encoder.groups.tolist() == [0, 0, 1, 1, 2, 3]
    assert encoder.encode(MET) == pytest.approx(
        np.array(
            [
                [half, 0, half, 0, 2 / 3, 2 / 3],
                [0, half, half, 0, 5 / 3, 2 / 3],
                [half, 0, 0, half, 2 / 3, 5 / 3],
            ]
        )
    )


def test_what_was_not_met_is_half_as_far_from_each_option_and_beyond_or_between_the_figures() -> None:
    new = [
        candidate({"a": 9, "b": "y", "c": 5, "d": 7}, (None, 0.4), 3.0, 8.0),
        candidate({"a": 2}, (None, 0.1), 0.5, 9.0),
    ]
    half = math.sqrt(0.5)
    assert _Encoder(MET).encode(new) == pytest.approx(np.array([[0, 0, 0, half, 4 / 3, 2], [0, half, half, 0, 0, 0]]))


def test_how_long_was_trained_is_a_figure_where_it_differs_and_the_middle_of_it_where_it_is_not_known() -> None:
    met = [candidate({"a": i}, (None,), training=training) for i, training in enumerate((5.0, None, 9.0, 6.0))]
    encoder = _Encoder(met)
    assert encoder.groups.tolist() == [0] * 4 + [1]
    # Of 5, 6, 6 and 9, the one that is not known being their middle.
    assert encoder.encode(met)[:, -1] == pytest.approx(np.array([1, 4, 7, 4]) / 4)
    alike = _Encoder([candidate({"a": i}, (None,), training=7.0) for i in range(2)])
    assert alike.groups.tolist() == [0, 0]


def test_values_are_learnt_by_rank_alone() -> None:
    found = _normal_scores(np.array([20.0, -1e9, 20.0, 1e9]))
    assert found == pytest.approx([0.0, -1.15035, 0.0, 1.15035], abs=1e-5)
    with pytest.raises(CannotFitError):
        _normal_scores(np.array([2.0, 2.0, 2.0]))


def test_only_a_metric_s_limit_may_be_missed_by_what_is_learnt_from_and_that_is_on_no_front(table: Table) -> None:
    trials = trials_of(table, [(0.9, 0.5), (0.95, 0.4), (0.8, 0.3), (0.7, 0.2), (0.6, 0.9)])
    assert len({trial.architecture for trial in trials}) == 5
    missed: tuple[dict[str, float], ...] = (
        {},
        {"accuracy": 0.1},
        {"latency_ms": 0.1},
        {"accuracy": 0.1, "size_mb": 0.1},
        {},
    )
    sampler = FrontSampler(0)
    sampler._problem = problem_of(table)
    for one, by in zip(trials, missed, strict=True):
        assert isinstance(one, FinishedTrial)
        trials[one.number] = dataclasses.replace(one, violations=by)
    sampler._read_trials(trials)
    assert [one.architecture for one in sampler._known.values()] == [trials[i].architecture for i in (0, 1, 4)]
    assert [one.is_within for one in sampler._known.values()] == [True, False, True]
    assert [one.values for one in sampler._front] == [(-0.9, 0.5)]


# Drawing and breeding


@dataclass(frozen=True)
class _Steep(Problem):
    """A problem in which every decision but the last option of each misses its limit by 1."""

    def candidate_estimate(self, architecture: Any) -> CandidateEstimate:
        decided = self.space.decisions(architecture).values()
        return CandidateEstimate(
            (None, None), (None, None), violation=sum(option != "3" for option in map(str, decided))
        )


def test_a_draw_climbs_to_where_chance_alone_does_not_come(tmp_path: Path) -> None:
    choices = np.random.default_rng(0).permutation(np.array([*np.ndindex(4, 4, 4, 4, 4)]))
    objectives = np.stack([choices.sum(1) + 0.1, 20.0 - choices.sum(1)], axis=1)
    steep = _Steep(
        **vars(problem_of(read_table(write_table(tmp_path / "t.npz", choices=choices, objectives=objectives))))
    )

    def violation(decisions: Any) -> float:
        return steep.candidate_estimate(steep.make(decisions)).violation

    found = [violation(FrontSampler(seed).ask(steep, [])) for seed in range(8)]
    chance = [violation(draw(steep.decide, random.Random(seed))[1]) for seed in range(8)]
    assert found == [0] * 8 and min(chance) > 0


def test_the_last_that_was_not_tried_is_found_and_then_any(table: Table) -> None:
    problem = problem_of(table)
    everything = [architecture for architecture, _ in every(problem.decide)]
    for seed in range(5):
        last = everything[50 * seed]
        running = [Trial(number, one) for number, one in enumerate(one for one in everything if one != last)]
        assert problem.make(FrontSampler(seed).ask(problem, running)) == last
        assert problem.make(FrontSampler(seed).ask(problem, [*running, Trial(len(running), last)])) in everything


def test_what_is_bred_differs_from_its_parents_in_none_to_a_few_decisions(table: Table) -> None:
    rng = random.Random(0)
    _, parent = draw(table.decide, rng)
    changed: Counter[int] = Counter()
    for _ in range(2000):
        architecture, decisions = _breed(table.decide, [parent, parent], rng)
        assert table.decisions(architecture) == decisions
        changed[sum(decisions[name] != parent[name] for name in parent)] += 1
    # A quarter is crossed alone, with its like; half is mutated once at least, and a quarter after it was crossed.
    assert 400 < changed[0] < 700 and changed[1] > changed[0] > changed[3] > 0 and changed[1] > changed[2] > changed[3]


def test_a_problem_whose_estimates_changed_is_looked_at_anew(table: Table, tmp_path: Path) -> None:
    study, sampler = study_of(tmp_path), FrontSampler(0)
    searched(study, table, 12, sampler)
    strict = dataclasses.replace(problem_of(table), limits=Limits(latency_ms=1e-9))
    shifted = Table(**{**vars_of(table), "objectives": table.objectives - [0, table.objectives[:, 1].min() - 1e-3]})
    strict = dataclasses.replace(strict, space=shifted, evaluator=shifted)
    before, fresh = sampler.ask(strict, study.trials), FrontSampler(0).ask(strict, study.trials)
    assert before == fresh

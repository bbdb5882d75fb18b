"""The default sampler, on small tables."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution
from tables import write_table

from anenas.bench import Table, read_table
from anenas.search import Inline, Objectives, Outlook, Problem, Search, Study, make_sampler
from anenas.search.samplers._auto import FrontSampler, _Candidate, _SampledFront
from anenas.search.samplers._gaussian_process import GaussianProcess
from anenas.space import Limits, draw

SETTINGS: dict[str, Any] = {"objectives": {"accuracy": 0.0, "latency_ms": 1.0}}


def problem_of(table: Table) -> Problem:
    return Problem(table, 0, table, Objectives.of(SETTINGS["objectives"]), Limits())


def study_of(folder: Path, table: Table, seed: int = 0) -> Study:
    study = Study.create_or_continue(folder, "s", SETTINGS, seed, in_memory=True)
    study.sampler = make_sampler("auto", problem_of(table), seed=seed)
    return study


def searched(study: Study, table: Table, trials: int) -> list[str]:
    Search(study, problem_of(table), Inline(), lambda study: None).run(trials)
    return [str(record.architecture) for record in study.records]


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return read_table(write_table(tmp_path / "t.npz"), 1)


def test_what_is_suggested_follows_from_the_seed(table: Table, tmp_path: Path) -> None:
    first, again, other = (
        searched(study_of(tmp_path / folder, table, seed), table, 16) for folder, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert first == again
    assert first != other


def test_a_study_that_was_interrupted_goes_on_as_if_it_had_not_been(table: Table, tmp_path: Path) -> None:
    whole = searched(study_of(tmp_path / "a", table), table, 18)
    study = study_of(tmp_path / "b", table)
    searched(study, table, 13)
    study.sampler = make_sampler("auto", problem_of(table), seed=0, past=13)  # as another process begins
    assert searched(study, table, 18) == whole


def test_nothing_is_suggested_twice_until_the_space_is_exhausted(tmp_path: Path) -> None:
    choices = np.array([(i, j) for i in range(4) for j in range(5)])
    objectives = np.stack([choices[:, 0] + 0.1 * choices[:, 1], 4 - choices[:, 0] + 0.1 * choices[:, 1]], axis=1)
    path = write_table(tmp_path / "t.npz", choices=choices, objectives=objectives * 1.0)
    table = read_table(path)
    study = study_of(tmp_path / "store", table)
    assert len(set(searched(study, table, 20))) == 20
    assert study.counts["repeated"] == 0
    searched(study, table, 21)  # ends, though nothing is left to try
    assert study.counts["completed"] == 20
    assert study.counts["repeated"] > 0


def test_it_finds_more_of_the_front_than_chance_does(table: Table, tmp_path: Path) -> None:
    shares = {}
    for name in ("auto", "random"):
        found = []
        for seed in range(3):
            study = study_of(tmp_path, table, seed)
            study.sampler = make_sampler(name, problem_of(table), seed=seed)
            searched(study, table, 40)
            found.append(table.shares([record.architecture for record in study.completed])[-1])
        shares[name] = np.mean(found)
    assert shares["auto"] > shares["random"] + 0.05


@dataclass(frozen=True)
class Told:
    """Beliefs that leave nothing open."""

    functions: tuple[None, ...] = (None, None)

    def of(self, candidates: list[_Candidate]) -> np.ndarray:
        return np.array([candidate.outlook.values for candidate in candidates])


def chosen_of(points: list[tuple[float, float]], times: int) -> dict[tuple[float | None, ...], int]:
    front, rng = _SampledFront(cast(Any, Told())), random.Random(0)
    for point in points:
        front.look_at([_Candidate({}, Outlook(point))])
    return Counter(front.choose(rng).outlook.values for _ in range(times))


def test_of_a_front_the_lonely_are_suggested_more_often_than_the_crowded() -> None:
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
    searched(study_of(tmp_path / "known", table), table, 13)
    assert fits == [10, 11, 12]
    fits.clear()
    both = read_table(tmp_path / "t.npz")
    searched(study_of(tmp_path / "both", both), both, 13)
    assert fits == [10, 10, 11, 11, 12, 12]


def test_candidates_over_the_limits_are_not_suggested_while_there_are_others(table: Table, tmp_path: Path) -> None:
    limit = float(np.quantile(table.objectives[:, 1] - table.objectives[:, 1].min(), 0.3))
    shifted = Table(**{**vars_of(table), "objectives": table.objectives - [0, table.objectives[:, 1].min() - 1e-3]})
    problem = Problem(shifted, 0, shifted, Objectives.of(SETTINGS["objectives"]), Limits(latency_ms=limit))
    study = Study.create_or_continue(tmp_path, "limited", SETTINGS, 0, in_memory=True)
    study.sampler = make_sampler("auto", problem, seed=0)
    Search(study, problem, Inline(), lambda study: None).run(25)
    assert study.counts == {"completed": 25, "stopped": 0, "failed": 0, "infeasible": 0, "repeated": 0}


def vars_of(table: Table) -> dict[str, Any]:
    names = ("name", "choices", "objectives", "ideal", "nadir", "front_hypervolume", "known")
    return {name: getattr(table, name) for name in names}


@dataclass(frozen=True)
class _Told:
    """A problem of which nothing but the values that trials were told is known."""

    table: Table

    @property
    def space(self) -> Table:
        return self.table

    def decide(self, pick: Any) -> Any:
        return self.table.decide(pick)

    def outlook(self, architecture: Any) -> Outlook:
        return Outlook((None, None))


def told(table: Table, values: list[tuple[float, float]]) -> optuna.Study:
    """An Optuna study of drawn candidates with these values."""
    import random

    study = optuna.create_study(directions=["maximize", "minimize"])
    rng = random.Random(0)
    for pair in values:
        _, decisions = draw(table.decide, rng)
        options = {name: CategoricalDistribution(range(4)) for name in decisions}
        study.add_trial(optuna.create_trial(params=decisions, distributions=options, values=pair))
    return study


@pytest.mark.parametrize(
    "values", [[(0.5, i) for i in range(20)], [(i, 1.0) for i in range(20)]], ids=["accuracy", "latency"]
)
def test_an_objective_that_never_changes_is_said_once_and_sampled(
    table: Table, values: list[tuple[float, float]]
) -> None:
    said: list[str] = []
    sampler = FrontSampler(_Told(table), 0, said.append)  # type: ignore[arg-type]
    study = told(table, values)
    suggested = [tuple(sampler.suggest(study, number).items()) for number in range(20, 26)]
    assert len(set(suggested)) == 6
    assert said == ["the trials so far do not tell which architectures are better: the next is drawn at random"]


def test_trials_without_finite_values_teach_nothing_and_stop_nothing(table: Table) -> None:
    said: list[str] = []
    sampler = FrontSampler(_Told(table), 0, said.append)  # type: ignore[arg-type]
    finite = [(math.sin(i), math.cos(i)) for i in range(12)]
    study = told(table, [*finite, (math.inf, 1.0), (1.0, -math.inf)])
    assert sampler.suggest(study, 14)
    assert not said
    assert len(sampler._known) <= 12


def test_two_trials_are_too_few_to_learn_from(table: Table) -> None:
    sampler = FrontSampler(_Told(table), 0)  # type: ignore[arg-type]
    assert sampler.suggest(told(table, [(0.1, 1.0), (0.2, 2.0)]), 2).keys() == {f"choice0{i}" for i in range(4)}

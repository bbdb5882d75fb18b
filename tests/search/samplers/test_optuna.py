"""Optuna's samplers behind the seam: those by name, and any object."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import optuna
import pytest
from tables import write_table

from anenas import AnenasError
from anenas.bench import Table, read_table
from anenas.search import (
    SAMPLERS,
    Objectives,
    OptunaSampler,
    Problem,
    Sampler,
    Search,
    SearchSettings,
    SerialExecutor,
    Study,
    make_sampler,
)
from anenas.search._trial import FinishedTrial
from anenas.search.samplers._optuna import _state
from anenas.space import Architecture, Limits

SETTINGS = SearchSettings({"accuracy": 0.0, "latency_ms": 1.0})


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return read_table(write_table(tmp_path / "t.npz"), 1)


def search(table: Table, sampler: Sampler, study: Study, limits: Limits | None = None) -> Search:
    problem = Problem(table, 0, table, Objectives.of(SETTINGS.objectives), limits or Limits())
    return Search(study, problem, sampler, SerialExecutor())


def study_of(folder: Path, name: str = "s") -> Study:
    return Study.create_or_continue(folder, name, SETTINGS, in_memory=True)


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler_on_offer_searches(name: str, table: Table, tmp_path: Path) -> None:
    study = study_of(tmp_path)
    search(table, make_sampler(name, 0), study).run(14)
    assert len(study.completed) == 14


def test_a_sampler_that_is_not_on_offer_is_refused_with_those_that_are() -> None:
    with pytest.raises(AnenasError, match="did you mean tpe-multivariate"):
        make_sampler("tpe-multivariat", 0)


def test_any_sampler_object_of_optunas_searches(table: Table, tmp_path: Path) -> None:
    study = study_of(tmp_path)
    search(table, OptunaSampler(optuna.samplers.QMCSampler(seed=1)), study).run(5)
    assert len(study.completed) == 5


class _Watched(optuna.samplers.RandomSampler):
    """Keeps what it is shown."""

    shown: list[optuna.trial.FrozenTrial]

    def infer_relative_search_space(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> dict[str, object]:
        self.shown = [past for past in study.get_trials() if past.state.is_finished()]
        return {}


def test_it_is_shown_what_the_study_holds(table: Table, tmp_path: Path) -> None:
    """Values, violations and states, of trials that it suggested and of others, whatever process asked for them."""
    study = study_of(tmp_path)
    limits = Limits(latency_ms=float(table.objectives[:, 1].mean()))
    search(table, OptunaSampler(_Watched(seed=0)), study, limits).run(4)
    before = len(study.finished)
    watched = _Watched(seed=1)
    search(table, OptunaSampler(watched), study, limits).run(8)
    trials = [trial for trial in study.trials if trial.number < study.trials[-1].number]
    assert before >= 4 and len(watched.shown) == len(trials)
    by_params = {frozenset(shown.params.items()): shown for shown in watched.shown}
    for trial in study.finished[:-1]:
        shown = by_params[frozenset(table.decisions(trial.architecture).items())]
        assert shown.constraints == trial.violations
        assert shown.values == (None if trial.values is None else pytest.approx(list(trial.values)))
    assert {trial.state for trial in study.finished} >= {"completed", "infeasible"}


def test_what_was_stopped_is_pruned_to_optuna_and_what_failed_has_failed() -> None:
    from optuna.trial import TrialState

    trial = FinishedTrial(0, Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-head_n10"), state="stopped")
    assert _state(trial) == TrialState.PRUNED
    for state in ("failed", "repeated", "infeasible"):
        assert _state(dataclasses.replace(trial, state=state)) == TrialState.FAIL
        assert _state(dataclasses.replace(trial, state=state, values=(0.5,))) == TrialState.COMPLETE


def asked(name: str, seed: int, table: Table, study: Study, trials: int) -> list[str]:
    search(table, make_sampler(name, seed), study).run(trials)
    return [str(trial.architecture) for trial in study.finished]


@pytest.mark.parametrize("name", ["tpe-multivariate", "tpe", "nsga2", "gp", "random"])
def test_a_continued_study_does_not_repeat_its_first_suggestions(name: str, table: Table, tmp_path: Path) -> None:
    study = study_of(tmp_path)
    asked(name, 0, table, study, 4)
    architectures = asked(name, 0, table, study, 8)
    assert architectures[:4] != architectures[4:8]


@pytest.mark.parametrize("name", ["tpe-multivariate", "tpe", "nsga2", "gp", "random"])
def test_suggestions_follow_from_the_seed(name: str, table: Table, tmp_path: Path) -> None:
    first, again, other = (
        asked(name, seed, table, study_of(tmp_path, run), 5) for run, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first == again != other


def test_a_continued_study_goes_on_by_its_seed(table: Table, tmp_path: Path) -> None:
    def continued(name: str, seed: int) -> list[str]:
        study = study_of(tmp_path, name)
        asked("random", 0, table, study, 4)
        return asked("random", seed, table, study, 9)[4:]

    assert continued("a", 1) == continued("b", 1) != continued("c", 2)

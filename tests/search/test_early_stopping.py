from __future__ import annotations

import dataclasses
import math
import random
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pretend import PretendEvaluator

from anenas.search import Evaluation, Problem, Rungs, SearchSettings, Study, TrialFiles
from anenas.search._early_stopping import EarlyStopping, ordinal
from anenas.search._expected_scores import expected_scores
from anenas.search._trial import Trial
from anenas.space import Limits, draw, read_space


def test_each_rung_has_a_multiple_of_the_budget_below_and_the_last_has_all() -> None:
    assert Rungs(3, spacing=2).fractions == (0.25, 0.5, 1.0)
    assert Rungs(2, spacing=8).fractions == (0.125, 1.0)
    assert Rungs().fractions == (1.0,)


@pytest.mark.parametrize(
    ("count", "steps", "after"),
    [
        (2, 500, (62.5, 500)),
        (2, 240, (60, 240)),
        (2, 100, (100,)),
        (2, 10, (10,)),
        (3, 500, (62.5, 500)),
        (3, 2000, (60, 250, 2000)),
        (4, 2000, (60, 250, 2000)),
        (3, 64_000, (1000, 8000, 64_000)),
    ],
)
def test_the_first_rung_is_after_sixty_steps_and_none_is_near_the_next(
    count: int, steps: int, after: tuple[float, ...]
) -> None:
    assert tuple(steps * fraction for fraction in Rungs(count, steps=steps).fractions) == pytest.approx(after)


@given(st.integers(1, 6), st.integers(2, 10), st.integers(1, 10**6))
def test_rungs_rise_to_the_whole_budget_however_many_steps_it_has(count: int, spacing: int, steps: int) -> None:
    fractions = Rungs(count, spacing=spacing, steps=steps).fractions
    assert fractions[-1] == 1.0 and len(fractions) <= count
    assert all(2 * low <= high for low, high in pairwise(fractions))
    assert all(round(fraction * steps) >= min(60, steps) for fraction in fractions)


def test_the_rung_after_a_fraction_is_the_next_above_it() -> None:
    rungs = Rungs(3, spacing=2)
    assert [rungs.after(fraction) for fraction in (0.0, 0.25, 0.3, 0.5)] == [0.25, 0.5, 0.5, 1.0]


@pytest.mark.parametrize(
    ("number", "said"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (22, "22nd"), (112, "112th")]
)
def test_places_are_said_as_people_say_them(number: int, said: str) -> None:
    assert ordinal(number) == said


def test_a_probed_network_is_trained_in_full_next() -> None:
    rungs = Rungs(2, probes=True)
    assert rungs.fractions == (0.0, 0.125, 1.0)
    assert (rungs.after(0.0), rungs.after(0.0, probed=True)) == (0.125, 1.0)


# Which trial goes on

MANY = """\
name: many
input: {channels: 1, height: 16, width: 16}
stem: {width: 16, stride: 2, blocks: {conv: }}
stages:
  - depth: [1, 2, 3, 4]
    width: [16, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 272, 288, 304, 320]
    stride: 2
    blocks: {conv: {kernel: [1, 3]}}
"""


class Simulated:
    """A search whose trials have scores by chance, and which are answered in any order."""

    def __init__(self, folder: Path, seed: int, limits: Limits, probes: bool) -> None:
        (folder / "many.yaml").write_text(MANY)
        space = read_space(folder / "many.yaml")
        self.study = Study.create_or_continue(folder / "store", "s", SearchSettings({"accuracy": 0.0}), in_memory=True)
        self.problem = Problem(space, 10, PretendEvaluator(), self.study.objectives, limits)
        self.rungs = Rungs(3, reduction=3, spacing=2, probes=probes)
        self.stopping = EarlyStopping(self.rungs, self.study, limits)
        self.rng, self.limits, self.probes = random.Random(seed), limits, probes
        self.running: dict[int, Trial] = {}
        self.asked: set[object] = set()
        self.scores: dict[int, dict[float, float]] = {}
        self.went_on: dict[float, set[int]] = {fraction: set() for fraction in self.rungs.fractions}

    def begin(self) -> None:
        while (architecture := draw(self.problem.decide, self.rng)[0]) in self.asked:
            assert len(self.asked) < self.problem.space.size
        self.asked.add(architecture)
        trial = self.study.ask_about(architecture, self.problem)
        self.running[trial.number], self.scores[trial.number] = trial, {}

    def go_on(self, number: int) -> None:
        trial = self.study.resume(number)
        self.went_on[trial.budget_fraction].add(number)
        self.running[number] = trial

    def answer(self) -> None:
        """Of any that runs."""
        trial = self.running.pop(self.rng.choice(list(self.running)))
        is_probe = self.probes and trial.number % 2 and not trial.rungs
        at = 0.0 if is_probe else self.rungs.after(trial.budget_fraction, probed=trial.is_probed)
        score = self.rng.random()
        evaluation = Evaluation(score, self.problem.evaluator.estimate(trial.architecture), at)
        self.scores[trial.number][at] = score
        if at < 1:
            self.study.pause(trial, evaluation)
            return
        made = self.problem.evaluator.evaluate(trial.architecture, TrialFiles(self.study.workspace(trial)))
        violations = {"accuracy": 0.5} if score < 0.3 else {}
        self.study.complete(trial, dataclasses.replace(made, score=score), violations)

    def best_first(self, fraction: float) -> list[int]:
        """Of all that were at a rung, as the docstring has it: what is expected to be too bad in the end comes last."""
        there = {number: past for number, past in self.scores.items() if fraction in past}
        expected = dict(zip(there, expected_scores(list(there.values())), strict=True))
        least = -math.inf if self.limits.accuracy is None else self.limits.accuracy
        return sorted(there, key=lambda number: (expected[number] < least, -there[number][fraction]))

    def waiting(self, fraction: float) -> set[int]:
        return {number for number, trial in self.study.paused.items() if trial.budget_fraction == fraction}

    def expected(self, any_waiting: bool) -> int | None:
        """Which goes on: the best that waits of the best third, of the highest rung of which no third has gone on."""
        for fraction in reversed(self.rungs.fractions[:-1]):
            best = self.best_first(fraction)
            share = len(best) if any_waiting else len(best) // 3
            if any_waiting or len(self.went_on[fraction]) < share:
                for number in best[:share]:
                    if number in self.waiting(fraction):
                        return number
        return None


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("least", [None, 0.6])
@pytest.mark.parametrize("probes", [False, True])
def test_the_best_third_of_each_rung_goes_on_and_nothing_else(
    tmp_path: Path, seed: int, least: float | None, probes: bool
) -> None:
    search = Simulated(tmp_path, seed, Limits(accuracy=least), probes)
    promotions = 0
    for _ in range(100):
        while len(search.running) < 3:
            found = search.stopping.promoted(search.running)
            assert found == search.expected(any_waiting=False)
            if found is None:
                search.begin()
            else:
                search.go_on(found)
                promotions += 1
        search.answer()
        for fraction in search.rungs.fractions[:-1]:
            there = search.best_first(fraction)
            assert len(search.went_on[fraction]) <= len(there) // 3
        assert search.stopping.promoted(search.running, any_waiting=True) == search.expected(any_waiting=True)
        if search.rng.random() < 0.1:
            behind, of = [], len(search.rungs.fractions)
            for i, fraction in enumerate(search.rungs.fractions[probes:-1], start=1):
                best = search.best_first(fraction)
                for number in [one for one in best if one in search.waiting(fraction)][4:]:
                    place = ordinal(best.index(number) + 1)
                    behind.append((number, f"rung {i} of {of}: {place} of {len(best)}"))
            assert search.stopping.left_behind(search.running, 4) == behind
            for number, reason in behind:
                search.study.stop(number, reason)
    assert promotions > 20 and len(search.study.completed) > 3
    assert any(trial.state == "stopped" for trial in search.study.finished)

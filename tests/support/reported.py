"""A small study to report on: its figures are given, and nothing was trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pretend import SPACE, PretendEvaluator, estimate

from anenas.search import Problem, SearchSettings, Study, TrialFiles, make_sampler
from anenas.space import Limits, read_space

FIGURES = ((0.8, 0.2, 1.0), (0.9, 0.3, 1.0), (0.7, 0.4, 1.0))
"""Accuracy, latency and size of three completed trials, the last of them dominated."""


def reported_study(
    folder: Path,
    name: str = "s",
    figures: Sequence[tuple[float, float, float]] = FIGURES,
    *,
    fixed_ms: float = 0.0,
    apart: float = 1.0,
    **settings: Any,
) -> Study:
    """A study of trials with these figures, each measured on 100 inputs, and one that failed.

    Args:
        folder: For its store.
        name: Its name.
        figures: Accuracy, milliseconds and megabytes of each trial.
        fixed_ms: What any prediction costs.
        apart: The ratio from which on latencies are told apart.
        settings: Of the study, besides or instead of those of accuracy and latency on A15.
    """
    (folder / "pretend.yaml").write_text(SPACE)
    objectives = {"accuracy": 0.0, "latency_ms": 0.5}
    known_settings = SearchSettings(**{"objectives": objectives, "chip": "A15", **settings})
    study = Study.create_or_continue(folder / "store", name, known_settings, in_memory=True)
    evaluator, sampler = PretendEvaluator(), make_sampler("random", 0)
    problem = Problem(read_space(folder / "pretend.yaml"), 10, evaluator, study.objectives, Limits())
    for accuracy, ms, size_mb in figures:
        trial = study.ask(sampler, problem)
        while study.known(trial.architecture):
            study.repeat(trial, None)
            trial = study.ask(sampler, problem)
        known = estimate(ms, size_mb, apart)
        latencies = {"A15": dataclasses.replace(known.latency, fixed_ms=fixed_ms)}
        known = dataclasses.replace(known, latency_by_chip=latencies)
        evaluation = evaluator.evaluate(trial.architecture, TrialFiles(study.workspace(trial)))
        study.complete(trial, dataclasses.replace(evaluation, score=accuracy, estimate=known, held_out=100), {})
    study.fail(study.ask(sampler, problem), "ValueError: no")
    return study

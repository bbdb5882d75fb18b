"""Small studies: of trained trials without a search, or searched with pretended trainings."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pretend import SPACE, PretendEvaluator

from anenas.data import Dataset
from anenas.latency import Target
from anenas.search import (
    Evaluator,
    Problem,
    Search,
    SearchSettings,
    SerialExecutor,
    Study,
    TrainingEvaluator,
    TrialFiles,
    make_sampler,
    searching,
    store_errors,
)
from anenas.space import Architecture, Limits, SearchSpace, read_space


def trained_study(
    store: Path,
    space: SearchSpace,
    dataset: Dataset,
    source: str,
    trials: Sequence[str],
    *,
    epochs: int = 10,
    **more: Any,
) -> Study:
    """A study with the space's name of these trials, all completed.

    Args:
        store: Need not be there; the data set is saved beside it.
        space: That the trials are of.
        dataset: They are trained on.
        source: Where it came from.
        trials: Architectures.
        epochs: Of each.
        more: Settings of the study.
    """
    shared = store.parent / "shared"
    dataset.save(shared)
    settings = SearchSettings(
        objectives={"accuracy": 0.0, "latency_ms": 0.5},
        space=space.name,
        input_shape=dataset.input_shape,
        data=f"{dataset.name} {dataset.fingerprint[:12]}",
        chip="A15",
        epochs=epochs,
        **more,
    )
    study = Study.create_or_continue(store, space.name, settings)
    study.note_data(source)
    evaluator = TrainingEvaluator((Target.named("A15"),), epochs=epochs, device="cpu")
    problem = Problem(space, len(dataset.classes), evaluator, study.objectives, Limits())
    for text in trials:
        trial = study.ask_about(Architecture.parse(text), problem)
        files = TrialFiles(study.workspace(trial), shared)
        study.complete(trial, evaluator.evaluate(trial.architecture, files), {})
    return study


def pretend_study(
    store: Path, name: str, trials: Sequence[tuple[int, int]], *, in_memory: bool = False, **more: Any
) -> Study:
    """A study of completed trials by depth and width, whose scores were measured on 1,000 inputs; nothing is trained.

    Args:
        store: Need not be there.
        name: Of the study.
        trials: Each is of accuracy 0.5 + 0.1 depth + 0.001 width, takes 0.1 depth + 0.001 width ms, and twice that at
            the upper end of its interval, and has width / 10 MB.
        in_memory: Whether it is lost with the process, and made sooner.
        more: Settings of the study.
    """
    reference = {"accuracy": 0.0, "latency_ms": 1.0, "size_mb": 10.0}
    settings = SearchSettings(**{"objectives": reference, "space": "pretend", "chip": "A15", **more})
    study = Study.create_or_continue(store, name, settings, in_memory=in_memory)
    (store / "pretend.yaml").write_text(SPACE)
    evaluator = PretendEvaluator()
    problem = Problem(read_space(store / "pretend.yaml"), 10, evaluator, study.objectives, Limits())
    for depth, width in trials:
        text = f"1x1x16x16-conv_r1_s2_c16_k3_relu-conv_r{depth}_s2_c{width}_k3_relu-head_n10"
        trial = study.ask_about(Architecture.parse(text), problem)
        found = evaluator.evaluate(trial.architecture, TrialFiles(study.workspace(trial)))
        study.complete(trial, dataclasses.replace(found, held_out=1000), {})
    return study


SEARCHED = SearchSettings({"accuracy": 0.0, "latency_ms": 0.5}, space="pretend", chip="A15")


def search_alone(
    store: Path, space: SearchSpace, trials: int, name: str = "s", evaluator: Evaluator | None = None
) -> Study:
    """A search by random draws, by default with a pretended evaluator, that holds its study against other processes."""
    with searching(store, name) as guard, store_errors(store):
        study = Study.create_or_continue(store, name, SEARCHED)
        study.guard = guard
        given = evaluator or PretendEvaluator()
        problem = Problem(space, 10, given, study.objectives, Limits(), latency_bound="estimate")
        with SerialExecutor() as executor:
            Search(study, problem, make_sampler("random", 0), executor).run(trials)
    return study

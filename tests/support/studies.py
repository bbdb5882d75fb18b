"""Small studies of trained trials, without a search."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from anenas.data import Dataset
from anenas.latency import Target
from anenas.search import Problem, SearchSettings, Study, TrainingEvaluator, TrialFiles
from anenas.space import Architecture, Limits, SearchSpace


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

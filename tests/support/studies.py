"""Small studies of trained trials, without a search."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from anenas.data import Dataset
from anenas.latency import Target
from anenas.search import Study, TrainingEvaluator
from anenas.space import Architecture, SearchSpace


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
    settings = {
        "input": "x".join(map(str, dataset.input_shape)),
        "data": f"{dataset.name} {dataset.fingerprint[:12]}",
        "chip": "A15",
        "epochs": epochs,
        "seed": 0,
        "latency_bound": "upper",
        "objectives": {"accuracy": 0.0, "latency_ms": 0.5},
        **more,
    }
    study = Study.create_or_continue(store, space.name, settings, 0)
    study.note_data(source)
    evaluator = TrainingEvaluator(shared, (Target.named("A15"),), epochs=epochs, device="cpu")
    for text in trials:
        trial = study.ask_about(Architecture.parse(text), space)
        study.complete(trial, evaluator.evaluate(trial.architecture, study.workspace(trial)), {})
    return study

"""What exported models get right and wrong: one of a file, or those of a study."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError, unknown
from anenas._files import is_folder
from anenas.bundle import choose, study_dataset
from anenas.coreml import Package, program_scores
from anenas.data import PART_NAMES, Dataset, PartName, Split, source_folder
from anenas.models import Evaluated, evaluate_package, find_package
from anenas.report.evaluation import InputView, report_of
from anenas.search import PACKAGE, TEST_SCORES, VALIDATION_SCORES, CompletedTrial, Study, called_by_number, study_names
from anenas.tasks import Predictions

_CHOSEN_BY = "Models were chosen by these inputs: on new ones they are somewhat worse."
_UNTESTED = "The search has tested no model yet; it does so at its end."
_IN_TRIAL = "by the network in float32, as the search judged it"
_EXPECTED = "a .mlpackage, a folder with model.mlpackage in it (a bundle, an export), or a study of the store"


def evaluate(
    model: str | Path,
    data: str | None = None,
    *,
    split: PartName | None = None,
    pick: str | int | None = None,
    skip_broken: bool = False,
    store: str | Path = "mlruns",
    on_model: Callable[[str], None] = lambda name: None,
) -> list[Evaluated]:
    """Run exported models on data, and report what they get right and wrong, each class or number for itself.

        [found] = anenas.evaluate("bundle", "images:photos_of_yesterday")
        print(found.report.macro_f1, found.report.most_wrong())
        found.write(Path("report"))

    The report is that of the model's task: a `ClassReport`, `LabelReport` or `NumberReport` of
    `anenas.report.evaluation`. The data may have a model's classes in another order, and not all of them.

    Args:
        model: A `.mlpackage`, a folder with one, such as a bundle, or the name of a study: then the models of its
            front, the fastest first.
        data: A source, see `anenas.data.load_data`. A study has its own by default.
        split: "test", "validation", "train" or "all". By default the test split that the data have, or all inputs
            where they have none; of a study's own data the test split, or, until its search has tested a model, the
            validation split.
        pick: Of a study's models only this: "knee", "accurate", …, or the number of a trial.
        skip_broken: Whether files that cannot be read are left out, which is logged, rather than an error. A study's
            own data are read as its search did.
        store: Folder of the studies.
        on_model: Called with the name of each model before it runs.

    Raises:
        AnenasError: If there is no such model, it has not one input of a fixed size, the data cannot be read, are
            not labelled for its task, or have a class that the model does not know.
    """
    if split is not None and split not in PART_NAMES:
        raise unknown("split", split, PART_NAMES)
    if package := find_package(model):
        if pick is not None:
            raise AnenasError(f"`pick` is only for studies; {model} is a single model")
        if data is None:
            raise AnenasError(f"name the `data` to evaluate {model} on, such as images:FOLDER")
        on_model(str(model))
        return [evaluate_package(package, data, split, model=str(model), skip_broken=skip_broken)]
    if is_folder(model) or str(model).endswith(".mlpackage") or ":" in str(model):
        raise AnenasError(f"{model} is not an exported model; expected {_EXPECTED}")
    if not study_names(Path(store)):
        raise AnenasError(f"there is no {model} and no study in {store}; expected {_EXPECTED}")
    study = Study.load(Path(store).absolute(), str(model))
    trials = study.front if pick is None else [choose(study, str(pick))]
    if not trials:
        raise AnenasError(f"no trial of {study.name} has completed; resume its search")
    run = _of_own_data(study, split) if data is None else _of_other_data(study, data, split, skip_broken)
    found = []
    for trial in trials:
        on_model(_called(study, trial))
        found.append(run(trial))
    return found


def _of_other_data(
    study: Study, data: str, split: PartName | None, skip_broken: bool
) -> Callable[[CompletedTrial], Evaluated]:
    def run(trial: CompletedTrial) -> Evaluated:
        package, name = _package(study, trial), _called(study, trial)
        found = evaluate_package(package, data, split, model=name, skip_broken=skip_broken)
        return dataclasses.replace(found, study=study.name)

    return run


def _of_own_data(study: Study, split: PartName | None) -> Callable[[CompletedTrial], Evaluated]:
    """What evaluates a trial on a split of the study's own data; those of one size are read once."""
    is_tested = any(trial.test_score is not None for trial in study.completed)
    name = split or ("test" if is_tested else "validation")
    if name == "all":
        raise AnenasError("`all` of the study's own data includes its training data: choose test, validation or train")
    datasets: dict[tuple[int, ...], Dataset] = {}

    def run(trial: CompletedTrial) -> Evaluated:
        size = trial.architecture.input[1:]
        if size not in datasets:
            datasets.clear()
            datasets[size] = study_dataset(study, None, trial.architecture)
        return evaluated(study, trial, datasets[size], name)

    return run


def evaluated(study: Study, trial: CompletedTrial, dataset: Dataset, split: str = "test") -> Evaluated:
    """What ships of a trial, on a split of its study's data; what its test has left is not run again.

    Raises:
        AnenasError: If its package is not there, or is no model of these data.
    """
    inputs, notes = getattr(dataset, split), [_CHOSEN_BY] if split == "validation" else []
    if split == "validation" and not any(one.test_score is not None for one in study.completed):
        notes.append(_UNTESTED)
    scores = _kept(study, trial, TEST_SCORES, dataset, inputs) if split == "test" else None
    if scores is None:
        scores = program_scores(Package.open(_package(study, trial)), inputs.inputs)
    return _reported(study, trial, dataset, split, scores, tuple(notes))


def validated(study: Study, trial: CompletedTrial, dataset: Dataset) -> Evaluated | None:
    """What a trial was chosen by, on the validation split; None where it has left no such scores.

    Nothing runs: it is what the trial's evaluation was made of.
    """
    scores = _kept(study, trial, VALIDATION_SCORES, dataset, dataset.validation)
    if scores is None:
        return None
    found = _reported(study, trial, dataset, "validation", scores, (_CHOSEN_BY,))
    return dataclasses.replace(found, computed=_IN_TRIAL) if trial.architecture.form == "fp16" else found


def _reported(
    study: Study,
    trial: CompletedTrial,
    dataset: Dataset,
    split: str,
    scores: NDArray[np.float32],
    notes: tuple[str, ...],
) -> Evaluated:
    inputs, name = getattr(dataset, split), _called(study, trial)
    predictions = Predictions(scores, inputs.labels, dataset.classes)
    return Evaluated(
        model=name,
        data=dataset.name,
        split=split,
        report=report_of(dataset.task, predictions, inputs.names, name),
        inputs=inputs.inputs,
        view=InputView(dataset.kind, dataset.masked, dataset.metadata),
        notes=notes,
        source=source_folder(study.data, split),
        study=study.name,
    )


def _kept(
    study: Study, trial: CompletedTrial, file: str, dataset: Dataset, inputs: Split
) -> NDArray[np.float32] | None:
    """The scores that a trial has left; None where there are none, or of other inputs."""
    try:
        scores = np.load(study.shipped_folder(trial) / file, allow_pickle=False)
    except (OSError, EOFError, ValueError):  # of an earlier version, or cut short
        return None
    return scores.astype(np.float32) if scores.shape == (len(inputs), len(dataset.classes)) else None


def _package(study: Study, trial: CompletedTrial) -> Path:
    path = study.shipped_folder(trial) / PACKAGE
    if not path.is_dir():
        raise AnenasError(
            f"trial {trial.number} of {study.name} has no package in {path.parent}; deleted, as others are better: "
            f"`anenas export {study.name} --pick {trial.number}` makes it again; then evaluate that with `data`"
        )
    return path


def _called(study: Study, trial: CompletedTrial) -> str:
    names = called_by_number(study.picks).get(trial.number, [])
    return f"trial {trial.number}" + (f" ({', '.join(names)})" if names else "")

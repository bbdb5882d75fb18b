"""What an exported classifier gets right and wrong of any data."""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas._files import is_file
from anenas.coreml import Package, class_places, program_scores
from anenas.models._input import input_format
from anenas.search import PACKAGE

if TYPE_CHECKING:
    from anenas.data import Dataset, Part, PartName, Split
    from anenas.inputs import InputKind
    from anenas.report.classes import ClassReport, InputView

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Evaluated:
    """A classifier, judged on inputs with known classes. Its program ran as it ships, in float16.

    Attributes:
        model: What it is called.
        data: Where the inputs come from, in words.
        split: Which of them: "test", "validation", "train" or "all".
        report: What it gets right and wrong.
        inputs: (N, C, H, W), those of the report; may be a memory map.
        view: How single ones are shown.
        notes: What else there is to know of the inputs, a sentence each.
        source: Folder that the names of their files are below; None where there is none.
        study: That the model is of; None where nothing tells.
    """

    model: str
    data: str
    split: str
    report: ClassReport
    inputs: NDArray[Any]
    view: InputView
    notes: tuple[str, ...] = ()
    source: Path | None = None
    study: str | None = None

    @property
    def about(self) -> tuple[str, ...]:
        """What was judged on what, a sentence each."""
        which = "all" if self.split == "all" else f"the {self.split} split,"
        return (f"{self.data}: {which} {len(self.report):,} {self.view.kind}, every result in float16", *self.notes)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**self._facts, **self.report.to_dict()}

    def write(self, folder: Path) -> list[Path]:
        """Write the report as a page, JSON and pictures to a folder, which is made.

        Raises:
            AnenasError: If they cannot be written.
        """
        from anenas.report.classes import write_class_report

        try:
            folder.mkdir(parents=True, exist_ok=True)
            return write_class_report(
                self.report,
                self.inputs,
                self.view,
                folder,
                title=f"{self.model}{f' of {self.study}' if self.study else ''} on {self.data}",
                about=self.about,
                facts=self._facts,
                source=self.source,
            )
        except OSError as error:
            raise AnenasError(f"cannot write the report to {folder}: {error.strerror or error}") from error

    @property
    def _facts(self) -> dict[str, Any]:
        of = {"study": self.study} if self.study else {}
        return {"model": self.model, **of, "data": self.data, "split": self.split, "notes": list(self.notes)}


def find_package(model: str | Path) -> Path | None:
    """The package that a path names: a `.mlpackage`, or a folder with one, such as a bundle; None if it names none."""
    path = Path(model)
    for one in (path, path / PACKAGE):
        if is_file(one / "Manifest.json") or (one.suffix in (".mlpackage", ".mlmodelc", ".mlmodel") and one.exists()):
            return one
    return None


def evaluate_package(
    path: Path, data: str, split: PartName | None = None, *, model: str | None = None, skip_broken: bool = False
) -> Evaluated:
    """Run a package on data, and report what it gets right and wrong.

    The data may have the classes in another order, and not all of them.

    Args:
        path: Of the package.
        data: A source, see `anenas.data.load_data`.
        split: Which split; by default the data's own test split, or all inputs where there is none.
        model: What it is called; its path by default.
        skip_broken: Whether files that cannot be read are left out, which is logged, rather than an error.

    Raises:
        AnenasError: If the package is no classifier with one input of a fixed size, the data cannot be read, or have a
            class that the package does not know.
    """
    from anenas.data import load_part, source_folder
    from anenas.report.classes import ClassReport, InputView
    from anenas.tasks import CLASSIFICATION

    package, name = Package.open(path), model or str(path)
    if (task := package.metadata.get("task", CLASSIFICATION.name)) != CLASSIFICATION.name:
        raise not_of_one_class(name, task)
    wanted = dataclasses.replace(input_format(package), task=CLASSIFICATION, skip_broken=skip_broken)
    part = load_part(data, wanted, split)
    if part.task is not CLASSIFICATION:
        raise not_of_one_class(data, part.task.name)
    labels = class_places(part.classes, package)[part.split.labels]
    scores = probabilities(program_scores(package, part.split.inputs), name)
    return Evaluated(
        model=name,
        data=data,
        split=part.name,
        report=ClassReport(scores, labels, tuple(package.class_names), part.split.names),
        inputs=part.split.inputs,
        view=InputView(wanted.kind, part.masked, package.metadata),
        notes=_notes(part, package, wanted.kind, split),
        source=source_folder(data),
    )


def class_report(dataset: Dataset, split: Split, scores: NDArray[np.float32], model: str) -> ClassReport | None:
    """The report of a split of a data set that a model was made for; None where its inputs have not one class each.

    Args:
        dataset: With its classes in the model's order.
        split: One of its splits.
        scores: (N, K), what the model gives for it.
        model: What it is called.
    """
    from anenas.report.classes import ClassReport
    from anenas.tasks import CLASSIFICATION

    if dataset.task is not CLASSIFICATION:
        return None
    return ClassReport(probabilities(scores, model), split.labels, dataset.classes, split.names)


def probabilities(scores: NDArray[np.float32], model: str) -> NDArray[np.float32]:
    """Scores as they are, where they are probabilities; otherwise the softmax of them, which is said."""
    from scipy.special import softmax

    from anenas.report.classes import is_probabilities

    if is_probabilities(scores):
        return scores
    _log.info("%s gives scores that are no probabilities; these are the softmax of them", model)
    found: NDArray[np.float32] = softmax(scores, axis=1)
    return found


def not_of_one_class(what: str, task: str) -> AnenasError:
    """An error for a model or data of a task that has no report."""
    return AnenasError(f"{what} is for {task}; only what gives each input one class can be evaluated so far")


def _notes(part: Part, package: Package, kind: InputKind, asked: str | None) -> tuple[str, ...]:
    notes = []
    if part.name == "all" and asked is None:
        count = f"{len(part.split):,}"
        notes.append(f"The data have no test split of their own, so every one of the {count} {kind} is used.")
    if part.is_held_out:
        notes.append(f"The data have no such split of their own: it is what a search would make its {part.name} split.")
    if part.name in ("train", "all") and package.metadata.get("anenas.data") == part.data:
        notes.append(
            f"The model was trained on data called {part.data}: if these are the same, it has seen some of them and is "
            f"better here than elsewhere."
        )
    return tuple(notes)

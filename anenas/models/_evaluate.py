"""What an exported model gets right and wrong of any data."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas._files import is_file
from anenas.coreml import Package, class_places, program_scores
from anenas.models._input import input_format
from anenas.search import PACKAGE

if TYPE_CHECKING:
    from anenas.data import Part, PartName
    from anenas.inputs import InputKind
    from anenas.report.evaluation import InputView, Report


FLOAT16 = "every result in float16"
"""How a program ran: as it ships."""


@dataclass(frozen=True, eq=False)
class Evaluated:
    """A model, judged on inputs for which it is known what is right.

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
        computed: How what it tells was computed, in words.
    """

    model: str
    data: str
    split: str
    report: Report
    inputs: NDArray[Any]
    view: InputView
    notes: tuple[str, ...] = ()
    source: Path | None = None
    study: str | None = None
    computed: str = FLOAT16

    @property
    def about(self) -> tuple[str, ...]:
        """What was judged on what, a sentence each."""
        which = "all" if self.split == "all" else f"the {self.split} split,"
        return (f"{self.data}: {which} {len(self.report):,} {self.view.kind}, {self.computed}", *self.notes)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**self._facts, **self.report.to_dict()}

    def write(self, folder: Path) -> list[Path]:
        """Write the report as a page, JSON and pictures to a folder, which is made.

        Raises:
            AnenasError: If they cannot be written.
        """
        from anenas.report.evaluation import write_report

        try:
            folder.mkdir(parents=True, exist_ok=True)
            return write_report(
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

    def write_figures(self, folder: Path) -> list[Path]:
        """Write the report as JSON and its most telling picture to a folder that is there: no more takes no second.

        Raises:
            AnenasError: If they cannot be written.
        """
        from anenas.report.evaluation import write_figures

        try:
            return write_figures(self.report, folder, self._facts)
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

    The data may have the classes or numbers in another order, and not all of the classes.

    Args:
        path: Of the package.
        data: A source, see `anenas.data.load_data`.
        split: Which split; by default the data's own test split, or all inputs where there is none.
        model: What it is called; its path by default.
        skip_broken: Whether files that cannot be read are left out, which is logged, rather than an error.

    Raises:
        AnenasError: If the package has not one input of a fixed size, or is of an unknown task; or the data cannot be
            read, are not labelled for its task, or have a class that it does not know.
    """
    from anenas.data import load_part, source_folder
    from anenas.report.evaluation import InputView, report_of
    from anenas.tasks import Predictions

    package, name = Package.open(path), model or str(path)
    wanted = dataclasses.replace(input_format(package), task=package.task, skip_broken=skip_broken)
    part = load_part(data, wanted, split)
    class_places(part.classes, package)
    try:
        labels = package.task.arrange(part.split.labels, part.classes, package.class_names)
    except AnenasError as error:
        raise AnenasError(f"{data}: {error}") from None
    predictions = Predictions(program_scores(package, part.split.inputs), labels, package.class_names)
    return Evaluated(
        model=name,
        data=data,
        split=part.name,
        report=report_of(package.task, predictions, part.split.names, name),
        inputs=part.split.inputs,
        view=InputView(wanted.kind, part.masked, package.metadata),
        notes=_notes(part, package, wanted.kind, split),
        source=source_folder(data),
    )


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

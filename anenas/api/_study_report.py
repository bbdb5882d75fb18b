"""The report of a study: one page, with what ships of one model looked into."""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anenas._errors import AnenasError, first_line
from anenas.ane import check
from anenas.bundle import choose
from anenas.coreml import Package
from anenas.latency import Target, profile
from anenas.report import Picked, answer, write_study_page
from anenas.report.evaluation import PAGE
from anenas.search import PACKAGE, CompletedTrial, Study

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StudyReport:
    """The page of a study.

    Attributes:
        study: Its name.
        path: Of the page.
        trial: Number of the trial that it looks into; None where none has completed.
        answer: What was found, in sentences.
    """

    study: str
    path: Path
    trial: int | None
    answer: list[str]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**dataclasses.asdict(self), "path": str(self.path), "bytes": self.path.stat().st_size}


def write_report(
    study: str, out: str | Path = "report.html", *, pick: str | None = None, store: str | Path = "mlruns"
) -> StudyReport:
    """Write everything of a study on one page that needs neither network nor server.

    Args:
        study: Its name in the store.
        out: Of the page; one that is there is replaced.
        pick: The model that it looks into: one of `Study.picks`, such as "fast", or the number of a trial; by default
            the knee of the front.
        store: Folder of the studies.

    Raises:
        AnenasError: If there is no such study, no such model, or the page cannot be written.
    """
    out = Path(out)
    if not out.absolute().parent.is_dir():
        raise AnenasError(f"`out`: there is no folder {out.absolute().parent} to write {out.name} to")
    if out.is_dir():
        raise AnenasError(f"`out`: {out} is a folder; name the page, such as {out / 'report.html'}")
    found = Study.load(Path(store).absolute(), study)
    return report_of(found, out, choose(found, pick, None) if pick is not None else None)


def report_of(study: Study, out: Path, trial: CompletedTrial | None = None, *, soon: bool = False) -> StudyReport:
    """The same of a study that is open.

    Args:
        study: With or without a completed trial.
        out: Of the page.
        trial: That it looks into; None is the knee.
        soon: Whether it leaves out, and says so, what takes longer than seconds.

    Raises:
        AnenasError: If the page cannot be written.
    """
    if trial is None and study.front:
        trial = study.picks["knee"]
    try:
        write_study_page(study, out, _picked(study, trial) if trial else None, soon=soon)
    except OSError as error:
        raise AnenasError(f"cannot write the page {out}: {error.strerror or error}") from error
    return StudyReport(study.name, out, trial.number if trial else None, answer(study))


def exported_report(study: Study, exports: Path, *, soon: bool = False) -> Path | None:
    """The page beside the exports of a study; None where it cannot be written, which is told: the search is worth more.

    Args:
        study: That was searched.
        exports: Folder that the best models were copied to.
        soon: Whether the page leaves out, and says so, what takes longer than seconds.
    """
    try:
        return report_of(study, exports / study.name / PAGE, soon=soon).path
    except AnenasError as error:
        _log.warning("%s", error)
        return None


def _picked(study: Study, trial: CompletedTrial) -> Picked:
    """With where its time goes, if its package is there and the chip is known here."""
    package = study.shipped_folder(trial) / PACKAGE
    try:
        target, graph = Target.named(study.settings.chip), Package.open(package).graph
        found = profile(f"trial {trial.number}", graph, target)
        return Picked(trial, found, check(graph, target.chip))
    except Exception as error:  # of any kind that a damaged package has; the page is worth having without
        why = first_line(error)
        _log.warning("the page of %s does not show where trial %d spends its time: %s", study.name, trial.number, why)
        return Picked(trial)

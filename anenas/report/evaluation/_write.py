"""Everything of a report, in one folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from anenas._files import write_whole
from anenas.report.evaluation._inputs import InputView
from anenas.report.evaluation._kinds import report_kind
from anenas.report.evaluation._page import write_page
from anenas.report.evaluation._report import Picture, Report
from anenas.tasks import Task

PAGE, DATA = "report.html", "report.json"
_INDENTED = 100  # classes up to which JSON has a line for each number of a confusion matrix


def report_files(task: Task) -> tuple[str, ...]:
    """Names of the files of a report: the page, JSON and pictures."""
    return PAGE, DATA, *(picture.file for picture in report_kind(task).pictures)


def write_report(
    report: Report,
    inputs: NDArray[Any],
    view: InputView,
    folder: Path,
    *,
    title: str,
    about: Sequence[str] = (),
    facts: Mapping[str, Any] | None = None,
    source: Path | None = None,
) -> list[Path]:
    """Write a report as a page, JSON and pictures to a folder that is there.

    Args:
        report: Of the inputs.
        inputs: (N, C, H, W); may be a memory map.
        view: How single ones are shown.
        folder: For the files, see `report_files`, which are replaced.
        title: Of the page.
        about: Lines below its title.
        facts: What the JSON begins with, such as the model.
        source: Folder that the names of the inputs' files are below; None where there is none.

    Raises:
        OSError: If they cannot be written.
    """
    _write_data(report, folder / DATA, facts or {})
    pictures = _draw(report, folder, report.pictures)
    write_page(report, inputs, view, folder / PAGE, title=title, about=about, pictures=pictures, source=source)
    return [folder / PAGE, folder / DATA, *(path for _, path in pictures)]


def write_figures(report: Report, folder: Path, facts: Mapping[str, Any]) -> list[Path]:
    """Write a report as JSON and its most telling picture alone, which is quick.

    Args:
        report: Of the inputs.
        folder: For the files, which are replaced.
        facts: What the JSON begins with.

    Raises:
        OSError: If they cannot be written.
    """
    _write_data(report, folder / DATA, facts)
    return [folder / DATA, *(path for _, path in _draw(report, folder, report.pictures[:1]))]


def _write_data(report: Report, path: Path, facts: Mapping[str, Any]) -> None:
    indent = 2 if len(report.classes) <= _INDENTED else None
    text = json.dumps({**facts, **report.to_dict()}, indent=indent, ensure_ascii=False)
    write_whole(path, f"{text}\n")


def _draw(report: Report, folder: Path, pictures: Sequence[Picture]) -> list[tuple[Picture, Path]]:
    for picture in pictures:
        picture.draw(report, folder / picture.file)
    return [(picture, folder / picture.file) for picture in pictures]

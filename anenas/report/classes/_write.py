"""Everything of a report on classes, in one folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from anenas._files import write_whole
from anenas.report.classes._figures import write_calibration_png, write_confusion_png
from anenas.report.classes._inputs import InputView
from anenas.report.classes._page import write_class_page
from anenas.report.classes._report import ClassReport

REPORT_FILES = PAGE, DATA, CONFUSION, CALIBRATION = "report.html", "report.json", "confusion.png", "calibration.png"
"""What `write_class_report` writes."""

_INDENTED = 100  # classes up to which JSON has a line for each number of the confusion matrix


def write_class_report(
    report: ClassReport,
    inputs: NDArray[Any],
    view: InputView,
    folder: Path,
    *,
    title: str,
    about: Sequence[str] = (),
    facts: Mapping[str, Any] | None = None,
    source: Path | None = None,
) -> list[Path]:
    """Write a report as a page, JSON and two pictures to a folder that is there.

    Args:
        report: Of the inputs.
        inputs: (N, C, H, W); may be a memory map.
        view: How single ones are shown.
        folder: For `REPORT_FILES`, which are replaced.
        title: Of the page.
        about: Lines below its title.
        facts: What the JSON begins with, such as the model.
        source: Folder that the names of the inputs' files are below; None where there is none.

    Raises:
        OSError: If they cannot be written.
    """
    page, data, confusion, calibration = written = [folder / name for name in REPORT_FILES]
    write_confusion_png(report, confusion)
    write_calibration_png(report, calibration)
    indent = 2 if len(report.classes) <= _INDENTED else None
    write_whole(data, json.dumps({**(facts or {}), **report.to_dict()}, indent=indent, ensure_ascii=False) + "\n")
    write_class_page(
        report,
        inputs,
        view,
        page,
        title=title,
        about=about,
        confusion=confusion,
        calibration=calibration,
        source=source,
    )
    return written

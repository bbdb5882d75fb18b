"""The report of a classification as one self-contained page."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas._files import write_whole
from anenas.report.classes._inputs import InputView
from anenas.report.classes._report import ClassReport

_SIDE_BY_SIDE = 15  # classes up to which the confusion matrix and the table of classes are short


def write_class_page(
    report: ClassReport,
    inputs: NDArray[Any],
    view: InputView,
    path: Path,
    *,
    title: str,
    about: Sequence[str],
    confusion: Path,
    calibration: Path,
    source: Path | None = None,
) -> None:
    """Write the page, with its pictures in it.

    Args:
        report: Of the inputs.
        inputs: (N, C, H, W).
        view: How they are shown.
        path: Of the page.
        title: Its heading.
        about: Lines below it.
        confusion: Picture of the confusion matrix.
        calibration: Picture of the calibration.
        source: Folder that the names of files are below, so that they can be opened; None where there is none.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("anenas.report"), undefined=StrictUndefined, autoescape=True, trim_blocks=True
    )
    environment.filters |= {"percent": percent, "thousands": "{:,}".format}
    wrong = [
        (one, Markup(view.html(np.asarray(inputs[one.index]))), _link(source, one.file)) for one in report.most_wrong()
    ]
    page = environment.get_template("classes.html.j2").render(
        report=report,
        title=title,
        about=about,
        averages=list(named_averages(report)),
        absent=absent_line(report),
        confusion=_inline(confusion),
        calibration=_inline(calibration),
        wide=len(report.classes) > _SIDE_BY_SIDE,
        confused=report.most_confused(),
        wrong=wrong,
        errors=int((report.predicted != report.labels).sum()),
    )
    write_whole(path, page.lstrip() + "\n")


def percent(share: float | None) -> str:
    """A share as people read it; a dash for none."""
    return "–" if share is None else f"{share:.1%}"


def named_averages(report: ClassReport) -> Sequence[tuple[str, Any]]:
    """The figures that have an interval, with what they are called."""
    return (
        ("accuracy", report.accuracy),
        ("balanced accuracy", report.balanced_accuracy),
        ("macro F1", report.macro_f1),
    )


def absent_line(report: ClassReport, most: int = 10) -> str:
    """What is to be said of classes without inputs; empty where each has some."""
    absent = report.without_inputs
    if not absent:
        return ""
    rest = f" and {len(absent) - most} more" if len(absent) > most else ""
    count = "1 class has" if len(absent) == 1 else f"{len(absent)} classes have"
    return f"{count} no inputs and no part in the averages: {', '.join(absent[:most])}{rest}"


def _inline(picture: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture.read_bytes()).decode('ascii')}"


def _link(source: Path | None, name: str | None) -> str | None:
    if source is None or name is None:
        return None
    file = (source / name).absolute()
    return file.as_uri() if file.is_file() else None

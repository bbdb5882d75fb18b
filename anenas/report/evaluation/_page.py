"""A report as one self-contained page."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas.report._pages import write_page as write_template
from anenas.report.evaluation._inputs import InputView
from anenas.report.evaluation._report import Picture, Report

_SIDE_BY_SIDE = 15  # classes up to which pictures and the table of classes are small


def write_page(
    report: Report,
    inputs: NDArray[Any],
    view: InputView,
    path: Path,
    *,
    title: str,
    about: Sequence[str],
    pictures: Sequence[tuple[Picture, Path]],
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
        pictures: Of the report, and where they lie.
        source: Folder that the names of files are below, so that they can be opened; None where there is none.
    """
    from markupsafe import Markup

    bad = report.worst()
    worst = [
        (one, Markup(view.html(np.asarray(inputs[one.index]))), _link(source, one.file))
        for one in (bad.inputs if bad else ())
    ]
    write_template(
        "evaluation.html.j2",
        path,
        styles=("evaluation.css",),
        report=report,
        title=title,
        about=about,
        pictures=[(picture, _inline(file)) for picture, file in pictures],
        wide=len(report.classes) > _SIDE_BY_SIDE,
        sheet=report.sheet(),
        bad=bad,
        worst=worst,
    )


def _inline(picture: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture.read_bytes()).decode('ascii')}"


def _link(source: Path | None, name: str | None) -> str | None:
    if source is None or name is None:
        return None
    file = (source / name).absolute()
    return file.as_uri() if file.is_file() else None

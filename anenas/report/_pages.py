"""Pages from templates: self-contained, and forbidden to ask for anything.

Drawings are SVG that the templates write, and the script only sorts, shows and pins what is there. A charting library
would be 50 kB (uPlot, no text in its drawings that a screen reader finds) to 800 kB (Vega-Lite) of another's code to
keep in step with, for five plain forms: points, bars, a line, a matrix and a roof. So a page is whole without its
script, on paper too, and its values are text that a test reads.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from anenas._files import write_whole
from anenas._sizes import size_figure

if TYPE_CHECKING:
    from jinja2 import Environment


def write_page(
    template: str, path: Path, *, styles: Sequence[str] = (), scripts: Sequence[str] = (), **values: object
) -> None:
    """Fill a template that extends `base.html.j2`, and write the page whole or not at all.

    Args:
        template: Its name in the folder `templates`.
        path: Of the page.
        styles: Names of style sheets in that folder, besides the one that all pages have.
        scripts: Names of scripts, likewise.
        values: Of the template; what is text is escaped, a missing one is an error.

    Raises:
        OSError: If it cannot be written.
    """
    from markupsafe import Markup

    style, script = (_joined([first, *more]) for first, more in (("page.css", styles), ("page.js", scripts)))
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    page = (
        _environment()
        .get_template(template)
        .render(style=Markup(style), script=Markup(script), policy=policy, **values)
    )
    write_whole(path, page.lstrip() + "\n")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("anenas.report"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}  # in the order that is given
    environment.filters |= {"thousands": "{:,}".format, "spec": format, "megabytes": size_figure}
    return environment


def _joined(names: Sequence[str]) -> str:
    folder = resources.files("anenas.report") / "templates"
    return "\n" + "".join((folder / name).read_text(encoding="utf-8") for name in names)


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"

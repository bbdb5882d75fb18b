"""Docstrings are written to be read as they are: `code` in single quotes, an example behind a colon and indented.

This makes of them what Sphinx reads.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def as_restructured(lines: list[str]) -> list[str]:
    """The lines of a docstring, with literals and examples as reStructuredText marks them."""
    found, example = [], None
    for i, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if example is not None and line.strip() and indent <= example:
            example = None
        if example is None:
            line = _escaped(line)
            if line.strip() and _begins_example(lines[i + 1 : i + 3], indent):
                example = indent
                line = f"{line}:" if line.endswith(":") else f"{line} ::"
        found.append(line)
    return found


def _begins_example(after: list[str], indent: int) -> bool:
    """Whether an empty line follows, and then one that is further in."""
    return len(after) == 2 and not after[0].strip() and len(after[1]) - len(after[1].lstrip()) > indent


def _escaped(line: str) -> str:
    """Literals in double quotes, which may reach over the end of a line; no other marks."""
    line = line.replace("FILE:", r"FILE\:")  # which would begin an address
    parts = re.split(r"(`)", line.replace("*", r"\*"))
    return "".join("``" if part == "`" else part for part in parts)


def _process(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    text = "\n".join(as_restructured(lines))
    lines[:] = re.sub(r"``(?=\w)(?<=\w``)", r"``\\ ", text).splitlines()


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", _process, priority=100)  # before napoleon looks at them
    return {"parallel_read_safe": True}

"""Jinja templates of the files of a bundle that people read."""

from __future__ import annotations

import re
from collections.abc import Iterable

from jinja2 import Environment, PackageLoader, StrictUndefined


def render(template: str, **values: object) -> str:
    """Render a template of the folder `templates`.

    Args:
        template: Its name without ".j2", such as "README.md".
        values: Its variables; a missing one is an error.
    """
    return _ENVIRONMENT.get_template(f"{template}.j2").render(values)


def swift_literal(text: str) -> str:
    """A Swift string literal: nothing in it is an escape or is interpolated, and it stays on its line."""
    marked = re.sub(r'[\\"]', r"\\\g<0>", text)
    return '"' + re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]", lambda one: f"\\u{{{ord(one[0]):x}}}", marked) + '"'


def markdown(text: str) -> str:
    """One line of Markdown, also in a cell of a table, that shows the text as it is but for its white space."""
    line = " ".join(text.split())
    return re.sub(r"[\\`*\[\]<>|~&]|(?<![^\W_])_|_(?![^\W_])", r"\\\g<0>", line)


def _sizes(shape: Iterable[int]) -> str:
    return "×".join(map(str, shape))


_ENVIRONMENT = Environment(
    loader=PackageLoader("anenas.bundle"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_ENVIRONMENT.filters |= {
    "swift": swift_literal,
    "markdown": markdown,
    "sizes": _sizes,
    "spec": format,
}

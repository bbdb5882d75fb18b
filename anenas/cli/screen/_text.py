"""Lines and words that the tables of a terminal have in common."""

from __future__ import annotations

import textwrap

from rich.console import Console

STYLES = {"error": "bold red", "warning": "yellow", "info": "dim"}
NAMED = 3  # operations of one kind that are named; the others are counted


def print_line(console: Console, text: str) -> None:
    """Text that is no markup, with its indent on every line that it is wrapped to."""
    indent = " " * (len(text) - len(text.lstrip()))
    wrapped = textwrap.fill(
        text.strip(), min(console.width, 100), initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )
    console.print(wrapped, markup=False, highlight=False, soft_wrap=True)


def counted(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")

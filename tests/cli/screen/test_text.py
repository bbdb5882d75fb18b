from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from anenas.cli.screen._text import counted, print_line


def printed(text: str, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    print_line(console, text)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_every_line_has_the_indent_of_the_first() -> None:
    assert printed("    one two three", 12) == "    one two\n    three\n"


def test_what_looks_like_markup_is_printed_as_it_is() -> None:
    assert printed("a [bold]word[/] of 1.5 ms", 100) == "a [bold]word[/] of 1.5 ms\n"


@given(st.lists(st.text("ab-[/]1", min_size=1, max_size=9), min_size=1, max_size=30), st.integers(10, 200))
def test_words_are_kept_whole_and_lines_short(words: list[str], width: int) -> None:
    text = printed(" ".join(words), width)
    assert text.split() == words
    assert max(map(len, text.splitlines())) <= min(width, 100)


@pytest.mark.parametrize(("count", "expected"), [(0, "0 seeds"), (1, "1 seed"), (2, "2 seeds")])
def test_one_is_not_many(count: int, expected: str) -> None:
    assert counted(count, "seed") == expected

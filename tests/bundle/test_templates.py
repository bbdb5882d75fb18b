"""Whatever something is called, a bundle's Swift and its card show that and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from markdown_it import MarkdownIt  # of rich

from anenas.bundle._templates import markdown, render, swift_literal

ODD = [
    '"',
    "\\",
    r"\(x)",
    '"; fatalError() //',
    "a|b",
    "*a* _b_ __c__",
    "`x`",
    "[a](b)",
    "<b>",
    "&amp;",
    "~~a~~",
    "🐈‍⬛ é",
]
NAMES = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1),
    st.text("\\\"'`*_[]()<>|~&#!{}%$-+.: 1aé", min_size=1),
)


@given(NAMES | st.text())
@example("\x00\n\r\t\x85\u2028")
def test_a_swift_literal_is_one_line_and_says_the_name(name: str) -> None:
    literal = swift_literal(name)
    assert literal.splitlines() == [literal]
    body = re.fullmatch(r'"((?:[^"\\]|\\["\\]|\\u\{[0-9a-f]+\})*)"', literal)
    assert body  # no escape but these, and so no interpolation
    told = re.sub(r"\\u\{([0-9a-f]+)\}|\\(.)", lambda one: chr(int(one[1], 16)) if one[1] else one[2], body[1])
    assert told == name


@given(NAMES.filter(str.strip))
def test_markdown_shows_the_name_in_a_sentence_and_in_a_table(name: str) -> None:
    shown = " ".join(name.split())
    tokens = MarkdownIt().parse(f"Data: {markdown(name)}. Trained")
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert {token.type for token in tokens[1].children or ()} <= {"text", "text_special"}
    assert "".join(token.content for token in tokens[1].children or ()) == f"Data: {shown}. Trained"
    table = MarkdownIt().enable("table").parse(f"| a | b |\n|---|---|\n| x {markdown(name)} y | 2 |\n")
    cells = ["".join(part.content for part in one.children or ()) for one in table if one.type == "inline"]
    assert cells == ["a", "b", f"x {shown} y", "2"]


def test_a_gap_that_nothing_fills_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="'tokens' is undefined"):
        render("encode.py", steps=8)

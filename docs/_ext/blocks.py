"""The code blocks of a page, and what is to be done with each when the pages are tested.

A comment directly above a block says what is not plain from the block:

    <!-- not run: needs a Mac -->           its commands are parsed, and no more
    <!-- run with: --trials 2 -->           each of its commands is run with these options after its own
    <!-- exits with: 1 -->                  so does each of its commands
    <!-- file: tiny.yaml -->                the block is the content of this file
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt

SHELL, OUTPUT = "sh", "text"
_NOTE = re.compile(r"<!--\s*(not run|run with|exits with|file):\s*(.+?)\s*-->", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes:
        page: The file that it is in.
        line: Where its fence begins, from 1.
        language: Behind the fence: sh, python, yaml, text, …
        text: What it holds.
        notes: What the comment above it says, by "not run", "run with", "exits with" or "file".
        output: The block of output that follows it, if one does.
    """

    page: Path
    line: int
    language: str
    text: str
    notes: dict[str, str] = field(default_factory=dict)
    output: str | None = None

    @property
    def place(self) -> str:
        return f"{self.page.name}:{self.line}"

    @property
    def not_run(self) -> str | None:
        """Why it is not run; None where it is."""
        return self.notes.get("not run")

    def commands(self) -> list[list[str]]:
        """The words of each of its command lines; a line that ends in a backslash goes on."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [words for line in lines if (words := shlex.split(line, comments=True))]

    def anenas_commands(self) -> list[list[str]]:
        """The words behind `anenas` of each command line that calls it, here or, behind ssh, elsewhere."""
        return [words[words.index("anenas") + 1 :] for words in self.commands() if "anenas" in words]


def pages(folder: Path) -> list[Path]:
    """The pages of the documentation, in the order of their names."""
    return sorted(path for path in folder.rglob("*.md") if not any(part[0] in "._" for part in path.parts[-2:]))


def read_blocks(page: Path) -> list[Block]:
    """The blocks of a page, those of output with the block before them."""
    found: list[Block] = []
    for block in _fences(page):
        if block.language == OUTPUT and found and found[-1].language == SHELL and found[-1].output is None:
            found[-1] = Block(**{**vars(found[-1]), "output": block.text})
        else:
            found.append(block)
    return found


def is_shown(shown: str, printed: str) -> bool:
    """Whether what a page shows is in what was printed: "…" stands for anything in a line, alone for any lines."""
    pattern = r"(?m)^"
    for line in shown.splitlines():
        pattern += r"(?:.*\n)*?" if line.strip() == "…" else f"{_in_line(line.rstrip())}\n"
    return re.search(pattern, printed) is not None


def _in_line(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.split("…"))


def _fences(page: Path) -> Iterator[Block]:
    notes: dict[str, str] = {}
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        if token.type == "html_block":
            notes = {name: " ".join(text.split()) for name, text in _NOTE.findall(token.content)}
        elif token.type == "fence" and not token.info.startswith("{"):  # which are for Sphinx
            line = (token.map or [0])[0] + 1
            yield Block(page, line, token.info.strip(), token.content, notes)
            notes = {}

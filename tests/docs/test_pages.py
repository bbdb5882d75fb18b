"""What the documentation tells a reader to type is run: its commands, its Python, its files.

A command that is too slow, or needs what is not here, is parsed by the real command line at least; a comment above its
block says why it is not run, and the page "How these pages are tested" lists all of those.
"""

from __future__ import annotations

import functools
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer.main
from blocks import Block, is_shown, pages, read_blocks
from commands import Ran, run_command

from anenas.cli import app
from anenas.cli._app import ANYWHERE, PLUGIN

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {str(page.relative_to(DOCS)): page for page in pages(DOCS)}
REASONS = re.compile(
    r"(takes .*(minute|hour|second)|needs (a |an |two |several )?\w|runs until it is stopped|shows? where|installs )"
)
LANGUAGES = {"sh", "python", "yaml", "json", "text", "swift", "toml", "ini"}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_every_command_is_one_that_the_command_line_takes(page: Path) -> None:
    for block in read_blocks(page):
        for words in block.anenas_commands() if block.language == "sh" else ():
            try:
                _parse(words)
            except typer.TyperException as error:
                pytest.fail(f"{block.place}: anenas {' '.join(words)}: {error}")


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_every_block_says_what_it_is_and_why_it_is_not_run(page: Path) -> None:
    for block in read_blocks(page):
        assert block.language in LANGUAGES, f"{block.place}: '{block.language}'"
        assert block.not_run is None or REASONS.match(block.not_run), f"{block.place}: {block.not_run}"


WITH_BLOCKS = {
    name: page
    for name, page in PAGES.items()
    if any(block.language in ("sh", "python") and not block.not_run for block in read_blocks(page))
}


@pytest.mark.parametrize("page", WITH_BLOCKS.values(), ids=WITH_BLOCKS)
def test_what_a_page_tells_to_type_works(
    page: Path, readers_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forget_plugins: None
) -> None:
    folder = tmp_path / "reader"
    shutil.copytree(readers_folder, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")
    namespace: dict[str, Any] = {"__name__": f"page_{page.stem.replace('-', '_')}"}
    for block in read_blocks(page):
        if "file" in block.notes:
            (folder / block.notes["file"]).write_text(block.text, encoding="utf-8")
        elif block.not_run is None and block.language == "python":
            exec(compile(block.text, block.place, "exec"), namespace)
        elif block.not_run is None and block.language == "sh":
            _run(block, monkeypatch)


@functools.cache
def _command() -> Any:
    return typer.main.get_command(app)


def _parse(words: list[str]) -> None:
    """Parse the words as the command does, without doing anything."""
    rest = [word for word in words if word not in ANYWHERE]
    while PLUGIN in rest:
        del rest[(place := rest.index(PLUGIN)) : place + 2]
    command = _command()
    while hasattr(command, "commands"):
        if not rest or rest[0] in ("--version", "--help"):
            return
        name = rest.pop(0)
        assert name in command.commands, f"no such command: anenas {' '.join(words)}"
        command = command.commands[name]
    command.make_context("anenas", rest)


def _run(block: Block, patch: pytest.MonkeyPatch) -> None:
    """Run its commands, and find in what they print what the page shows."""
    printed = ""
    assert all(words[0] == "anenas" for words in block.commands()), f"{block.place}: only `anenas` is run here"
    for words in block.anenas_commands():
        ran = run_command(patch, [*words, *block.notes.get("run with", "").split()])
        assert ran.code == int(block.notes.get("exits with", 0)), f"{block.place}: {' '.join(words)}\n{ran.err}"
        printed += _lines(ran)
    if block.output is not None and "run with" not in block.notes:
        assert is_shown(block.output, printed), f"{block.place}: it prints\n{printed}"


def _lines(ran: Ran) -> str:
    return "".join(f"{line.rstrip()}\n" for line in (ran.err + ran.out).splitlines())

"""What the README tells a user to type and write is true. Its Python example is run by `.ci/run`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from anenas.cli import app
from anenas.cli._app import ANYWHERE, PLUGIN

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.parametrize(
    "line", sorted(set(re.findall(r"^ {4}anenas (.*?)(?:  +#.*)?$", README.read_text(), re.MULTILINE)))
)
def test_every_command_of_the_readme_exists_with_its_options(line: str) -> None:
    command = typer.main.get_command(app)
    words = line.split()
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]  # type: ignore[attr-defined]
    known = {option for parameter in command.params for option in parameter.opts} | {PLUGIN, *ANYWHERE}
    assert not getattr(command, "commands", {}), f"no such command: anenas {line}"
    assert {word for word in words if word.startswith("-")} <= known

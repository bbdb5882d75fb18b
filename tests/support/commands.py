"""Commands, in this process and in others."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import pytest

from anenas import cli


class Ran(NamedTuple):
    """How a command ended.

    Attributes:
        code: Its exit code.
        out: What it printed to standard output.
        err: What it printed to standard error.
    """

    code: int
    out: str
    err: str


class Run(Protocol):
    """The `run` fixture: runs `anenas` with these arguments."""

    def __call__(self, *arguments: object) -> Ran: ...


def run_command(patch: pytest.MonkeyPatch, words: Sequence[str]) -> Ran:
    """Run `anenas` with these words, as its entry point does."""
    patch.setattr(sys, "argv", ["anenas", *words])
    code = 0
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
    return Ran(code, out.getvalue(), err.getvalue())


def environment() -> dict[str, str]:
    """For a process that shall import what this one does."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}

"""Commands, in this process and in others."""

from __future__ import annotations

import os
import sys
from typing import NamedTuple, Protocol


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


def environment() -> dict[str, str]:
    """For a process that shall import what this one does."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}

"""What a search was run by, and what was said as it read its data: for its report."""

from __future__ import annotations

import importlib.metadata
import logging
import platform
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from anenas._command import command_line

_PACKAGES = ("anenas", "torch", "coremltools", "optuna", "numpy")
_MOST = 50  # lines that are kept

P = ParamSpec("P")
T = TypeVar("T")


def made_by() -> dict[str, str]:
    """The command, if this process is one of anenas', and the versions that figures depend on."""
    typed = command_line()
    command = {"command": typed} if typed.startswith("anenas ") else {}
    versions = {name: importlib.metadata.version(name) for name in _PACKAGES}
    return {**command, **versions, "Python": platform.python_version()}


def heard(logger: str, call: Callable[P, T]) -> Callable[P, tuple[T, list[str]]]:
    """A function that returns, beside what another one does, what a logger and those below it said meanwhile.

    Of more than 50 lines it keeps the first.
    """

    def calling(*args: P.args, **kwargs: P.kwargs) -> tuple[T, list[str]]:
        lines: list[str] = []
        listener = logging.Handler()
        listener.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
        logging.getLogger(logger).addHandler(listener)
        try:
            return call(*args, **kwargs), lines[:_MOST]
        finally:
            logging.getLogger(logger).removeHandler(listener)

    return calling

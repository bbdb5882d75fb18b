"""The versions that a search was run by, and what was said as it read its data: for its report."""

from __future__ import annotations

import contextlib
import importlib.metadata
import logging
import platform
from collections.abc import Iterator

_PACKAGES = ("anenas", "torch", "coremltools", "optuna", "numpy")
_MOST = 50  # lines that are kept


def versions() -> dict[str, str]:
    """The versions that figures depend on, by the name of a package."""
    return {**{name: importlib.metadata.version(name) for name in _PACKAGES}, "Python": platform.python_version()}


@contextlib.contextmanager
def heard(logger: str) -> Iterator[list[str]]:
    """What a logger and those below it say within; of more than 50 lines the first."""
    lines: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if len(lines) < _MOST:
                lines.append(record.getMessage())

    listener = Listener()
    logging.getLogger(logger).addHandler(listener)
    try:
        yield lines
    finally:
        logging.getLogger(logger).removeHandler(listener)

"""What the library says while it works, as lines on standard error."""

from __future__ import annotations

import functools
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

LOG = logging.getLogger("anenas")


@functools.cache
def error_console() -> Console:
    """Standard error: the one console of lines and bars, so that lines stand above a bar that is running."""
    from rich.console import Console

    return Console(stderr=True, soft_wrap=True, emoji=False)


@contextmanager
def shown_log(level: int, in_words: Callable[[str], str] = str) -> Iterator[None]:
    """Show what the library logs from a level on, with the loggers' names where that is logging.DEBUG.

    Other libraries' warnings are shown there alone.

    Args:
        level: Of `logging`.
        in_words: Makes of a line what is shown.
    """
    is_verbose = level <= logging.DEBUG
    lines, others = _Lines(in_words), logging.NullHandler()  # without a handler Python prints what others log
    lines.setFormatter(logging.Formatter("%(name)s: %(message)s" if is_verbose else "%(message)s"))
    before = LOG.level, LOG.propagate
    LOG.addHandler(lines)
    LOG.setLevel(level)
    LOG.propagate = False
    with warnings.catch_warnings():
        if not is_verbose:
            warnings.simplefilter("ignore")
            logging.getLogger().addHandler(others)
        try:
            yield
        finally:
            logging.getLogger().removeHandler(others)
            LOG.removeHandler(lines)
            LOG.setLevel(before[0])
            LOG.propagate = before[1]


class _Lines(logging.Handler):
    """A line for each record."""

    def __init__(self, in_words: Callable[[str], str]) -> None:
        super().__init__()
        self._in_words = in_words

    def emit(self, record: logging.LogRecord) -> None:
        try:
            error_console().print(self._in_words(self.format(record)), markup=False, highlight=False)
        except BrokenPipeError:
            raise
        except Exception:
            self.handleError(record)

"""How far something long is: on a bar where there is one, otherwise in a line now and then."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator

from anenas._durations import duration

Show = Callable[[str, int, int], None]
"""Called with what is done, such as "drawing images", how many are done, and of how many."""

_SAID_EVERY = 10  # seconds

_log = logging.getLogger(__name__)
_shows: list[Show] = []


@contextlib.contextmanager
def shown_by(show: Show) -> Iterator[None]:
    """Within the block, what is long is shown by a function rather than in lines."""
    _shows.append(show)
    try:
        yield
    finally:
        _shows.remove(show)


class Progress:
    """How far something is.

    Args:
        what: Such as "drawing images".
        count: How many there are.
    """

    def __init__(self, what: str, count: int) -> None:
        self._what, self._count, self._done = what, count, 0
        self._started = self._said = time.monotonic()

    def add(self, done: int) -> None:
        """So many more are done."""
        self._done += done
        if _shows:
            _shows[-1](self._what, self._done, self._count)
            return
        now = time.monotonic()
        if now - self._said >= _SAID_EVERY and self._done < self._count:
            self._said = now
            left = duration((now - self._started) / self._done * (self._count - self._done))
            _log.info(f"{self._what}: {self._done:,} of {self._count:,}, about {left} left")

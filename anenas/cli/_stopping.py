"""Ctrl-C, and what asks a process to end likewise."""

from __future__ import annotations

import signal
from types import FrameType


class Stopping:
    """Makes SIGINT and SIGTERM a KeyboardInterrupt from now on, even one that was lost.

    Python drops what is raised within callbacks of C libraries, such as threadpoolctl's; so what runs for long calls
    `check` now and then.
    """

    def __init__(self) -> None:
        self._is_asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._is_asked = True
        raise KeyboardInterrupt

    def check(self) -> None:
        """Raises: KeyboardInterrupt: If the process was asked to end, and goes on."""
        if self._is_asked:
            raise KeyboardInterrupt

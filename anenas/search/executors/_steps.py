"""How far the training of a task is, told by a small file in its folder to whoever shows it."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

_FILE = ".steps"
_EVERY = 1.0  # seconds


class StepsFile:
    """Tells how far a training is, once a second at most; what cannot be written is not told.

    Args:
        folder: Of the trial.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / _FILE
        self._next = 0.0  # by time.monotonic

    def __call__(self, step: int, steps: int) -> None:
        """So many steps of so many are done."""
        if (now := time.monotonic()) >= self._next or step == steps:
            self._next = now + _EVERY
            write_steps(self._file.parent, step, steps)

    def remove(self) -> None:
        """Tell nothing any more."""
        with contextlib.suppress(OSError):
            self._file.unlink(missing_ok=True)


def write_steps(folder: Path, step: int, steps: int) -> None:
    """Write how far a training is; where that cannot be written, nothing is told."""
    unfinished = folder / f"{_FILE}.unfinished"
    with contextlib.suppress(OSError):
        unfinished.write_text(f"{step} {steps}")
        unfinished.replace(folder / _FILE)


def read_steps(folder: Path) -> tuple[int, int] | None:
    """The steps that are done, and of how many; None where nothing tells."""
    try:
        step, steps = (folder / _FILE).read_text().split()
        return int(step), int(steps)
    except (OSError, ValueError):
        return None

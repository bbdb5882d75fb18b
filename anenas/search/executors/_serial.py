"""One task after the other, in this process."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Self

from anenas.search.executors._base import EXECUTORS, Executor, Outcome, Task


class SerialExecutor:
    """Runs each task in this process when it is waited for: for debuggers, and for what takes no time."""

    slots = 1
    devices = 1

    def __init__(self) -> None:
        self._submitted: list[tuple[int, Task]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()

    def submit(self, key: int, task: Task) -> None:
        self._submitted.append((key, task))

    def wait(self, timeout: float = math.inf) -> list[tuple[int, Outcome]]:
        """Run what was submitted; a task that has begun is not interrupted when the seconds run out."""
        key, task = self._submitted.pop(0)
        return [(key, Outcome.of_call(lambda: task.function(task.files)))]

    def cancel(self) -> None:
        self._submitted.clear()


@EXECUTORS("serial")
def _make(*, workers: int | None, device: str | None, log_folder: Path) -> Executor:
    return SerialExecutor()

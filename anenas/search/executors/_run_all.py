"""Tasks that are all known beforehand, as many at once as an executor takes."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping

from anenas.search.executors._base import Executor, Outcome, Task


def run_all(executor: Executor, tasks: Mapping[int, Task], deadline: float = math.inf) -> Iterator[tuple[int, Outcome]]:
    """Run tasks in their order, and give each one's key and outcome as it ends.

    Args:
        executor: It is entered, and nothing else runs in it.
        tasks: By their keys.
        deadline: By `time.monotonic`. What runs then is given up, and what has not begun is left out.
    """
    left, running = list(tasks.items()), 0
    while left or running:
        while left and running < executor.slots:
            executor.submit(*left.pop(0))
            running += 1
        for ended in executor.wait(deadline - time.monotonic()):
            running -= 1
            yield ended
        if time.monotonic() >= deadline:
            executor.cancel()
            return

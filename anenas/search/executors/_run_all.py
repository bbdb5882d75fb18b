"""Tasks beside a search, as many at once as an executor takes."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator

from anenas.search.executors._base import Executor, Outcome, Task


def run_all(
    executor: Executor, tasks: Iterable[tuple[int, Task]], deadline: float = math.inf
) -> Iterator[tuple[int, Outcome]]:
    """Run tasks in their order, and give each one's key and outcome as it ends.

    Args:
        executor: It is entered, and nothing else runs in it.
        tasks: With their keys; the next is asked for when there is a place for it.
        deadline: By `time.monotonic`. What runs then is given up, and what has not begun is left out.
    """
    left, running = iter(tasks), 0
    while time.monotonic() < deadline:
        while running < executor.slots and (task := next(left, None)):
            executor.submit(*task)
            running += 1
        if not running:
            return
        for ended in executor.wait(deadline - time.monotonic()):
            running -= 1
            yield ended
    executor.cancel()

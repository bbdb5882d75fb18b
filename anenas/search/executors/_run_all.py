"""Tasks beside a search, as many at once as an executor takes."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterable, Iterator

from anenas.search.executors._base import Executor, Outcome, Task

_log = logging.getLogger(__name__)


def run_all(
    executor: Executor, tasks: Iterable[tuple[int, Task]], deadline: float = math.inf
) -> Iterator[tuple[int, Outcome]]:
    """Run tasks in their order, and give each one's key and outcome as it ends. One whose worker dies is tried again.

    Args:
        executor: It is entered, and nothing else runs in it.
        tasks: With their keys; the next is asked for when there is a place for it.
        deadline: By `time.monotonic`. What runs then is given up, and what has not begun is left out.
    """
    left, running, died = iter(tasks), dict[int, Task](), set[int]()
    while time.monotonic() < deadline:
        while len(running) < executor.slots and (one := next(left, None)):
            key, running[one[0]] = one
            executor.submit(key, running[key])
        if not running:
            return
        for key, outcome in executor.wait(deadline - time.monotonic()):
            for line in outcome.said:
                _log.warning("%s", line)
            if outcome.died and key not in died:
                died.add(key)
                executor.submit(key, running[key])
            else:
                del running[key]
                yield key, outcome
    executor.cancel()

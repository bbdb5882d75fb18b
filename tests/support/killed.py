"""Processes that are killed while they make a database, at every moment that a database has: between its statements."""

from __future__ import annotations

import os
import random
import signal
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine


def moments(statements: int, few: int) -> list[int]:
    """After how many of so many statements to kill: a few moments, or as many as ANENAS_MOMENTS says."""
    count = min(statements, int(os.environ.get("ANENAS_MOMENTS", few)))
    return sorted(random.Random(0).sample(range(statements), count))


def killed_after(statements: int, do: Callable[[], Any]) -> bool:
    """Do something in a process that is killed, as by `kill -9`, after so many statements of SQLAlchemy.

    Returns:
        Whether it was killed: other versions of what is done may need fewer statements.
    """

    def count_down(*_: object) -> None:
        nonlocal statements
        statements -= 1
        if statements < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted() -> None:
        event.listen(Engine, "before_cursor_execute", count_down)
        do()

    return together([counted], (0, -signal.SIGKILL)) != [0]


def together(each: Sequence[Callable[[], Any]], allowed: Sequence[int] = (0,)) -> list[int]:
    """Do several things, each in a process of its own, at once, and return their exit codes."""
    processes = [_forked(do) for do in each]
    ended = [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in processes]
    assert set(ended) <= set(allowed)
    return ended


def _forked(do: Callable[[], Any]) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads, which these do not use
        process = os.fork()
    if process:
        return process
    try:
        do()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)

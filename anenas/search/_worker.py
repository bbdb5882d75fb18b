"""The program that a worker process runs: `python -m anenas.search._worker FD`."""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
import threading
import traceback
import warnings
from multiprocessing.connection import Connection
from typing import Any


def main(descriptor: int) -> None:
    """Serve (function, arguments) from the connection until it closes; answer with (value, error)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides what it means
    threading.Thread(target=_leave_with_parent, args=(descriptor,), daemon=True).start()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    connection = Connection(descriptor)
    while True:
        try:
            function, args = connection.recv()
        except EOFError:
            return
        answer: tuple[Any, str | None]
        try:
            answer = (function(*args), None)
        except Exception as error:
            traceback.print_exc()
            first_line = next(iter(str(error).strip().splitlines()), "")
            answer = (None, f"{type(error).__name__}: {first_line}"[:500])
        connection.send(answer)


def _leave_with_parent(descriptor: int) -> None:
    """End this process as soon as the other end is gone, even in the middle of a task."""
    poll = select.poll()
    poll.register(descriptor, select.POLLHUP)
    poll.poll()
    os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""The program that a worker process runs: `python -m anenas.search.executors._worker FD`."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import pickle
import select
import signal
import sys
import threading
import traceback
import warnings
from multiprocessing.connection import Connection

from anenas._errors import AnenasError
from anenas._plugins import dumps
from anenas.search.executors._base import Outcome


def main(descriptor: int) -> None:
    """Serve (function, files) from the connection until it closes; answer with outcomes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides what it means
    threading.Thread(target=_leave_with_parent, args=(descriptor,), daemon=True).start()
    warnings.simplefilter("ignore")
    said = _said_from_now_on()
    connection = Connection(descriptor)
    while True:
        try:
            task = connection.recv_bytes()
        except EOFError:
            return
        said.clear()
        try:
            function, files = pickle.loads(task)  # of this machine's own search
            outcome = Outcome(function(files))
        except Exception as error:
            with contextlib.suppress(OSError):  # on a full disk
                traceback.print_exc()
            outcome = Outcome.of_error(error)
        connection.send_bytes(_pickled(dataclasses.replace(outcome, said=tuple(dict.fromkeys(said)))))


def _said_from_now_on() -> list[str]:
    """What anenas warns of, as it comes; what other libraries log is left out."""
    said: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    logging.disable(logging.INFO)
    logging.getLogger().addHandler(logging.NullHandler())  # without any, logging prints to stderr
    logging.getLogger("anenas").addHandler(Collect())
    return said


def _pickled(outcome: Outcome) -> bytes:
    try:
        return dumps(outcome)
    except AnenasError as error:
        return pickle.dumps(Outcome.of_error(error))


def _leave_with_parent(descriptor: int) -> None:
    """End this process as soon as the other end is gone, even in the middle of a task."""
    poll = select.poll()
    poll.register(descriptor, select.POLLHUP)
    poll.poll()
    os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]))

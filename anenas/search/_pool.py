"""Worker processes side by side. One that dies costs its task, never the others or the search."""

from __future__ import annotations

import contextlib
import math
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class Outcome:
    """How a task ended.

    Attributes:
        value: What the function returned, where it did.
        error: Its error as "Type: message", or what became of its process; None where it returned.
        died: Whether the process went away under it, so that another try may help.
    """

    value: Any = None
    error: str | None = None
    died: bool = False


class _Worker:
    """One process and the task that it is at."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        ours, theirs = socket.socketpair()
        # A new interpreter rather than a fork or multiprocessing's spawn: torch's threads do not survive a fork, and
        # spawning would run the user's script again.
        paths = os.pathsep.join(path for path in sys.path if path)
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                # -P: a queue.py in the user's folder must not stand in for the library's.
                [sys.executable, "-P", "-u", "-m", "anenas.search._worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=os.environ | {"PYTHONPATH": paths} | environment,
            )
        theirs.close()
        self.log = log
        self.connection = Connection(ours.detach())
        self.task: Any = None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.connection.close()


class Pool:
    """Runs functions in worker processes; tasks are named by any key.

    Args:
        environments: One for each worker: variables on top of this process's own.
        log_folder: What workers print goes to files there.
    """

    def __init__(self, environments: Sequence[dict[str, str]], log_folder: Path) -> None:
        self._environments = list(environments)
        self._log_folder = log_folder
        log_folder.mkdir(parents=True, exist_ok=True)
        self._workers = [self._start(i) for i in range(len(self._environments))]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.kill()

    def _start(self, i: int) -> _Worker:
        return _Worker(self._environments[i], self._log_folder / f"worker-{i}.log")

    @property
    def tasks(self) -> list[Any]:
        """Keys of what is running."""
        return [worker.task for worker in self._workers if worker.task is not None]

    @property
    def idle(self) -> int:
        """How many more tasks can be submitted now."""
        return len(self._workers) - len(self.tasks)

    def submit(self, key: Any, function: Callable[..., Any], *args: Any) -> None:
        """Run `function(*args)` in an idle worker; all three must be picklable, and there must be one."""
        i, worker = next((i, w) for i, w in enumerate(self._workers) if w.task is None)
        try:
            worker.connection.send((function, args))
        except OSError:  # it died while it was idle
            worker.kill()
            worker = self._workers[i] = self._start(i)
            worker.connection.send((function, args))
        worker.task = key

    def cancel(self) -> None:
        """Kill what is running."""
        for i, worker in enumerate(self._workers):
            if worker.task is not None:
                worker.kill()
                self._workers[i] = self._start(i)

    def wait(self, timeout: float = math.inf) -> list[tuple[Any, Outcome]]:
        """Tasks that have ended, at least one unless the seconds run out first. Dead workers are replaced."""
        busy = [worker.connection for worker in self._workers if worker.task is not None]
        ready = set(wait(busy, None if timeout == math.inf else max(0.0, timeout)))
        ended = []
        for i, worker in enumerate(self._workers):
            if worker.connection in ready:
                key, worker.task = worker.task, None
                outcome = _receive(worker)
                ended.append((key, outcome))
                if outcome.died:
                    worker.kill()
                    self._workers[i] = self._start(i)
        return ended


def _receive(worker: _Worker) -> Outcome:
    with contextlib.suppress(EOFError, OSError):
        value, error = worker.connection.recv()
        return Outcome(value, error)
    status = worker.process.wait()
    what = f"signal {-status}" if status < 0 else f"exit status {status}"
    if status == -9:
        what += ", as the system does when memory runs out"
    elif status > 0 and (said := worker.log.read_text(errors="replace").strip().splitlines()):
        what += f": {said[-1][:300]}"
    return Outcome(error=f"the worker process died ({what})", died=True)


class Inline:
    """In the place of a `Pool`: runs each function at once, in this process."""

    def __init__(self) -> None:
        self._ended: list[tuple[Any, Outcome]] = []

    @property
    def idle(self) -> int:
        return 0 if self._ended else 1

    def submit(self, key: Any, function: Callable[..., Any], *args: Any) -> None:
        self._ended.append((key, Outcome(function(*args))))

    def wait(self, timeout: float = math.inf) -> list[tuple[Any, Outcome]]:
        ended, self._ended = self._ended, []
        return ended

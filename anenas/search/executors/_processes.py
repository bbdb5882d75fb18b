"""Worker processes side by side. One that dies costs its task, never the others or the search."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Self

import cloudpickle

from anenas.search.executors._base import EXECUTORS, Executor, Outcome, Task


class ProcessExecutor:
    """Runs tasks in worker processes on this machine.

    Args:
        environments: One for each worker: variables on top of this process's own.
        log_folder: What workers print goes to files there; to a temporary folder by default.
    """

    def __init__(self, environments: Sequence[dict[str, str]], log_folder: Path | None = None) -> None:
        self._environments = list(environments)
        self._log_folder = log_folder
        self._workers: list[_Worker] = []
        self._device: _Worker | None = None  # measures; started when something is to be measured
        self._temporary: contextlib.ExitStack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self._folder = folder = self._log_folder or Path(self._temporary.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        self._workers = [
            _Worker(environment, folder / f"worker-{i}.log") for i, environment in enumerate(self._environments)
        ]
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._all:
            worker.kill()
        self._workers, self._device = [], None
        self._temporary.close()

    @property
    def slots(self) -> int:
        return len(self._environments)

    @property
    def devices(self) -> int:
        """One: this machine."""
        return 1

    @property
    def _all(self) -> list[_Worker]:
        return [*self._workers, *([self._device] if self._device else [])]

    def submit(self, key: int, task: Task) -> None:
        """Run a task in an idle worker; there must be one, and it must be possible to pickle the task."""
        if task.needs:
            worker = self._device = self._device or _Worker({}, self._folder / "device.log")
        else:
            worker = next(worker for worker in self._workers if worker.key is None)
        worker.submit(key, cloudpickle.dumps((task.function, task.files)))

    def cancel(self) -> None:
        for worker in self._all:
            if worker.key is not None:
                worker.restart()

    def wait(self, timeout: float = math.inf) -> list[tuple[int, Outcome]]:
        """See `Executor`; workers that died are replaced."""
        busy = {worker.connection: worker for worker in self._all if worker.key is not None}
        ready = wait(list(busy), None if timeout == math.inf else max(0.0, timeout))
        return [busy[connection].receive() for connection in ready if isinstance(connection, Connection)]


class _Worker:
    """One process and the task that it is at."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._environment, self._log = environment, log
        self.key: int | None = None
        self._start()

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        # A new interpreter rather than a fork or multiprocessing's spawn: torch's threads do not survive a fork, and
        # spawning would run the user's script again.
        paths = os.pathsep.join(path for path in sys.path if path)
        with self._log.open("ab") as output:
            self.process = subprocess.Popen(
                # -P: a queue.py in the user's folder must not stand in for the library's.
                [sys.executable, "-P", "-u", "-m", "anenas.search.executors._worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=os.environ | {"PYTHONPATH": paths} | self._environment,
            )
        theirs.close()
        self.connection = Connection(ours.detach())

    def submit(self, key: int, task: bytes) -> None:
        try:
            self.connection.send_bytes(task)
        except OSError:  # it died while it was idle
            self.restart()
            self.connection.send_bytes(task)
        self.key = key

    def receive(self) -> tuple[int, Outcome]:
        """The key and the outcome of its task, which has ended or died."""
        assert self.key is not None
        key, self.key = self.key, None
        with contextlib.suppress(EOFError, OSError):
            outcome: Outcome = self.connection.recv()
            return key, outcome
        outcome = Outcome(error=f"the worker process died ({self._cause_of_death()})", died=True)
        self.restart()
        return key, outcome

    def _cause_of_death(self) -> str:
        status = self.process.wait()
        if status == -signal.SIGKILL:
            return f"signal {-status}, as the system does when memory runs out"
        if status < 0:
            return f"signal {-status}"
        printed = self._log.read_text(errors="replace").strip().splitlines()
        return f"exit status {status}" + (f": {printed[-1][:300]}" if status and printed else "")

    def restart(self) -> None:
        self.kill()
        self.key = None
        self._start()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.connection.close()


@EXECUTORS("processes")
def _make(*, workers: int | None, device: str | None, log_folder: Path) -> Executor:
    """One worker a core, each with one thread: small networks lose throughput to a second. One a GPU on CUDA."""
    import joblib  # its count knows the limits of containers

    from anenas.training import pick_device, visible_gpus

    picked = pick_device(device)
    gpus = visible_gpus(picked) if picked.type == "cuda" else []
    count = workers or len(gpus) or (1 if picked.type == "mps" else joblib.cpu_count())
    environments = [{"OMP_NUM_THREADS": "1"} for _ in range(count)]
    for i, environment in enumerate(environments if gpus else ()):
        environment["CUDA_VISIBLE_DEVICES"] = gpus[i % len(gpus)]
    return ProcessExecutor(environments, log_folder)

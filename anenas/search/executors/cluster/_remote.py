"""What runs on a worker of the cluster: a task, in a process of its own, with its files beside it."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from anenas._plugins import dumps, loads
from anenas.search.executors._base import Outcome, Task, TrialFiles
from anenas.search.executors._processes import ProcessExecutor
from anenas.search.executors._steps import read_steps
from anenas.search.executors.cluster._content import find_content
from anenas.search.executors.cluster._folders import pack, unpack

_POLL = 1.0  # seconds after which a task looks whether anybody still waits for it
_IDLE = 60.0  # seconds that a process waits for its next task


@dataclass(frozen=True)
class Sent:
    """A task, as it travels to a worker.

    Attributes:
        function: What `dumps` made of it.
        folder: The trial's folder, packed.
        data: Digest of the folder that all tasks read, which does not travel with each; empty where there is none.
        donor: The file's bytes; None where there is none.
        teacher: Likewise.
        topic: Of the scheduler's events, which how far the task is goes to; see `read_steps`.
        key: The task's, as the events name it.
    """

    function: bytes
    folder: bytes
    data: str
    donor: bytes | None
    teacher: bytes | None
    topic: str
    key: int


@dataclass(frozen=True)
class Returned:
    """What comes back of a task.

    Attributes:
        worker: Address of the Dask worker that it ran on.
        outcome: An `Outcome`, by `dumps`; None where the task did not run, as its data are not on that machine.
        folder: The trial's folder as the task left it, packed; empty where it did not end well.
    """

    worker: str
    outcome: bytes | None = None
    folder: bytes = b""


def runner() -> Callable[[bytes], bytes]:
    """A function that runs what `dumps` made of a `Sent`, and answers with what it makes of a `Returned`.

    Being no function of a module it is pickled by value, and all else are bytes: the scheduler, which unpickles what
    passes through it, needs no anenas.
    """

    def run(sent: bytes) -> bytes:
        from anenas.search.executors.cluster._remote import run_sent

        return run_sent(sent)

    return run


def run_sent(sent: bytes) -> bytes:
    """See `runner`; it runs on a thread of a Dask worker."""
    return dumps(_run(loads(sent)))


def _run(sent: Sent) -> Returned:
    from distributed import get_worker

    address = get_worker().address
    data = find_content(sent.data) if sent.data else None
    if sent.data and data is None:
        return Returned(address)
    with tempfile.TemporaryDirectory(prefix="anenas-trial-") as place, _process() as process:
        files = _laid_out(sent, Path(place), data)
        process.submit(0, Task(_Call(sent.function), files))
        outcome = _outcome(process, sent, files.folder)
        if outcome.error is not None:
            return Returned(address, dumps(outcome))
        return Returned(address, dumps(outcome), pack(files.folder))


def _laid_out(sent: Sent, place: Path, data: Path | None) -> TrialFiles:
    """The files of a task as it will find them."""
    unpack(sent.folder, place / "trial")
    given = {"donor": sent.donor, "teacher": sent.teacher}
    for name, content in given.items():
        if content is not None:
            (place / name).write_bytes(content)
    there = {name: place / name for name, content in given.items() if content is not None}
    return TrialFiles(place / "trial", data, **there)


class _Call:
    """A function that is unpickled only in the process that runs it."""

    def __init__(self, function: bytes) -> None:
        self._function = function

    def __call__(self, files: TrialFiles) -> object:
        return loads(self._function)(files)


def _outcome(process: ProcessExecutor, sent: Sent, folder: Path) -> Outcome:
    """That of the task, once it has one; until then it is told how far it is."""
    from distributed import get_worker

    known = None
    while True:
        for _, outcome in process.wait(_POLL):
            return outcome
        if (steps := read_steps(folder)) not in (None, known):
            known = steps
            get_worker().log_event(sent.topic, (sent.key, *steps))
        if not _is_wanted():
            raise RuntimeError("nobody waits for this task any more")


def _is_wanted() -> bool:
    """Whether somebody still waits for the task that this thread runs: the search may have cancelled it, or be gone."""
    from distributed import get_worker

    worker = get_worker()
    task = worker.state.tasks.get(worker.get_current_task())
    return task is not None and task.state != "cancelled"


_lock = threading.Lock()
_idle: dict[int | None, list[tuple[ProcessExecutor, threading.Timer]]] = {}  # by the number of their GPU
_gpus_in_use: set[int] = set()


@contextlib.contextmanager
def _process() -> Iterator[ProcessExecutor]:
    """A process for a task, on a GPU of its own where this worker has some. One that is idle is used again.

    A task has a process because torch's random numbers and threads are a process's, because one that crashes or runs
    out of memory does not end the worker, and because it can be stopped. Processes end with the worker.
    """
    gpu = _take_gpu()
    try:
        process = _used_before(gpu) or ProcessExecutor([_environment(gpu)]).__enter__()
        try:
            yield process
        except BaseException:
            process.__exit__(None, None, None)
            raise
        _keep(gpu, process)
    finally:
        with _lock:
            _gpus_in_use.discard(gpu)


def _used_before(gpu: int | None) -> ProcessExecutor | None:
    with _lock:
        if not _idle.get(gpu):
            return None
        process, timer = _idle[gpu].pop()
    timer.cancel()
    return process


def _keep(gpu: int | None, process: ProcessExecutor) -> None:
    def end() -> None:
        with _lock:
            if entry not in _idle[gpu]:
                return
            _idle[gpu].remove(entry)
        process.__exit__(None, None, None)

    timer = threading.Timer(_IDLE, end)
    timer.daemon = True
    entry = process, timer
    with _lock:
        _idle.setdefault(gpu, []).append(entry)
    timer.start()


def _take_gpu() -> int | None:
    """The number of a GPU that no other task of this worker uses; None where the worker has none."""
    from distributed import get_worker

    count = int(get_worker().state.total_resources.get("GPU", 0))
    with _lock:
        free = next((number for number in range(count) if number not in _gpus_in_use), None)
        if free is not None:
            _gpus_in_use.add(free)
    return free


def _environment(gpu: int | None) -> dict[str, str]:
    """One thread a task: small networks lose throughput to a second."""
    threads = {"OMP_NUM_THREADS": "1"}
    if gpu is None:
        return threads
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    return threads | {"CUDA_VISIBLE_DEVICES": visible.split(",")[gpu] if visible else str(gpu)}

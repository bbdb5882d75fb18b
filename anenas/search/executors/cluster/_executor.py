"""Trials on the workers of a Dask cluster."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import math
import queue
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from anenas._errors import AnenasError, first_line
from anenas._plugins import dumps, loads
from anenas.search.executors._base import ENGINE, Outcome, Task
from anenas.search.executors._steps import StepsFile, write_steps
from anenas.search.executors.cluster._connection import Connection
from anenas.search.executors.cluster._content import digest_of, send_content
from anenas.search.executors.cluster._folders import pack, unpack
from anenas.search.executors.cluster._machine import difference, versions
from anenas.search.executors.cluster._remote import Returned, Sent, runner

if TYPE_CHECKING:
    from distributed import Client, Future
    from distributed.deploy.cluster import Cluster

_PATIENCE = 300.0  # seconds that the search waits for a scheduler that went away, or for a first worker
_LOOK = 2.0  # seconds after which it is asked again which workers there are
_POLL = 1.0  # seconds after which a connection that broke is noticed

_log = logging.getLogger(__name__)


class DaskExecutor:
    """Runs tasks on a Dask cluster, whose workers need anenas, the same version as here, and nothing else.

    One trial runs on each thread of a worker; where workers have the resource "GPU", one on each of these alone. What
    measures runs on workers with the resource "ANE", one on each of these; once something has, trials go to others if
    there are any, so that nothing else runs on a machine that measures. Trials of workers that die are run again by
    Dask, which gives up what has ended four, one after the other.

    Args:
        scheduler: Its scheduler's address, such as "tls://HOST:8786"; the file that it wrote its address to; or a Dask
            `Client` or cluster, such as `LocalCluster` or dask-jobqueue's `SLURMCluster`.
        tls: Folder of certificates, of `anenas cluster certificates`; by default what Dask's configuration names.
        insecure: Whether connections to another machine may be unencrypted, so that whoever is on the network can run
            what they like on the cluster's machines.
        timeout: Seconds in which the scheduler has to answer.

    Raises:
        AnenasError: If Dask is not installed, there is no such file, or connections would not be encrypted.
    """

    def __init__(
        self,
        scheduler: str | Path | Client | Cluster,
        *,
        tls: str | Path | None = None,
        insecure: bool = False,
        timeout: float = 30.0,
    ) -> None:
        self._connection = Connection(scheduler, Path(tls) if tls else None, insecure, timeout)
        self._connection.check()
        self._tasks: dict[int, Task] = {}
        self._futures: dict[int, Future] = {}
        self._ended: queue.SimpleQueue[tuple[int, Future]] = queue.SimpleQueue()
        self._digests: dict[Path, str] = {}
        self._workers: dict[str, dict[str, Any]] = {}
        self._refused: dict[str, str] = {}
        self._looked = -math.inf
        self._is_open = False
        self._measures = False
        self._without_device = math.inf  # since when

    def __enter__(self) -> Self:
        self._client: Client = self._connection.open()
        self._is_open = True
        self._topic = f"anenas-steps-{uuid.uuid4().hex}"
        self._client.subscribe_topic(self._topic, self._note_steps)
        self._digests.clear()  # another search may have other data in the same place
        self._look()
        if self._refused and not self._workers:
            self.__exit__()
            raise AnenasError(next(iter(self._refused.values())))
        _log.info("trials run on the cluster at %s, %d now", self._client.scheduler.address, self._count())
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError, RuntimeError):  # the scheduler may be gone
            self.cancel()
        self._is_open = False
        if self._connection.is_own:
            self._client.close()

    @property
    def devices(self) -> int:
        """Workers with a Neural Engine, by their resource "ANE"."""
        if not self._is_open:
            client = self._connection.open()
            workers = client.scheduler_info(n_workers=-1)["workers"]
            if self._connection.is_own:
                client.close()
            return _engines(workers)
        if time.monotonic() - self._looked > _LOOK:
            self._look()
        return _engines(self._workers)

    @property
    def slots(self) -> int:
        """Threads, or GPUs, of the workers that there are; while there are none it waits for one.

        Raises:
            AnenasError: If none comes.
        """
        if time.monotonic() - self._looked > _LOOK:
            self._look()
        until = time.monotonic() + _PATIENCE
        while not self._count() and not self._tasks:  # with no slot and no task the search would think itself done
            if self._refused:
                raise AnenasError(next(iter(self._refused.values())))
            if time.monotonic() > until:
                raise AnenasError(
                    f"no worker connected to {self._client.scheduler.address} within {_PATIENCE:.0f} s: "
                    "start one with `anenas worker --scheduler ADDRESS`"
                )
            time.sleep(_POLL)
            self._stay_connected()
            self._look()
        return self._count()

    def submit(self, key: int, task: Task) -> None:
        self._measures = self._measures or bool(task.needs)
        self._tasks[key] = task
        self._send(key)

    def wait(self, timeout: float = math.inf) -> list[tuple[int, Outcome]]:
        """See `Executor`. A scheduler that went away and came back is given its tasks again.

        Raises:
            AnenasError: If it does not come back.
        """
        until = time.monotonic() + timeout
        while True:
            self._stay_connected()
            ended = [pair for pair in self._whatever_ended(until) if self._futures.get(pair[0]) is pair[1]]
            answers = [(key, outcome) for key, future in ended if (outcome := self._outcome(key, future))]
            answers += self._stranded()
            if answers or time.monotonic() >= until:
                return answers

    def cancel(self) -> None:
        futures = list(self._futures.values())
        self._tasks.clear()
        self._futures.clear()
        if futures:
            self._client.cancel(futures, force=True)

    def _note_steps(self, event: tuple[float, tuple[int, int, int]]) -> None:
        """Let the folder of a task tell here how far it is there; called on the client's thread."""
        key, step, steps = event[1]
        if task := self._tasks.get(key):
            write_steps(task.files.folder, step, steps)

    def _whatever_ended(self, until: float) -> list[tuple[int, Future]]:
        ended = []
        with contextlib.suppress(queue.Empty):
            ended.append(self._ended.get(timeout=max(0.0, min(_POLL, until - time.monotonic()))))
            while True:
                ended.append(self._ended.get_nowait())
        return ended

    def _send(self, key: int) -> None:
        """Give a task to the cluster, perhaps not for the first time."""
        import dask

        task, files = self._tasks[key], self._tasks[key].files
        donor, teacher = (file.read_bytes() if file else None for file in (files.donor, files.teacher))
        sent = Sent(
            dumps(task.function), pack(files.folder), self._digest(files.data), donor, teacher, self._topic, key
        )
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "2GB"}):
            future = self._client.submit(
                runner(),
                dumps(sent),
                key=f"anenas-trial-{key}-{uuid.uuid4().hex}",
                resources={task.needs: 1} if task.needs else {"GPU": 1} if self._has_gpus() else None,
                workers=self._preferred(task),
                pure=False,
            )
        self._futures[key] = future
        future.add_done_callback(lambda done: self._ended.put((key, done)))

    def _digest(self, folder: Path | None) -> str:
        if folder is None:
            return ""
        if folder not in self._digests:
            self._digests[folder] = digest_of(folder)
        return self._digests[folder]

    def _outcome(self, key: int, future: Future) -> Outcome | None:
        """How a task ended; None if it has to run again."""
        from distributed.scheduler import KilledWorker

        if future.status not in ("finished", "error"):  # the scheduler forgot it
            self._send(key)
            return None
        try:
            returned: Returned = loads(future.result())
        except KilledWorker as error:
            return self._done(key, Outcome(error=f"it ended {error.allowed_failures + 1} workers, one after the other"))
        except Exception as error:  # of the worker rather than the task: no room for its files, say
            outcome = Outcome.of_error(error)
            return self._done(key, Outcome(error=outcome.error, died=True))
        if returned.outcome is None:
            self._bring_data(self._tasks[key], returned.worker)
            self._send(key)
            return None
        outcome = dataclasses.replace(loads(returned.outcome), place=self._place(returned.worker))
        if outcome.error is None:
            unpack(returned.folder, self._tasks[key].files.folder)
        return self._done(key, outcome)

    def _done(self, key: int, outcome: Outcome) -> Outcome:
        folder = self._tasks[key].files.folder
        del self._tasks[key], self._futures[key]
        StepsFile(folder).remove()
        return outcome

    def _stranded(self) -> list[tuple[int, Outcome]]:
        """Tasks that need a device, once there has been none for too long."""
        needing = [key for key, task in self._tasks.items() if task.needs]
        if not needing or self.devices:
            self._without_device = math.inf
            return []
        self._without_device = min(self._without_device, time.monotonic())
        if time.monotonic() - self._without_device < _PATIENCE:
            return []
        self._client.cancel([self._futures[key] for key in needing], force=True)
        error = f"no worker with the resource {ENGINE} came back within {_PATIENCE:.0f} s"
        return [(key, self._done(key, Outcome(error=error, died=True))) for key in needing]

    def _place(self, address: str) -> str:
        """A worker's name, or its host where it was given none: its address changes whenever it is started."""
        worker = self._workers.get(address, {})
        name = worker.get("name", address)
        return name if isinstance(name, str) and "://" not in name else str(worker.get("host", address))

    def _preferred(self, task: Task) -> list[str] | None:
        """The workers that may run a task; None for whichever have what it needs."""
        if task.needs:
            able = [address for address, worker in self._workers.items() if worker["resources"].get(task.needs)]
            elsewhere = [address for address in able if self._place(address) not in task.avoid]
            return elsewhere if elsewhere and task.avoid else able if self._refused else None
        training = list(self._training)
        return training if len(training) < len(self._workers) or self._refused else None

    @property
    def _training(self) -> dict[str, dict[str, Any]]:
        """Workers that trials run on."""
        others = {address: one for address, one in self._workers.items() if not one["resources"].get(ENGINE)}
        return others if others and self._measures else self._workers

    def _stay_connected(self) -> None:
        if self._client.status in ("running", "connecting"):
            return
        self._client = self._connection.open_again(_PATIENCE)
        self._client.subscribe_topic(self._topic, self._note_steps)
        self._futures.clear()
        for key in self._tasks:
            self._send(key)

    def _look(self) -> None:
        """Find out which workers there are, and whether those that are new will do."""
        self._looked = time.monotonic()
        try:
            found = dict(self._client.scheduler_info(n_workers=-1)["workers"])
        except (OSError, KeyError):  # the connection broke
            return
        if new := [address for address in found if address not in self._workers and address not in self._refused]:
            tell_versions = versions()
            ours = tell_versions()
            for address, theirs in self._client.run(tell_versions, workers=new, on_error="return").items():
                told = first_line(theirs) if isinstance(theirs, Exception) else difference(ours, theirs)
                if told:
                    self._refuse(address, f"the worker {address} has {told}; install the same on both")
        self._workers = {address: worker for address, worker in found.items() if address not in self._refused}

    def _bring_data(self, task: Task, worker: str) -> None:
        """Send what a task reads to the machine of a worker, which is left out if it cannot keep it."""
        folder = task.files.data
        assert folder
        try:
            send_content(folder, self._digest(folder), self._client, worker)
        except AnenasError as error:
            self._refuse(worker, str(error))
            if not self._workers:
                raise

    def _refuse(self, worker: str, reason: str) -> None:
        self._refused[worker] = reason
        self._workers.pop(worker, None)
        _log.warning("%s", reason)

    def _has_gpus(self) -> bool:
        return any(worker["resources"].get("GPU") for worker in self._training.values())

    def _count(self) -> int:
        if self._has_gpus():
            return int(sum(worker["resources"].get("GPU", 0) for worker in self._training.values()))
        return sum(worker["nthreads"] for worker in self._training.values())


def _engines(workers: Mapping[str, Any]) -> int:
    return int(sum(worker["resources"].get(ENGINE, 0) for worker in workers.values()))

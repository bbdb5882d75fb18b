"""The seam between the search and the machines that it runs on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable

from anenas._plugins import Portable
from anenas._registry import Registry

_LONGEST_MESSAGE = 500

ENGINE = "ANE"
"""What a task needs that measures, as Dask's workers call it: a device with a Neural Engine, for itself alone."""


@dataclass(frozen=True)
class TrialFiles:
    """Where the files of one trial lie, on the machine that runs it.

    Attributes:
        folder: The trial's own. What an earlier call for the trial left is there, and what this call leaves is kept.
        data: What every trial of the search reads, such as its data set; None where there is none. Never written to.
        donor: A file with the trained weights of another trial, to begin with; None where there is none.
        teacher: A file with a trained network, as `anenas.pretrained.save_trained` writes it, to learn from; None where
            there is none.
    """

    folder: Path
    data: Path | None = None
    donor: Path | None = None
    teacher: Path | None = None


@dataclass(frozen=True)
class Task:
    """One call for a trial, with the files that it reads and writes.

    Attributes:
        function: Called with `TrialFiles`. Any pickle of it can be loaded wherever anenas is installed, and brings
            along what plugins have registered here; what it returns can be pickled by cloudpickle.
        files: As they lie with the search.
        needs: What a place must have for it, such as `ENGINE`; empty for a training, which has its place of `slots`.
        avoid: Places that another one is to be preferred to.
    """

    function: Callable[[TrialFiles], Any]
    files: TrialFiles
    needs: str = ""
    avoid: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "function", Portable(self.function))


@dataclass(frozen=True)
class Outcome:
    """How a task ended.

    Attributes:
        value: What the function returned, where it did.
        error: Its error as "Type: message", or what became of its process; None where it returned.
        died: Whether the process or machine went away under it, so that another try may help.
        place: Where it ran, as far as the executor tells places apart.
        said: What it warned of by the logger `anenas`, where that is not this process's.
    """

    value: Any = None
    error: str | None = None
    died: bool = False
    place: str = field(default="", compare=False)
    said: tuple[str, ...] = ()

    @classmethod
    def of_call(cls, call: Callable[[], Any]) -> Self:
        """That of a call: its value, or its error."""
        try:
            return cls(call())
        except Exception as error:
            return cls.of_error(error)

    @classmethod
    def of_error(cls, error: Exception) -> Self:
        """That of a function that raised: the first line of what it said."""
        message = next(iter(str(error).strip().splitlines()), "")
        return cls(error=f"{type(error).__name__}: {message}"[:_LONGEST_MESSAGE])


class Executor(Protocol):
    """Runs the tasks of a search, somewhere.

    An executor is entered before its first task and left after its last: `with executor: ...`. Only the search's own
    thread calls it.

    A task's paths lie on the search's machine. Where tasks run on that machine, `task.function(task.files)` is all
    there is to do. Where they do not, the executor brings the contents of `files.folder`, `files.donor` and
    `files.teacher` (small) and of `files.data` (large, and the same for every task: once a machine will do) to the
    machine, calls the function with `TrialFiles` of the paths there, and brings back what then is in the folder, whole
    or, where the task did not end well, not at all.
    """

    @property
    def slots(self) -> int:
        """How many tasks may run side by side now; it may change while the search runs."""
        ...

    def submit(self, key: int, task: Task) -> None:
        """Begin a task, of which fewer than `slots` run. Keys of tasks that run differ."""
        ...

    def wait(self, timeout: float = math.inf) -> list[tuple[int, Outcome]]:
        """Keys and outcomes of tasks that have ended, each once; at least one unless the seconds run out first."""
        ...

    def cancel(self) -> None:
        """Give up whatever runs; nothing of it is ever returned by `wait`."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


@runtime_checkable
class MeasuringExecutor(Executor, Protocol):
    """An executor that takes tasks which need an `ENGINE`, beside those that fill its `slots`."""

    @property
    def devices(self) -> int:
        """How many such tasks may run side by side now; may be asked before the executor is entered."""
        ...


class MakeExecutor(Protocol):
    """Makes the executor of a search that asks for it by name."""

    def __call__(self, *, workers: int | None, device: str | None, log_folder: Path) -> Executor:
        """The executor, not yet entered.

        Args:
            workers: How many tasks shall run side by side; None leaves it to the executor.
            device: Where to train, such as "cuda:1"; None is the best that is there.
            log_folder: For what it prints.
        """
        ...


EXECUTORS: Registry[MakeExecutor] = Registry("executor")
"""What makes each executor, by name."""

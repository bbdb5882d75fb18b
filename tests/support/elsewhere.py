"""An executor that shares no disk with the search: what a stranger would write."""

from __future__ import annotations

import dataclasses
import math
import shutil
import tempfile
from pathlib import Path
from typing import Self

from anenas.search import Outcome, Task, TrialFiles


class ElsewhereExecutor:
    """Runs tasks one by one in a folder of another place, to which files are copied and from which they come back."""

    slots = 2

    def __enter__(self) -> Self:
        self._tasks: list[tuple[int, Task]] = []
        self._elsewhere = tempfile.TemporaryDirectory()
        return self

    def __exit__(self, *_: object) -> None:
        self._elsewhere.cleanup()

    def submit(self, key: int, task: Task) -> None:
        self._tasks.append((key, task))

    def wait(self, timeout: float = math.inf) -> list[tuple[int, Outcome]]:
        key, task = self._tasks.pop(0)
        place = Path(self._elsewhere.name)
        files = TrialFiles(place / "trial", place / "data" if task.files.data else None)
        shutil.rmtree(files.folder, ignore_errors=True)
        shutil.copytree(task.files.folder, files.folder)
        if files.data and task.files.data and not files.data.exists():
            shutil.copytree(task.files.data, files.data)
        for name in ("donor", "teacher"):
            if file := getattr(task.files, name):
                files = dataclasses.replace(files, **{name: shutil.copy(file, place / name)})
        try:
            outcome = Outcome(task.function(files))
        except Exception as error:
            return [(key, Outcome.of_error(error))]
        shutil.copytree(files.folder, task.files.folder, dirs_exist_ok=True)
        return [(key, outcome)]

    def cancel(self) -> None:
        self._tasks.clear()

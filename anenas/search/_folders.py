"""What the trials of a study leave on disk."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from anenas._files import write_whole
from anenas._sizes import size_of
from anenas.search._evaluation import (
    CHECKPOINT,
    EVALUATION,
    FINAL,
    OPERATIONS,
    PACKAGE,
    PROBE,
    TEST_SCORES,
    VALIDATION_SCORES,
    Evaluation,
)
from anenas.search.executors import read_steps

_OF_WHAT_SHIPS = (PACKAGE, OPERATIONS, VALIDATION_SCORES, TEST_SCORES)


class TrialFolders:
    """A folder for each trial: hidden and bare while it is open, kept once it has completed.

    Args:
        folder: That holds them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self) -> None:
        """Make the folder that holds them. Nothing else does: where it is gone later, trials are not to go on."""
        self._folder.mkdir(parents=True, exist_ok=True)

    def largest(self) -> int:
        """Bytes of the largest trial that is kept."""
        return max(map(size_of, self._all()), default=0)

    def finished(self, number: int) -> Path:
        """Where the package, weights and figures of a completed trial lie."""
        return self._folder / f"{number:05d}"

    def workspace(self, number: int) -> Path:
        """A folder for what an open trial leaves behind; empty but for what its last pause left to go on with."""
        folder = self._open(number)
        folder.mkdir(exist_ok=True)
        for left in folder.iterdir():
            if left.is_dir():
                shutil.rmtree(left)
            elif left.name not in (CHECKPOINT, PROBE):
                left.unlink()
        return folder

    def steps(self, number: int) -> tuple[int, int] | None:
        """How far the training of an open trial is, and of how many steps; None where nothing tells."""
        return read_steps(self._open(number))

    def keep(self, number: int, evaluation: Evaluation) -> None:
        """Keep the workspace of a trial that has completed, with its figures."""
        _write(self._open(number), evaluation)
        finished = self.finished(number)
        if finished.exists():  # killed between the move and the answer, then run again
            shutil.rmtree(finished)
        self._open(number).replace(finished)

    def note(self, number: int, evaluation: Evaluation) -> None:
        """Write the figures of a completed trial anew."""
        if self.finished(number).is_dir():  # a user may have made room
            _write(self.finished(number), evaluation)

    def final_workspace(self, number: int) -> Path:
        """An empty folder for what the final training of a completed trial leaves behind."""
        folder = self.finished(number) / ".final"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def keep_final(self, number: int, evaluation: Evaluation) -> None:
        """Keep that folder, with the figures of what is in it."""
        folder = self.finished(number) / ".final"
        _write(folder, evaluation)
        shutil.rmtree(self.final(number), ignore_errors=True)
        folder.replace(self.final(number))

    def drop_final(self, number: int) -> None:
        """Remove it: what is in it is no better than what there is."""
        shutil.rmtree(self.finished(number) / ".final", ignore_errors=True)

    def final(self, number: int) -> Path:
        """Where the package, weights and figures of a final training lie."""
        return self.finished(number) / FINAL

    def slim_all_but(self, numbers: Iterable[int]) -> dict[int, int]:
        """Remove what only a trial that may ship needs, its package and scores; its weights and figures stay.

        Args:
            numbers: Of trials that keep all.

        Returns:
            How many bytes each of the others left.
        """
        freed = {}
        for kept in set(self._all()) - {self.finished(number) for number in numbers}:
            gone = [path for name in _OF_WHAT_SHIPS for path in (kept / name, kept / FINAL / name) if path.exists()]
            if gone:
                freed[int(kept.name)] = sum(map(size_of, gone))
            for path in gone:
                _remove(path)
        return freed

    def drop(self, number: int) -> None:
        """Remove the workspace of a trial that leaves nothing."""
        shutil.rmtree(self._open(number), ignore_errors=True)

    def drop_all_but(self, numbers: Iterable[int]) -> None:
        """Remove all other workspaces: a process was killed between an answer and clearing up."""
        for left in set(self._all(".")) - {self._open(number) for number in numbers}:
            shutil.rmtree(left)

    def evaluations(self) -> Iterator[Path]:
        """The files with the figures of completed trials."""
        return (file for folder in self._all() if (file := folder / EVALUATION).is_file())

    def _all(self, prefix: str = "") -> Iterator[Path]:
        """The folders of completed trials, or of open ones by their dot; what else is there is not anenas's."""
        found = self._folder.glob(f"{prefix}[0-9]*")
        return (one for one in found if one.name.removeprefix(prefix).isdecimal() and one.is_dir())

    def _open(self, number: int) -> Path:
        return self._folder / f".{number:05d}"


def _write(folder: Path, evaluation: Evaluation) -> None:
    write_whole(folder / EVALUATION, json.dumps(evaluation.to_dict(), indent=2))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()

"""Files that MLflow is to have: they wait on disk, so that neither a server that is away nor a kill loses them."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from anenas._files import replacing

SEARCH = "search"
"""Whose files are those of the search's own run; others are those of a trial, by its number."""


class Outbox:
    """A folder of files to log, `OWNER/…/FILE`, each of which goes once it has been sent.

    Args:
        folder: Need not be there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def put(self, owner: str, files: Iterable[Path], folder: str = "") -> None:
        """Copy files to be sent; those of the same names that still wait are replaced.

        Args:
            owner: `SEARCH`, or the number of a trial.
            files: To copy.
            folder: Among the artifacts of the owner's run.

        Raises:
            OSError: If there is no room.
        """
        target = self._folder / owner / folder
        target.mkdir(parents=True, exist_ok=True)
        for file in files:
            with self._lock, replacing(target / file.name) as new:
                shutil.copyfile(file, new)

    def send(self, send: Callable[[str, Path, str], None]) -> None:
        """Send all that waits.

        Args:
            send: Is given owner, file and folder; what it raises leaves the file where it is.
        """
        with self._lock:
            waiting = [(file, file.stat().st_mtime_ns) for file in sorted(self._folder.rglob("*")) if file.is_file()]
        for file, written in waiting:
            owner, *folders, _ = file.relative_to(self._folder).parts
            send(owner, file, str(PurePosixPath(*folders)) if folders else "")
            with self._lock:
                if file.stat().st_mtime_ns == written:  # or it was replaced meanwhile
                    file.unlink()

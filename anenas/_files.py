"""Files and folders that are written whole or not at all."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Where to write a file or folder that then takes the place of `path`, or nothing where an error ends the block.

    It is called as `path` is, and alone in a temporary folder beside it.
    """
    with tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=".unfinished-") as folder:
        unfinished = Path(folder, path.name)
        yield unfinished
        if unfinished.is_dir() and path.is_dir():
            path.rename(Path(folder, f"{path.name}.former"))
        unfinished.replace(path)


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all; one that is there is replaced."""
    with replacing(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")

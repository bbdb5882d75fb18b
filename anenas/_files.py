"""Files and folders that are written whole or not at all."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all; one that is there is replaced."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A place beside `path` for a file or a folder that takes its place once it is written: whole or not at all."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
        unfinished = Path(folder) / path.name
        yield unfinished
        if path.is_dir():
            path.replace(Path(folder) / "old")
        unfinished.replace(path)

"""Atomic writing of files and folders."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path to write a file or folder to, which replaces `path` unless the block raises.

    It has the same name as `path`, and is alone in a temporary folder beside it.
    """
    with tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=".unfinished-") as folder:
        unfinished = Path(folder, path.name)
        yield unfinished
        if unfinished.is_dir() and path.is_dir():
            path.rename(Path(folder, f"{path.name}.former"))
        unfinished.replace(path)


def write_whole(path: Path, text: str) -> None:
    """Write a file atomically, replacing an existing one."""
    with replacing(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")

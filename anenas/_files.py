"""Files and folders: whether they exist, atomic writing, and memory-mapped arrays."""

from __future__ import annotations

import contextlib
import mmap
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any


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


def forget_pages(array: Any) -> None:
    """Let the system have the memory back that what was read of a memory-mapped array takes; it is read anew if needed.

    Args:
        array: Of numpy; one that is in memory stays as it is.
    """
    if isinstance(array.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        array.base.madvise(mmap.MADV_DONTNEED)


def is_file(path: str | Path) -> bool:
    """Whether a file is there. What can be no path, such as an architecture of 300 letters, is none; pathlib raises."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: str | Path) -> bool:
    """Whether a folder is there, likewise."""
    return os.path.isdir(path)  # noqa: PTH112


def expanded(path: str) -> Path:
    """A path as a person or a table names it, from the home folder where it begins with ~.

    "~nobody/x", of whom there is no home, stays what it is, and is not there; pathlib raises.
    """
    return Path(os.path.expanduser(path))  # noqa: PTH111


def write_whole(path: Path, text: str) -> None:
    """Write a file atomically, replacing an existing one."""
    with replacing(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")

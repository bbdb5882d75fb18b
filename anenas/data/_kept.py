"""Large arrays of drawn pictures: memory-mapped from files, which are kept for the next time."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from anenas._errors import first_line
from anenas._files import replacing
from anenas._progress import Progress

_MOST = 10 * 10**9  # bytes of all that is kept
_LARGE = 256 * 10**6  # bytes from which an array that is not kept is in a file too
_DAY = 24 * 3600

_log = logging.getLogger(__name__)

Shape = tuple[int, ...]
Chunks = Callable[[], Iterable[NDArray[np.uint8]]]
"""Gives what an array consists of, along its first axis, one after the other."""


def kept(key: str, shape: Shape, chunks: Chunks) -> NDArray[np.uint8]:
    """An array that is made once: if it has a key, it is read from a file the next time, in any process.

    Files are written whole or not at all, and those that were not used for longest make room for others. Arrays that
    are large are memory-mapped, read-only; only where files cannot be written are they in memory.

    Args:
        key: Safe in a file name; equal for equal arrays alone. Empty if it is not to be kept.
        shape: Of the array.
        chunks: Makes it; called at most once unless a file cannot be written.
    """
    size = math.prod(shape)
    if key and size <= _MOST // 2:
        attempt = _read_or_written
    elif size > _LARGE:
        attempt = _in_temporary_file
    else:
        return _in_memory(shape, chunks)
    folder = kept_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return attempt(folder / f"{key}.npy", shape, chunks)
    except OSError as error:
        _log.warning(
            f"decoded images cannot be cached in '{folder}' ({first_line(error)}): {size / 1e9:.1f} GB are kept in "
            "memory"
        )
    return _in_memory(shape, chunks)


def kept_folder() -> Path:
    """Where files are kept, which may not be there yet."""
    return Path.home() / ".cache" / "anenas" / "pictures"


def _in_memory(shape: Shape, chunks: Chunks) -> NDArray[np.uint8]:
    array = np.empty(shape, np.uint8)
    start = 0
    for chunk in _told(chunks(), shape[0]):
        array[start : start + len(chunk)] = chunk
        start += len(chunk)
    return array


def _in_temporary_file(path: Path, shape: Shape, chunks: Chunks) -> NDArray[np.uint8]:
    """An array in a file beside `path` that ends with it."""
    with tempfile.TemporaryFile(dir=path.parent) as file:
        _write(file, shape, chunks)
        return np.memmap(file, np.uint8, "r", shape=shape)


def _read_or_written(path: Path, shape: Shape, chunks: Chunks) -> NDArray[np.uint8]:
    if (found := _read(path, shape)) is not None:
        _log.debug(f"{shape[0]:,} images are as they were drawn before, from '{path}'")
        return found
    with replacing(path) as new, new.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        _write(file, shape, chunks)
        os.fsync(file.fileno())
    if (found := _read(path, shape)) is None:
        raise FileNotFoundError(f"'{path}' was removed")
    make_room(path)
    size = f"{found.nbytes / 1e6:,.1f} MB"
    _log.info(f"{shape[0]:,} decoded images are cached in '{path.parent}' for the next time, {size}")
    return found


def _write(file: IO[bytes], shape: Shape, chunks: Chunks) -> None:
    for chunk in _told(chunks(), shape[0]):
        file.write(np.ascontiguousarray(chunk).data)
    file.flush()


def _read(path: Path, shape: Shape) -> NDArray[np.uint8] | None:
    """The array that a file holds; None if it is not there or damaged."""
    try:
        os.utime(path)  # when it was used last
        array: NDArray[np.uint8] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return array if array.shape == shape and array.dtype == np.uint8 else None


def make_room(newest: Path) -> None:
    """Remove what was not used for longest, and what was left unfinished; a process that maps a file still has it."""
    files = []
    for path in newest.parent.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another process makes room too
            status = path.stat()
            if path.is_file():
                files.append((status.st_mtime, status.st_size, path))
            elif status.st_mtime < time.time() - _DAY:
                shutil.rmtree(path, ignore_errors=True)
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total > _MOST and path != newest:
            path.unlink(missing_ok=True)
            total -= size


def _told(chunks: Iterable[NDArray[np.uint8]], count: int) -> Iterator[NDArray[np.uint8]]:
    """The same chunks; how far they are is shown."""
    progress = Progress("drawing images", count)
    for chunk in chunks:
        yield chunk
        progress.add(len(chunk))

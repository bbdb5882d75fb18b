"""What every trial of a search reads, such as its data set: sent to a machine once, and known there by its content."""

from __future__ import annotations

import functools
import hashlib
import logging
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from anenas._errors import AnenasError

if TYPE_CHECKING:
    from distributed import Client

_CHUNK = 8 * 2**20  # bytes of a file that are sent at once: what the scheduler holds of them in memory
_MOST = 50 * 10**9  # bytes of all that a machine keeps

_log = logging.getLogger(__name__)


def digest_of(folder: Path) -> str:
    """Of the names and bytes of a folder's files."""
    found = hashlib.sha256()
    for path in _files(folder):
        name = path.relative_to(folder).as_posix().encode()
        found.update(b"%d %s %d\n" % (len(name), name, path.stat().st_size))
        with path.open("rb") as file:
            for chunk in iter(functools.partial(file.read, _CHUNK), b""):
                found.update(chunk)
    return found.hexdigest()


def find_content(digest: str) -> Path | None:
    """A folder of that content on this machine, if it is here."""
    kept = _kept(digest)
    if not kept.is_dir():
        return None
    os.utime(kept)  # when it was used last
    return kept


def send_content(folder: Path, digest: str, client: Client, worker: str) -> None:
    """Bring a folder to the machine of a Dask worker, by way of the scheduler, unless it is there by now.

    Raises:
        AnenasError: If the machine cannot keep it.
    """
    if client.run(find_content, digest, workers=[worker])[worker]:
        return  # another task of this machine asked for it before
    _log.info("sending the data to the machine of %s, %s MB", worker, f"{_size(folder) / 1e6:,.0f}")
    place = uuid.uuid4().hex
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        with path.open("rb") as file:
            chunk = file.read(_CHUNK)
            while True:
                _run(client, worker, _receive, digest, place, name, chunk)
                if not (chunk := file.read(_CHUNK)):
                    break
    _run(client, worker, _finish, digest, place)


def _run(client: Client, worker: str, function: object, *arguments: object) -> None:
    try:
        client.run(function, *arguments, workers=[worker])
    except OSError as error:
        raise AnenasError(f"{worker} cannot keep the data: {error.strerror or error}") from error


def _receive(digest: str, place: str, name: str, chunk: bytes) -> None:
    """Add to a file of what is being sent to this machine."""
    path = _kept(digest).with_name(f".{place}") / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(chunk)


def _finish(digest: str, place: str) -> None:
    """All was sent: keep it, if it is what it should be."""
    kept = _kept(digest)
    arrived = kept.with_name(f".{place}")
    arrived.mkdir(parents=True, exist_ok=True)
    try:
        if digest_of(arrived) != digest:
            raise OSError("it was changed in transit")
        if not kept.is_dir():
            arrived.rename(kept)
    finally:
        shutil.rmtree(arrived, ignore_errors=True)
    _make_room(kept)


def _make_room(newest: Path) -> None:
    """Remove what was not used for longest. A trial that still needs it has it sent again."""
    kept = sorted((p for p in newest.parent.iterdir() if p != newest), key=lambda p: p.stat().st_mtime, reverse=True)
    size = _size(newest)
    for folder in kept:
        size += _size(folder)
        if size > _MOST:
            shutil.rmtree(folder, ignore_errors=True)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in _files(folder))


def _kept(digest: str) -> Path:
    """Where content is kept on this machine: the user's cache, or a temporary folder where that cannot be written."""
    cache = Path.home() / ".cache"
    home = cache if os.access(cache if cache.is_dir() else Path.home(), os.W_OK) else Path(tempfile.gettempdir())
    return home / "anenas" / "content" / digest


def _files(folder: Path) -> Iterator[Path]:
    return iter(sorted(path for path in folder.rglob("*") if path.is_file()))

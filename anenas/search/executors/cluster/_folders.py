"""Folders as bytes, to travel to another machine and back."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from anenas._errors import AnenasError
from anenas._files import replacing

MOST_BYTES = 10**9
"""Of the files of one trial. Packages are under 10 MB, checkpoints of large backbones some hundred."""


def pack(folder: Path) -> bytes:
    """All files of a folder.

    Raises:
        AnenasError: If there are more than `MOST_BYTES` of them.
    """
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if size > MOST_BYTES:
        raise AnenasError(f"a trial left {size / 1e9:.1f} GB of files; at most {MOST_BYTES / 1e9:g} GB are sent back")
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for path in sorted(folder.iterdir()):
            archive.add(path, path.name)
    return written.getvalue()


def unpack(packed: bytes, folder: Path) -> None:
    """Make a folder hold what was packed and nothing else, or leave it as it is where that fails."""
    with replacing(folder) as unfinished, tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        unfinished.mkdir()
        archive.extractall(unfinished, filter="data")

"""Whether a search still has where to write. What a full or lost disk does to a trial is no fault of the trial's."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

from anenas._errors import AnenasError

_FULL = [os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)]
# As SQLite and libraries in Rust have it.
_FULL += ["database or disk is full", *(f"os error {code}" for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG))]
_PROBE = bytes(1 << 20)


def tells_of_full_disk(message: str) -> bool:
    """Whether an error's words are those of a disk, quota or file that holds no more."""
    return any(words in message for words in _FULL)


def check_room(folder: Path, wanted: float, error: str) -> None:
    """After an error: make sure that it is not the surroundings' fault.

    Args:
        folder: That the search writes to.
        wanted: Bytes that a trial takes, about.
        error: What was said.

    Raises:
        AnenasError: If the folder is gone, or it or the one for temporary files holds no more.
    """
    if not folder.is_dir():
        raise AnenasError(f"the folder {folder} is missing, so the search cannot continue; put it back, or start again")
    for place in (folder, Path(tempfile.gettempdir())):
        free, why = shutil.disk_usage(place).free, ""
        try:
            with tempfile.TemporaryFile(dir=place) as probe:
                probe.write(_PROBE)
                probe.flush()
        except OSError as fault:
            why = fault.strerror or str(fault)
        if why or free < wanted:
            raise AnenasError(_out_of(place, free, wanted, why or "almost no space is left"))
    if tells_of_full_disk(error):
        raise AnenasError(_out_of(folder, shutil.disk_usage(folder).free, wanted, error))


def _out_of(place: Path, free: float, wanted: float, why: str) -> str:
    return (
        f"cannot write to {place}: {why}; {free / 1e6:.0f} MB are free there, a trial takes about "
        f"{wanted / 1e6:.0f} MB; make room and run again: what was being trained is taken up again"
    )
